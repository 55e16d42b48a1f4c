from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from pairfix.adapt import ADAPT, adapt, choose_adapting_runtime, optimise  # noqa: E402
from pairfix.adapt.adaptation import LEAST_PSNR  # noqa: E402
from pairfix.adapt.tiles import choose_tiles  # noqa: E402
from pairfix.backends import OpenModel  # noqa: E402
from pairfix.errors import AdaptationError  # noqa: E402
from pairfix.image import AlignedPair, Domain, Fused, Scene, SingleFrame  # noqa: E402
from pairfix.model import Model  # noqa: E402
from pairfix.output.report import Adaptation  # noqa: E402
from pairfix.progress import Stage, no_progress  # noqa: E402
from pairfix.stages.fuse import fuse  # noqa: E402
from pairfix.train.fusion import Fusion  # noqa: E402
from pairfix.train.losses import l1  # noqa: E402
from pairfix.train.modes import frozen  # noqa: E402
from pairfix.train.transfer import load_fusion  # noqa: E402
from tests.adapt.models import small_model  # noqa: E402

RUNTIME = choose_adapting_runtime(device="cpu")
Calls = list[tuple[Stage, int, int]]


def restored(pair: Scene, model: Model) -> Fused:
    return fuse(pair, OpenModel(model, RUNTIME))[0]


def adapted(
    pair: Scene,
    model: Model,
    module: Model,
    steps: int = 2,
    calls: Calls | None = None,
) -> tuple[Fused, Adaptation]:
    def progress(*call: object) -> None:
        if calls is not None:
            calls.append(call)  # type: ignore[arg-type]

    before = restored(pair, model)
    opened = OpenModel(model, RUNTIME)
    return adapt(pair, before, opened, module, steps=steps, tile=1024, progress=progress)


def test_the_reblurring_loss_falls_from_step_to_step(
    pair: AlignedPair, deblurrer: Model, module: Model
) -> None:
    losses = [adapted(pair, deblurrer, module, steps)[1] for steps in (1, 5)]
    assert losses[0].loss_before == losses[1].loss_before
    assert losses[1].loss_after < losses[0].loss_after < losses[0].loss_before


def test_a_step_brings_the_reblurred_picture_closer_to_the_first_result(
    pair: AlignedPair, deblurrer: Model, module: Model
) -> None:
    tiles = choose_tiles(pair, pair.reference_planes, deblurrer)
    changed = optimise.adapt_weights(deblurrer, module, tiles, 1, "cpu", no_progress)
    (batch,) = ({key: torch.from_numpy(value[None]) for key, value in t.items()} for t in tiles)
    after = replace(deblurrer, weights=changed.tensors)  # type: ignore[call-arg]
    with torch.no_grad():
        target = load_fusion(deblurrer)(batch)
        reblur = load_fusion(module)
        results = [load_fusion(each)(batch) for each in (deblurrer, after)]
        first, second = (float(l1(reblur({"long": each}), target)) for each in results)
    assert first == pytest.approx(changed.loss_before, rel=1e-5)
    assert second < first


def test_network_and_module_stay_as_they_were(
    pair: AlignedPair, deblurrer: Model, module: Model
) -> None:
    weights = [each.tensors() for each in (deblurrer, module)]
    before = restored(pair, deblurrer).planes
    adapted(pair, deblurrer, module)
    for each, kept in zip((deblurrer, module), weights, strict=True):
        for key, value in each.tensors().items():
            np.testing.assert_array_equal(value, kept[key])
    np.testing.assert_array_equal(restored(pair, deblurrer).planes, before)


def test_only_the_network_is_trained(
    pair: AlignedPair, deblurrer: Model, module: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Fusion] = []

    def watched(reblur: Fusion) -> object:
        seen.append(reblur)
        return frozen(reblur)

    monkeypatch.setattr(optimise, "frozen", watched)
    tiles = choose_tiles(pair, pair.reference_planes, deblurrer)
    changed = optimise.adapt_weights(deblurrer, module, tiles, 2, "cpu", no_progress).tensors
    (reblur,) = seen
    for key, value in module.tensors().items():
        (graph,) = reblur.graphs
        kept = reblur.modules_by_graph[graph.name].state_dict()[key].numpy()
        np.testing.assert_array_equal(kept, value)
    assert all(parameter.grad is None for parameter in reblur.parameters())
    before = deblurrer.tensors()
    assert changed.keys() == before.keys()
    moves = [np.abs(changed[key] - before[key]).max() for key in before]
    assert 0 < max(moves) < 3 * optimise.LEARNING_RATE


def test_the_result_keeps_the_histogram_but_not_the_pixels(
    pair: AlignedPair, deblurrer: Model, module: Model
) -> None:
    before = restored(pair, deblurrer).planes
    after = adapted(pair, deblurrer, module)[0].planes
    assert not np.array_equal(before, after)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(np.sort(one, axis=None), np.sort(other, axis=None))


def test_the_same_photos_give_the_same_result(
    pair: AlignedPair, deblurrer: Model, module: Model
) -> None:
    (first, one), (second, other) = (adapted(pair, deblurrer, module) for _ in range(2))
    np.testing.assert_array_equal(first.planes, second.planes)
    assert one == other


def test_progress_counts_the_steps(pair: AlignedPair, deblurrer: Model, module: Model) -> None:
    calls: Calls = []
    adapted(pair, deblurrer, module, 3, calls)
    assert [call for call in calls if call[0] == ADAPT] == [(ADAPT, i, 3) for i in (1, 2, 3)]


def test_the_facts_say_what_was_done(pair: AlignedPair, deblurrer: Model, module: Model) -> None:
    _, adaptation = adapted(pair, deblurrer, module)
    assert adaptation.module == module.name
    assert adaptation.steps == 2
    assert LEAST_PSNR < adaptation.psnr < np.inf


@pytest.mark.parametrize("rate", [1.0, 1e30])
def test_a_network_that_diverges_is_an_error(
    pair: AlignedPair,
    deblurrer: Model,
    module: Model,
    monkeypatch: pytest.MonkeyPatch,
    rate: float,
) -> None:
    monkeypatch.setattr(optimise, "LEARNING_RATE", rate)
    with pytest.raises(AdaptationError, match="leave out --adapt"):
        adapted(pair, deblurrer, module)


@pytest.mark.parametrize("domain", ["srgb"], indirect=True)
@pytest.mark.parametrize(
    "name", [pytest.param("d2hnet", marks=pytest.mark.slow), "deblurmerger", "deblurrnn"]
)
def test_networks_of_pairs_are_adapted(
    pair: AlignedPair, module: Model, domain: Domain, name: str
) -> None:
    model = small_model(name, domain)
    _, adaptation = adapted(pair, model, module, 1)
    assert adaptation.loss_after != adaptation.loss_before


@pytest.mark.parametrize("domain", ["srgb"], indirect=True)
@pytest.mark.parametrize("name", ["reblur-unet", "srn", "dhn"])
def test_networks_of_the_long_exposure_alone_are_adapted(
    pair: AlignedPair, module: Model, domain: Domain, name: str
) -> None:
    model = small_model(name, domain)
    single = SingleFrame(pair.long, "long", pair.long_planes)
    _, adaptation = adapted(single, model, module, 1)
    assert adaptation.loss_after != adaptation.loss_before
