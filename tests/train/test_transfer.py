"""Weights into a training and out of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pairfix.errors import ModelError  # noqa: E402
from pairfix.model import Model  # noqa: E402
from pairfix.networks import NETWORKS, Graph, Network  # noqa: E402
from pairfix.train.fusion import Fusion  # noqa: E402
from pairfix.train.transfer import (  # noqa: E402
    check_deblurrer,
    check_start,
    deployable,
    initialise,
    load_fusion,
    start_from,
)
from tests.train.fakes import small_fusion, smooth_pairs  # noqa: E402

SELFIR = NETWORKS["selfir"]


@dataclass
class Stored:
    """As much of a model as a training starts from."""

    fusion: Fusion
    network: Network = SELFIR
    config: Any = field(default_factory=lambda: SELFIR.config(width=8))
    folder: Path = Path("stored")
    domain: str = "raw"

    @property
    def graphs(self) -> tuple[Graph, ...]:
        return self.network.graphs(self.config)

    def tensors(self) -> dict[str, np.ndarray[Any, Any]]:
        (graph,) = self.graphs
        state = self.fusion.modules_by_graph[graph.name].state_dict()
        return {graph.prefix + key: value.numpy() for key, value in state.items()}


def stored(fusion: Fusion) -> Model:
    return cast("Model", Stored(fusion))


def test_a_network_with_noise_maps_starts_like_one_without() -> None:
    plain, widened = small_fusion(), small_fusion(noise=True)
    start_from(stored(plain), widened)
    batch = smooth_pairs(torch.Generator())
    with torch.inference_mode():
        torch.testing.assert_close(widened(batch.sources), plain(batch.sources))


def test_only_a_reblurring_module_learns_from_a_network_of_its_domain() -> None:
    model = stored(small_fusion())
    check_deblurrer(model, NETWORKS["reblur-module"], "raw")
    with pytest.raises(ModelError, match="stored is SelfIR for raw, which restores no srgb pairs"):
        check_deblurrer(model, NETWORKS["reblur-module"], "srgb")
    with pytest.raises(ModelError, match="D2HNet does not learn from another model"):
        check_deblurrer(model, NETWORKS["d2hnet"], "raw")


def test_only_weights_that_fit_are_taken() -> None:
    model = stored(small_fusion())
    check_start(model, SELFIR, "raw")
    with pytest.raises(ModelError, match="stored is SelfIR for raw, not D2HNet for raw"):
        check_start(model, NETWORKS["d2hnet"], "raw")
    with pytest.raises(ModelError, match="stored is SelfIR for raw, not SelfIR for srgb"):
        check_start(model, SELFIR, "srgb")
    with pytest.raises(ModelError, match=r"stored: EB0\.conv\.weight is \(8, 4, 3, 3\)"):
        start_from(model, small_fusion(width=4))
    with pytest.raises(ModelError, match=r"stored: EB0\.conv\.weight is"):
        start_from(stored(small_fusion(noise=True)), small_fusion())


def test_a_model_loads_as_it_restores() -> None:
    fusion = small_fusion().eval()
    loaded = load_fusion(stored(fusion))
    batch = smooth_pairs(torch.Generator())
    assert not loaded.training
    with torch.inference_mode():
        torch.testing.assert_close(loaded(batch.sources), fusion(batch.sources))


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("name", ["deblurmerger", "deblurrnn"])
def test_deployed_weights_have_no_norms_and_half_the_bits(
    name: str,
    normalised: bool,  # noqa: FBT001
) -> None:
    trained = small_fusion(name, normalised=normalised)
    plain = small_fusion(name, normalised=False).eval()
    states = deployable(trained, "test")
    for graph in trained.graphs:
        tensors = states[graph.name].tensors
        assert {value.dtype for value in tensors.values()} == {np.dtype(np.float16)}
        plain.modules_by_graph[graph.name].load_state_dict(
            {key: torch.from_numpy(value).float() for key, value in tensors.items()}
        )
    sources = smooth_pairs(torch.Generator()).sources
    with torch.inference_mode():
        torch.testing.assert_close(plain(sources), trained.eval()(sources), atol=1e-2, rtol=0)


@pytest.mark.parametrize("name", ["deblurmerger", "deblurrnn"])
def test_weights_of_the_strided_networks_are_gaussian(name: str) -> None:
    fusion = small_fusion(name)
    initialise(fusion, NETWORKS[name], torch.Generator().manual_seed(0))
    parameters = dict(fusion.named_parameters())
    weights = torch.cat([each.flatten() for each in parameters.values() if each.ndim > 1])
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)
    assert weights.mean().item() == pytest.approx(0, abs=0.001)
    scales = [each for name, each in parameters.items() if name.endswith("norm.weight")]
    assert scales
    assert all((each == 1).all() for each in scales)
    assert all((each == 0).all() for name, each in parameters.items() if name.endswith("bias"))


@pytest.mark.parametrize("name", ["d2hnet", "srn"])
def test_weights_of_others_are_glorots(name: str) -> None:
    fusion = small_fusion(name)
    initialise(fusion, NETWORKS[name], torch.Generator().manual_seed(0))
    for each in fusion.parameters():
        if each.ndim > 1:
            fan = (each.shape[0] + each.shape[1]) * each[0, 0].numel()
            assert each.abs().max() <= (6 / fan) ** 0.5
            assert each.abs().max() > 0.8 * (6 / fan) ** 0.5
        else:
            assert each.abs().max() == 0


def test_the_same_generator_gives_the_same_weights() -> None:
    first, second = small_fusion("srn"), small_fusion("srn")
    for fusion in (first, second):
        initialise(fusion, NETWORKS["srn"], torch.Generator().manual_seed(1))
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_selfir_starts_from_pytorchs_own_weights() -> None:
    fusion = small_fusion("selfir")
    before = {name: each.clone() for name, each in fusion.named_parameters()}
    initialise(fusion, SELFIR, torch.Generator())
    assert all(torch.equal(each, before[name]) for name, each in fusion.named_parameters())
