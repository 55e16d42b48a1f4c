"""Every network computes what it did; SelfIR and D2HNet what their official code does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.networks.make_golden import GOLDEN, compute, compute_frozen, frozen_cases
from tests.networks.seeded import Array, weight

from pairfix.export.importing import drop_unused, fold_spectral_norm
from pairfix.networks import NETWORKS

pytest.importorskip("torchvision")

OFFICIAL = {
    "selfir": ("selfir", "fusion", {"channels": 3, "align_corners": True}),
    "d2hnet_deblur": ("d2hnet", "deblur", {"channels": 3, "width": 8}),
    "d2hnet_enhance": ("d2hnet", "enhance", {"channels": 3, "width": 8}),
}
TOLERANCE = 1e-5
"""Greatest error, in parts of the greatest value."""


def read(stem: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    about = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    with np.load(stem.with_suffix(".npz")) as arrays:
        return about, dict(arrays)


def assert_close(output: Array, expected: Array) -> None:
    assert output.shape == expected.shape
    assert np.abs(output - expected).max() < TOLERANCE * np.abs(expected).max()


def assert_equals_official(case: str, about: dict[str, Any], expected: Array) -> None:
    name, graph_name, overrides = OFFICIAL[case]
    network = NETWORKS[name]
    config = network.config(**overrides)
    (graph,) = (graph for graph in network.graphs(config) if graph.name == graph_name)
    checkpoint = {key: weight(key, tuple(shape)) for key, shape in about["keys"][case].items()}
    tensors = drop_unused(fold_spectral_norm(checkpoint), graph)
    size = about["input_shape"][2:]
    assert_close(compute(network, graph_name, config, tensors, size), expected)


@pytest.mark.parametrize("case", OFFICIAL)
def test_output_equals_that_of_the_official_code(case: str) -> None:
    about, arrays = read(GOLDEN / "official")
    assert_equals_official(case, about, arrays[case])


@pytest.mark.parametrize("case", OFFICIAL)
def test_output_equals_the_shared_golden_vectors(case: str, shared: Path) -> None:
    about, arrays = read(shared / "reference" / "golden")
    assert_equals_official(case, about, arrays[case])


@pytest.mark.parametrize("case", frozen_cases())
def test_output_equals_the_frozen_one(case: str) -> None:
    _, arrays = read(GOLDEN / "frozen")
    assert_close(compute_frozen(frozen_cases()[case]), arrays[case])
