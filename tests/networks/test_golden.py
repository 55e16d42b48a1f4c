"""Parity with the official releases of SelfIR and D2HNet."""

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.export.importing import drop_unused, fold_spectral_norm
from pairfix.networks import NETWORKS

torch = pytest.importorskip("torch")

CASES = {
    "selfir": ("selfir", "fusion", {"channels": 3, "align_corners": True}, (1, 2)),
    "d2hnet_deblur": ("d2hnet", "deblur", {"channels": 3, "width": 8}, (1, 2)),
    "d2hnet_enhance": ("d2hnet", "enhance", {"channels": 3, "width": 8}, (1, 2, 3)),
}


def golden_weight(key: str, shape: list[int]) -> NDArray[np.float32]:
    rng = np.random.default_rng([20, zlib.crc32(key.encode())])
    weight = rng.standard_normal(shape).astype(np.float32)
    scale = 1 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.1
    return weight * np.float32(scale)


@pytest.fixture(scope="module")
def golden(shared: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    about = json.loads((shared / "reference/golden.json").read_text(encoding="utf-8"))
    with np.load(shared / "reference/golden.npz") as arrays:
        return about, dict(arrays)


@pytest.mark.parametrize("case", CASES)
def test_output_equals_that_of_the_official_code(
    case: str, golden: tuple[dict[str, Any], dict[str, NDArray[np.float32]]]
) -> None:
    about, arrays = golden
    name, graph_name, overrides, seeds = CASES[case]
    network = NETWORKS[name]
    config = network.config(**overrides)
    graph = next(graph for graph in network.graphs(config) if graph.name == graph_name)
    official = {key: golden_weight(key, shape) for key, shape in about["keys"][case].items()}
    tensors = drop_unused(fold_spectral_norm(official), graph)
    module = network.modules(config)[graph_name].eval()
    module.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    inputs = [
        torch.from_numpy(
            np.random.default_rng(20 + seed).random(about["input_shape"], dtype=np.float32)
        )
        for seed in seeds
    ]

    with torch.inference_mode():
        output = module(*inputs).numpy()

    expected = arrays[case]
    error = np.abs(output - expected).max() / np.abs(expected).max()
    assert error < 1e-5
