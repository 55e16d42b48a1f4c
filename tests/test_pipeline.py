import gc
from collections import ChainMap
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest

from pairfix import (
    Exposure,
    Frame,
    ModelError,
    PairError,
    Recipe,
    Restored,
    Restorer,
    Stage,
    Timeline,
    decode,
    restore,
)
from pairfix.backends import OpenModel, Runtime, Session, open_session
from pairfix.formats.dng_names import NOISE_REDUCTION
from pairfix.formats.tiff_read import read_chain
from pairfix.image import AlignedPair, DevelopSettings, Fused
from pairfix.model import Model
from pairfix.networks import Graph
from pairfix.recipe import DngKind
from pairfix.stages.sharplong import use_sharp_long
from tests.scenes import rgb_frame, scene

NEON = Path(__file__).parents[1] / "examples" / "neon"
LONG, SHORT = NEON / "long.dng", NEON / "short.dng"


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the graphs as they are loaded."""
    found: list[str] = []

    def recording(model: Model, graph: Graph, runtime: Runtime) -> Session:
        found.append(graph.name)
        return open_session(model, graph, runtime)

    monkeypatch.setattr("pairfix.backends.registry.open_session", recording)
    return found


def small_pictures() -> tuple[Frame, Frame]:
    light = scene((96, 96), radius=5)
    long, short = rgb_frame(light), rgb_frame(light, noise=0.05)
    return (
        Frame(Path("long"), long.pixels, exposure=Exposure(0.5, 100)),
        Frame(Path("short"), short.pixels, exposure=Exposure(0.03, 1600)),
    )


def test_a_restorer_loads_its_model_once(openings: list[str]) -> None:
    restorer = Restorer(Recipe(device="cpu", backend="onnx"))
    first, second = (restorer.restore(*small_pictures()) for _ in range(2))
    np.testing.assert_array_equal(first.fused.planes, second.fused.planes)
    assert openings == ["fusion"]


def test_a_model_that_is_not_kept_is_closed_before_the_photos_are_looked_at(
    openings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_then: list[bool] = []

    def look(pair: AlignedPair, fused: Fused, whole: AlignedPair) -> Fused:
        gc.collect()
        open_then.append(any(type(each) is OpenModel for each in gc.get_objects()))
        return use_sharp_long(pair, fused, whole)

    monkeypatch.setattr("pairfix.pipeline.restorer.use_sharp_long", look)
    for keep_open in (False, True):
        restorer = Restorer(Recipe(device="cpu", backend="onnx"), keep_open=keep_open)
        first, second = (restorer.restore(*small_pictures()).fused for _ in range(2))
        np.testing.assert_array_equal(first.planes, second.planes)
    assert open_then == [False, False, True, True]
    assert len(openings) == 3


def test_pairs_of_both_domains_get_their_own_model(openings: list[str]) -> None:
    restorer = Restorer(Recipe(device="cpu", backend="onnx"))
    assert restorer.restore(*small_pictures()).facts.model.name == "selfir-srgb"
    assert restorer.restore(LONG, SHORT).facts.model.name == "selfir-raw"
    assert len(openings) == 2


@pytest.mark.parametrize("model", ["selfir-srgb", "deblurmerger-srgb"])
def test_a_strength_below_1_leaves_the_rest_to_the_short_photo(model: str) -> None:
    at_0, at_half, at_1 = (
        Restorer(Recipe(model, device="cpu", strength=strength)).restore(*small_pictures())
        for strength in (0, 0.5, 1)
    )
    short, restored = at_1.scene.reference_planes, at_1.fused.planes
    np.testing.assert_array_equal(at_0.fused.planes, short)
    np.testing.assert_allclose(at_half.fused.planes, (short + restored) / 2, atol=1e-6)
    assert ["grain" in each.facts.seconds for each in (at_half, at_1)] == [True, False]


def test_a_strength_above_1_is_told_to_the_network_alone() -> None:
    at_1, at_2 = (
        Restorer(Recipe(device="cpu", strength=strength)).restore(*small_pictures())
        for strength in (1, 2)
    )
    assert "grain" not in at_2.facts.seconds
    assert (at_1.fused.planes != at_2.fused.planes).any()


def test_arrays_become_an_array() -> None:
    long, short = small_pictures()
    restored = Restorer(Recipe(device="cpu")).restore(long, short)
    pixels = restored.picture().pixels
    assert pixels.shape == (96, 96, 3)
    assert pixels.dtype == np.uint16
    truth = long.pixels.astype(np.float32) * 257
    noisy = np.abs(short.pixels.astype(np.float32) * 257 - truth).mean()
    assert np.abs(pixels - truth).mean() < noisy / 2
    assert restored.facts.output is None
    assert "decode" not in restored.facts.seconds


def test_in_memory_and_written_results_are_the_same(tmp_path: Path) -> None:
    recipe = Recipe(device="cpu", develop=DevelopSettings(exposure=0.5))
    restore(LONG, SHORT, tmp_path / "out.png", recipe)
    restored = Restorer(recipe).restore(LONG, SHORT)
    np.testing.assert_array_equal(decode(tmp_path / "out.png").pixels, restored.picture().pixels)


@pytest.mark.parametrize("kind", ["cfa", "linear"])
def test_a_dng_states_how_much_of_the_short_photos_noise_is_gone(
    kind: DngKind, tmp_path: Path
) -> None:
    restore(LONG, SHORT, tmp_path / "out.dng", Recipe(device="cpu", dng=kind))
    with (tmp_path / "out.dng").open("rb") as file:
        tags = ChainMap(*read_chain(file))
    gone = tags[NOISE_REDUCTION].number
    assert gone is not None
    assert 0.5 < gone < 1


def test_the_mosaic_has_the_short_frames_own_exposure() -> None:
    mosaic = Restorer(Recipe(device="cpu")).restore(LONG, SHORT).mosaic()
    short = decode(SHORT)
    assert short.bayer is not None
    black = np.mean(short.bayer.black)
    level = (short.pixels.mean() - black) / (short.bayer.white - black)
    assert mosaic.mean() == pytest.approx(level, rel=0.1)


def test_a_finished_run_holds_facts_and_no_pixels(tmp_path: Path) -> None:
    restoration = restore(LONG, SHORT, tmp_path / "out.png", Recipe(device="cpu"))
    assert not list(_arrays_of_more_than(9, restoration))
    assert restoration.scene.frames["short"].size == decode(SHORT).size


def test_one_photo_is_too_few_for_the_default_model() -> None:
    with pytest.raises(PairError, match="only one photo is given"):
        Restorer(Recipe(device="cpu")).restore(LONG)


def test_a_model_of_the_other_domain_is_refused_before_any_work() -> None:
    timeline = Timeline()
    restorer = Restorer(Recipe(device="cpu", model="selfir-raw"))
    with pytest.raises(ModelError, match="restores raw photos, not srgb ones"):
        restorer.restore(*small_pictures(), timeline=timeline)
    assert not timeline.seconds


def _arrays_of_more_than(size: int, value: object) -> list[np.ndarray]:
    """All such arrays within the fields of a value."""
    if isinstance(value, np.ndarray):
        return [value] if value.size > size else []
    if isinstance(value, dict):
        return [each for item in value.values() for each in _arrays_of_more_than(size, item)]
    names = [each.name for each in fields(value)] if is_dataclass(value) else []
    return [each for name in names for each in _arrays_of_more_than(size, getattr(value, name))]


def test_many_scenes_come_out_in_order_and_bad_ones_as_errors(tmp_path: Path) -> None:
    restorer = Restorer(Recipe(device="cpu"))
    good = small_pictures()
    results = list(restorer.restore_many([good, (tmp_path / "no.png", good[1]), good[:1], good]))
    assert [type(each).__name__ for each in results] == [
        "Restored",
        "InputError",
        "PairError",
        "Restored",
    ]
    alone = restorer.restore(*good)
    for each in (results[0], results[-1]):
        assert isinstance(each, Restored)
        np.testing.assert_array_equal(each.fused.planes, alone.fused.planes)


def test_a_dng_with_a_report_is_developed_in_one_stage(tmp_path: Path) -> None:
    begun: list[str] = []

    def note(stage: Stage, done: int, _total: int) -> None:
        if done == 0:
            begun.append(stage.name)

    recipe = Recipe(device="cpu", report=tmp_path / "out.html")
    restore(LONG, SHORT, tmp_path / "out.dng", recipe, progress=note)
    assert begun.count("develop") == 1
