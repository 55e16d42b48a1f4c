"""Weights into a training and out of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pairfix.errors import ModelError  # noqa: E402
from pairfix.model.model import Model  # noqa: E402
from pairfix.networks import NETWORKS, Graph, Network  # noqa: E402
from pairfix.train.fusion import Fusion  # noqa: E402
from pairfix.train.transfer import (  # noqa: E402
    check_deblurrer,
    check_start,
    deployable,
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


def test_a_network_that_is_told_the_noise_starts_as_one_that_is_not() -> None:
    plain, told = small_fusion(), small_fusion(noise=True)
    start_from(stored(plain), told)
    batch = smooth_pairs(torch.Generator())
    with torch.inference_mode():
        torch.testing.assert_close(told(batch.sources), plain(batch.sources))


def test_only_a_reblurring_module_learns_from_a_network_of_its_domain() -> None:
    model = stored(small_fusion())
    check_deblurrer(model, NETWORKS["reblur-module"], "raw")
    with pytest.raises(ModelError, match="stored is SelfIR for raw, which restores no srgb pairs"):
        check_deblurrer(model, NETWORKS["reblur-module"], "srgb")
    with pytest.raises(ModelError, match="D2HNet learns from no other network"):
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


@pytest.mark.parametrize("name", ["deblurmerger", "deblurrnn"])
def test_deployed_weights_have_no_norms_and_half_the_bits(name: str) -> None:
    trained = small_fusion(name)
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
