"""The contract that every network keeps."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from pairfix.networks import NETWORKS, Graph, Network

every_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
both_domains = pytest.mark.parametrize("channels", [3, 4])


def small_config(network: Network, channels: int = 4) -> Any:  # noqa: ANN401
    return network.config(channels=channels, **network.small)


def test_importing_the_registry_loads_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, pairfix.networks; "
        "print([name for name in ('torch', 'numpy', 'onnxruntime') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert loaded.stdout.strip() == b"[]"


@every_network
def test_names_agree_with_the_registry(network: Network) -> None:
    assert NETWORKS[network.name] is network
    assert network.title
    assert network.source


@every_network
@both_domains
def test_inputs_are_exposures_or_earlier_graphs(network: Network, channels: int) -> None:
    known = {"short", "long"}
    for graph in network.graphs(small_config(network, channels)):
        assert set(graph.inputs) <= known
        known.add(graph.name)


@every_network
def test_only_the_last_graph_is_tiled(network: Network) -> None:
    *earlier, last = network.graphs(network.config())
    assert last.reduction is None
    assert all(graph.reduction for graph in earlier)


@every_network
def test_configuration_survives_json(network: Network) -> None:
    config = small_config(network)
    stored = json.loads(json.dumps(dataclasses.asdict(config)))
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in stored.items()}
    assert network.config(**values) == config


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("selfir", {"channels": 1}),
        ("selfir", {"width": 0}),
        ("d2hnet", {"channels": 5}),
        ("d2hnet", {"width": 12}),
        ("d2hnet", {"cap": 0}),
        ("d2hnet", {"resolution": (1022, 1024)}),
    ],
)
def test_configuration_refuses_nonsense(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NETWORKS[name].config(**wrong)


def run(network: Network, graph: Graph, channels: int, batch: int, size: tuple[int, int]) -> Any:  # noqa: ANN401
    torch = pytest.importorskip("torch")
    module = network.modules(small_config(network, channels))[graph.name].eval()
    rng = np.random.default_rng(7)
    inputs = [
        torch.from_numpy(rng.random((batch, channels, *size), dtype=np.float32))
        for _ in graph.inputs
    ]
    with torch.inference_mode():
        together = module(*inputs)
        first = module(*(each[:1] for each in inputs))
    return together.numpy(), first.numpy()


@every_network
@both_domains
def test_output_has_the_size_of_the_inputs_at_any_multiple(network: Network, channels: int) -> None:
    for graph in network.graphs(small_config(network, channels)):
        size = (graph.multiple * 2, graph.multiple * 3)
        together, _ = run(network, graph, channels, 1, size)
        assert together.shape == (1, channels, *size)
        assert together.dtype == np.float32


@every_network
def test_photos_of_a_batch_do_not_mix(network: Network) -> None:
    for graph in network.graphs(small_config(network)):
        together, first = run(network, graph, 4, 2, (graph.multiple * 2, graph.multiple * 2))
        np.testing.assert_allclose(together[:1], first, atol=1e-5)


@every_network
def test_weights_load_strictly(network: Network) -> None:
    pytest.importorskip("torch")
    config = small_config(network)
    for module in network.modules(config).values():
        state = dict(module.state_dict())
        module.load_state_dict(state)
        state.pop(next(iter(state)))
        with pytest.raises(RuntimeError, match="Missing key"):
            module.load_state_dict(state)


@every_network
def test_no_module_holds_a_parameter_that_the_graph_calls_unused(network: Network) -> None:
    pytest.importorskip("torch")
    from pairfix.networks.official import drop_unused  # noqa: PLC0415

    config = small_config(network)
    modules = network.modules(config)
    for graph in network.graphs(config):
        names = {name: np.zeros(1, np.float32) for name in modules[graph.name].state_dict()}
        assert drop_unused(names, graph) == names
