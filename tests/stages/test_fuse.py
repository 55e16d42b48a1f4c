from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pairfix.backends import OpenModel, Runtime, choose_runtime
from pairfix.errors import MemoryExhaustedError, ModelError
from pairfix.formats import decode
from pairfix.image import AlignedPair, Domain, Planes
from pairfix.light import encode_planes
from pairfix.metrics import psnr
from pairfix.model import Model, find_model
from pairfix.networks import NETWORKS, Graph, Reduction
from pairfix.progress import Stage, no_progress
from pairfix.stages.align import align
from pairfix.stages.exposure import match_exposure
from pairfix.stages.fuse import fuse, run_tiled, run_whole
from pairfix.stages.suitability import check_model
from tests.scenes import aligned, as_they_are, raw_frame, rgb_frame, scene

RUNTIME = Runtime("onnx", "cpu", "fp32", "test")
TILED = Graph("fusion", ("short", "long"), multiple=16, overlap=8)


class Recorded:
    """A session that applies a function and remembers the sizes it was given."""

    def __init__(
        self, function: Callable[[Sequence[Planes]], Planes], largest: int = 10**6
    ) -> None:
        self.function = function
        self.largest = largest
        self.sizes: list[tuple[int, ...]] = []

    def run(self, inputs: Sequence[Planes]) -> Planes:
        self.sizes.append(inputs[0].shape[1:])
        if max(inputs[0].shape[1:]) > self.largest:
            raise MemoryExhaustedError("memory ran out")
        return self.function(inputs)


def first(inputs: Sequence[Planes]) -> Planes:
    return inputs[0]


def model(domain: Domain) -> Model:
    network = NETWORKS["selfir"]
    config = network.config(channels=4 if domain == "raw" else 3)
    return Model("test", Path("test"), network, config, domain, {})


@pytest.fixture
def use_session(monkeypatch: pytest.MonkeyPatch) -> Callable[[Recorded], Recorded]:
    def use(session: Recorded) -> Recorded:
        monkeypatch.setattr("pairfix.backends.registry.open_session", lambda *_: session)
        return session

    return use


def opened(domain: Domain) -> OpenModel:
    return OpenModel(model(domain), RUNTIME)


@pytest.mark.parametrize("size", [(64, 64), (100, 75), (33, 129)])
@pytest.mark.parametrize("tile", [32, 48, 1024])
def test_a_network_that_copies_gives_the_short_frame_back(
    use_session: Callable[[Recorded], Recorded], size: tuple[int, int], tile: int
) -> None:
    use_session(Recorded(first))
    pair = aligned(raw_frame(scene(size)), raw_frame(scene(size), name="long.dng"))
    fused, _ = fuse(pair, opened("raw"), tile=tile)
    np.testing.assert_allclose(fused.planes, pair.short_planes, atol=2e-5)


def test_rgb_pairs_go_through_the_srgb_domain(
    use_session: Callable[[Recorded], Recorded],
) -> None:
    seen: list[Planes] = []

    def remember(inputs: Sequence[Planes]) -> Planes:
        seen.append(inputs[0])
        return inputs[0]

    use_session(Recorded(remember))
    short = rgb_frame(scene((64, 64)))
    pair = aligned(short, rgb_frame(scene((64, 64)), name="long.png"))
    fused, _ = fuse(pair, opened("srgb"), tile=1024)
    np.testing.assert_allclose(seen[0].transpose(1, 2, 0) * 255, short.pixels, atol=1e-2)
    np.testing.assert_allclose(fused.planes, pair.short_planes, atol=2e-5)


def test_black_and_white_photos_give_a_black_and_white_one(
    use_session: Callable[[Recorded], Recorded],
) -> None:
    def tint(inputs: Sequence[Planes]) -> Planes:
        return inputs[0] * np.array([[[1.0]], [[0.9]], [[1.0]]], np.float32)

    use_session(Recorded(tint))
    grey = np.repeat(scene((64, 64))[:1], 3, axis=0)
    for light, neutral in ((grey, True), (scene((64, 64)), False)):
        pair = aligned(rgb_frame(light), rgb_frame(light, name="long.png"))
        planes = fuse(pair, opened("srgb"))[0].planes
        assert np.array_equal(planes[0], planes[1]) == neutral


def test_running_out_of_memory_halves_the_tile_and_goes_on(
    use_session: Callable[[Recorded], Recorded], caplog: pytest.LogCaptureFixture
) -> None:
    session = use_session(Recorded(first, largest=260))
    pair = aligned(raw_frame(scene((900, 900))), raw_frame(scene((900, 900)), name="long.dng"))
    fused, tile = fuse(pair, opened("raw"), tile=1024)
    assert 128 < tile <= 256
    assert max(max(size) for size in session.sizes[2:]) <= 256
    np.testing.assert_allclose(fused.planes, pair.short_planes, atol=2e-5)
    assert "tiles of 512 instead of 1024" in caplog.text


def test_running_out_of_memory_at_the_smallest_tile_is_an_error(
    use_session: Callable[[Recorded], Recorded],
) -> None:
    use_session(Recorded(first, largest=16))
    pair = aligned(raw_frame(scene((900, 900))), raw_frame(scene((900, 900)), name="long.dng"))
    with pytest.raises(MemoryExhaustedError):
        fuse(pair, opened("raw"), tile=1024)


def test_the_device_never_gets_more_than_a_tile() -> None:
    session = Recorded(first)
    planes = {
        "short": np.ones((4, 300, 500), np.float32),
        "long": np.ones((4, 300, 500), np.float32),
    }
    run_tiled(session, TILED, planes, as_they_are, tile=64, progress=no_progress)
    assert set(session.sizes) == {session.sizes[0]}
    assert max(session.sizes[0]) <= 64


def test_running_out_of_memory_on_a_whole_photo_names_what_helps(
    use_session: Callable[[Recorded], Recorded],
) -> None:
    use_session(Recorded(first, largest=16))
    pair = aligned(raw_frame(scene((200, 200))), raw_frame(scene((200, 200)), name="long.dng"))
    network = NETWORKS["d2hnet"]
    chosen = replace(model("raw"), network=network, config=network.config())
    with pytest.raises(MemoryExhaustedError, match="--device cpu"):
        fuse(pair, OpenModel(chosen, RUNTIME), tile=64)


def test_the_tile_that_was_used_is_reported(use_session: Callable[[Recorded], Recorded]) -> None:
    session = use_session(Recorded(first))
    pair = aligned(raw_frame(scene((900, 900))), raw_frame(scene((900, 900)), name="long.dng"))
    _, tile = fuse(pair, opened("raw"), tile=1)
    assert tile == max(session.sizes[0]) > 1


def test_progress_counts_the_tiles() -> None:
    calls: list[tuple[Stage, int, int]] = []
    planes = {
        "short": np.ones((4, 100, 100), np.float32),
        "long": np.ones((4, 100, 100), np.float32),
    }
    run_tiled(
        Recorded(first), TILED, planes, as_they_are, tile=64, progress=lambda *c: calls.append(c)
    )
    assert calls[-1][1] == calls[-1][2] == len(calls)


@pytest.mark.parametrize(
    ("size", "factor", "expected"),
    [
        ((300, 500), 1, (128, 128)),
        ((100, 200), 1, (100, 128)),
        ((64, 61), 1, (64, 64)),
        ((200, 501), 2, (100, 128)),
        ((301, 201), 4, (76, 52)),
    ],
)
def test_a_whole_photo_graph_sees_a_reduced_photo_and_never_an_enlarged_one(
    size: tuple[int, int], factor: int, expected: tuple[int, int]
) -> None:
    graph = Graph("deblur", ("short", "long"), multiple=4, overlap=0)
    session = Recorded(first)
    smooth = scene(size)
    planes = {"short": smooth, "long": smooth}
    reduction = Reduction((128, 128), factor)
    result = run_whole(session, graph, planes, as_they_are, reduction=reduction)
    assert session.sizes == [expected]
    assert result.shape == smooth.shape
    np.testing.assert_allclose(result, smooth, atol=0.2)


def test_highlights_that_the_domain_cuts_off_come_back_from_the_short_frame(
    use_session: Callable[[Recorded], Recorded],
) -> None:
    use_session(Recorded(first))
    light = scene((64, 64)) / 4
    light[:, 20:40, 20:40] = 0.9
    pair = aligned(raw_frame(light), raw_frame(light, name="long.dng"))
    match = replace(pair.match, short_gain=4.0)
    brightened = replace(pair, short_planes=pair.short_planes * 4, match=match)
    fused, _ = fuse(brightened, opened("raw"), tile=64)
    np.testing.assert_allclose(fused.planes[:, 12:18, 12:18], 3.6, rtol=0.01)
    assert fused.gain == 4


def test_a_model_of_the_other_domain_is_refused() -> None:
    pair = aligned(rgb_frame(scene()), rgb_frame(scene(), name="long.png"))
    with pytest.raises(ModelError, match="restores raw photos"):
        fuse(pair, opened("raw"), tile=64)


def test_values_that_are_not_numbers_are_an_error(
    use_session: Callable[[Recorded], Recorded],
) -> None:
    use_session(Recorded(lambda inputs: np.full_like(inputs[0], np.nan)))
    pair = aligned(raw_frame(scene()), raw_frame(scene(), name="long.dng"))
    with pytest.raises(ModelError, match="not numbers"):
        fuse(pair, opened("raw"), tile=64)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_the_more_noise_is_told_the_less_is_left(backend: str) -> None:
    if backend == "torch":
        pytest.importorskip("torch")
    light = scene((192, 192), radius=12)
    pair = aligned(
        rgb_frame(light, noise=0.02), rgb_frame(light, name="long.png", noise=0.002, seed=1)
    )
    model = OpenModel(find_model("selfir-srgb"), choose_runtime(backend, "cpu"))

    def noise(planes: Planes) -> float:
        diagonal = np.diff(np.diff(encode_planes(planes, "srgb"), axis=1), axis=2)
        return float(diagonal.std()) / 2

    left = [
        noise(fuse(pair, model, noise_factor=factor)[0].planes) for factor in (0, 0.25, 0.5, 1, 2)
    ]
    assert all(more > less for more, less in pairwise(left))
    assert left[0] > 1.5 * left[-1]


def test_noise_that_a_raw_states_wrongly_by_a_factor_of_two_costs_little() -> None:
    light = scene((192, 192), radius=12)
    pair = aligned(
        raw_frame(light, noise=0.02), raw_frame(light, name="long.dng", noise=0.002, seed=1)
    )
    truth = encode_planes(aligned(raw_frame(light), raw_frame(light)).short_planes, "srgb")
    model = OpenModel(find_model("selfir-raw"), choose_runtime("onnx", "cpu"))
    less, right, more = (
        psnr(encode_planes(fuse(pair, model, noise_factor=factor)[0].planes, "srgb"), truth)
        for factor in (0.5, 1, 2)
    )
    assert right > 44
    assert min(less, more) > right - 0.5


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_mirror_images_are_restored_tile_by_tile(
    domain: Domain, use_session: Callable[[Recorded], Recorded]
) -> None:
    session = use_session(Recorded(first))
    frame = raw_frame if domain == "raw" else rgb_frame
    pair = aligned(frame(scene()), frame(scene(), name="long.dng"))
    plain, _ = fuse(pair, opened(domain), tile=64)
    tiles = len(session.sizes)
    mean, _ = fuse(pair, opened(domain), tile=64, ensemble=8)
    assert len(session.sizes) == 9 * tiles
    np.testing.assert_allclose(mean.planes, plain.planes, atol=1e-5)


@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_a_network_that_is_told_nothing_takes_a_strength_up_to_1(strength: float) -> None:
    check_model(model("raw"), 2, strength)


def test_it_takes_none_above() -> None:
    with pytest.raises(ModelError, match="--strength above 1 does not apply"):
        check_model(model("raw"), 2, 1.5)


def test_a_network_that_takes_one_photo_takes_no_strength_below_1() -> None:
    single = replace(model("raw"), config=NETWORKS["selfir"].config(inputs=("short",), noise=True))
    for strength in (1, 1.5):
        check_model(single, 1, strength)
    for photos in (1, 2):
        with pytest.raises(ModelError, match="--strength below 1 does not apply"):
            check_model(single, photos, 0.5)


def neon_crop(size: tuple[int, int]) -> AlignedPair:
    folder = Path(__file__).parents[2] / "examples" / "neon"
    pair = align(match_exposure(decode(folder / "long.dng"), decode(folder / "short.dng")))
    crop = np.s_[:, 40 : 40 + size[0], 60 : 60 + size[1]]
    return replace(pair, short_planes=pair.short_planes[crop], long_planes=pair.long_planes[crop])


def assert_tiled_equals_untiled(chosen: Model, size: tuple[int, int], tile: int) -> None:
    pair = neon_crop(size)
    runtime = choose_runtime(backend="onnx", device="cpu")
    results = [
        encode_planes(fuse(pair, OpenModel(chosen, runtime), tile=side)[0].planes, "raw")
        for side in (4096, tile)
    ]
    difference = np.abs(results[0] - results[1])
    assert difference.mean() < 1e-4
    assert difference.max() < 1e-2


@pytest.mark.parametrize(("size", "tile"), [((500, 430), 384), ((333, 512), 448), ((520, 97), 416)])
def test_tiled_equals_untiled_with_the_shipped_model(size: tuple[int, int], tile: int) -> None:
    assert_tiled_equals_untiled(find_model("selfir-raw"), size, tile)


@pytest.mark.slow
def test_tiled_equals_untiled_with_d2hnet() -> None:
    assert_tiled_equals_untiled(find_model("d2hnet-s-raw"), (570, 700), 512)
