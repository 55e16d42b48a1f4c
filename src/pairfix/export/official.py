"""Turn the tensors of official checkpoints into those of pairfix's modules (pure numpy)."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pairfix.networks.spec import Graph

__all__ = ["drop_unused", "fold_spectral_norm"]

Tensors = dict[str, NDArray[np.float32]]

_BAR = ".module.weight_bar"


def drop_unused(tensors: Mapping[str, NDArray[np.float32]], graph: Graph) -> Tensors:
    """Leave out the parameters that `graph.unused` names; keys come without `graph.prefix`."""
    unused = re.compile(graph.unused)
    return {key: value for key, value in tensors.items() if not unused.fullmatch(key)}


def fold_spectral_norm(tensors: Mapping[str, NDArray[np.float32]]) -> Tensors:
    """Replace spectrally normalised weights by the plain ones that they stand for.

    ``X.module.weight_bar`` becomes ``X.weight`` = W / sigma, ``X.module.bias`` becomes ``X.bias``;
    the vectors ``weight_u`` and ``weight_v`` vanish. Sigma comes from one power iteration from
    the stored u, as one forward pass would do (Miyato et al., 2018, Algorithm 1): with W of
    shape outputs x fan, ``v = W^T u / |W^T u|``, ``u = W v / |W v|``, ``sigma = u^T W v``.
    """
    folded: Tensors = {}
    for key, value in tensors.items():
        if key.endswith(_BAR):
            name = key.removesuffix(_BAR)
            folded[f"{name}.weight"] = value / _sigma(value, tensors[f"{name}.module.weight_u"])
        elif key.endswith(".module.bias"):
            folded[key.replace(".module.bias", ".bias")] = value
        elif not key.endswith((".module.weight_u", ".module.weight_v")):
            folded[key] = value
    return folded


def _sigma(weight: NDArray[np.float32], u: NDArray[np.float32]) -> np.float32:
    matrix = weight.reshape(weight.shape[0], -1)
    v = _normalise(matrix.T @ u)
    u = _normalise(matrix @ v)
    return np.float32(u @ matrix @ v)


def _normalise(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / np.float32(np.linalg.norm(vector) + 1e-12)
