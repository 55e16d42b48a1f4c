"""Freeze the outputs of networks without official code: python -m tests.networks.make_golden."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.networks.seeded import Array, random_state

from pairfix.networks import NETWORKS, Network

if TYPE_CHECKING:
    from torch import nn

GOLDEN = Path(__file__).parent / "golden"
SIZE = (32, 64)
STORED = np.s_[..., ::3]
"""The columns that are stored: of every phase of a network's grid, whose steps are powers of 2."""


def compute(
    network: Network,
    graph_name: str,
    config: Any,  # noqa: ANN401
    tensors: Mapping[str, Array] | None = None,
    size: Sequence[int] = SIZE,
) -> Array:
    """One graph's output for the golden inputs, with the golden weights if none are given."""
    import torch  # noqa: PLC0415

    (graph,) = (graph for graph in network.graphs(config) if graph.name == graph_name)
    module: nn.Module = network.modules(config)[graph_name].eval()
    weights = tensors or random_state(module).tensors
    module.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    inputs = [
        np.random.default_rng(20 + place).random((1, config.channels, *size), dtype=np.float32)
        for place, _ in enumerate(graph.inputs, 1)
    ]
    with torch.inference_mode():
        output: Array = module(*map(torch.from_numpy, inputs)).numpy()
    return output


def frozen_cases() -> dict[str, dict[str, Any]]:
    """Network, graph and configuration of each frozen output."""
    cases: dict[str, dict[str, Any]] = json.loads((GOLDEN / "frozen.json").read_text("utf-8"))
    return cases


def compute_frozen(case: Mapping[str, Any]) -> Array:
    """What is stored of a case."""
    network = NETWORKS[case["network"]]
    return compute(network, case["graph"], network.config(**case["config"]))[STORED]


if __name__ == "__main__":
    outputs = {name: compute_frozen(case) for name, case in frozen_cases().items()}
    np.savez_compressed(GOLDEN / "frozen.npz", **outputs)  # type: ignore[arg-type]
