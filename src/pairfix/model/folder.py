"""A model: a trained network in a folder, its files verified as they are read."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from pairfix.errors import ModelError
from pairfix.image import ROLES, Domain, Role
from pairfix.model.config import DAMAGED
from pairfix.model.storage import unpack
from pairfix.networks import Graph, Network
from pairfix.networks.spec import Shapes
from pairfix.paths import regular

__all__ = ["CONFIG", "WEIGHTS", "Model", "check_tensors", "graph_file"]

CONFIG = "config.json"
WEIGHTS = "weights.safetensors"

Tensors = dict[str, NDArray[np.float32]]

_LARGEST = 1 << 30
"""Bytes of a file; d2hnet at its full width takes 0.3 of it."""
_UNREADABLE = (
    *(safetensors.SafetensorError, KeyError, ValueError),
    *(AttributeError, TypeError),  # types that numpy lacks
)
_UNFIT = "weights and network do not fit each other"


@dataclass(frozen=True, slots=True)
class Model:
    """A trained network in a folder."""

    name: str
    folder: Path
    network: Network
    config: Any
    """Instance of ``network.config``."""
    domain: Domain
    sha256: Mapping[str, str]
    """Checksums in hexadecimal, by file name."""
    reblur_module: str | None = None
    """Name of the shipped module that learnt to reblur what this model restores, if any."""
    parameters: Shapes | None = None
    """Shapes of the weights by name; None in folders of format 1, which do not record them."""

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """The network's graphs in the order in which they run."""
        return self.network.graphs(self.config)

    @property
    def roles(self) -> frozenset[Role]:
        """Which exposures it restores from."""
        return frozenset(role for role in ROLES if role in self.inputs)

    @property
    def inputs(self) -> frozenset[str]:
        """Names of all that its graphs take (`pairfix.networks.Graph.inputs`)."""
        return frozenset(name for graph in self.graphs for name in graph.inputs)

    @property
    def weights_sha256(self) -> str:
        """Checksum of the weights, as config.json states it; empty if it does not."""
        return self.sha256.get(WEIGHTS, "")

    def tensors(self) -> Tensors:
        """All weights by name, each name with its graph's prefix, whatever type they are stored as.

        Raises:
            ModelError: The file is missing or damaged, does not hold exactly the parameters that
                config.json records, or holds values that are not finite. If it records none, the
                library that runs the network finds what does not fit.
        """
        path = self._verified(WEIGHTS)
        try:
            stored = safetensors.numpy.load_file(path)
        except _UNREADABLE as error:
            raise ModelError(f"{path} cannot be read: {error}", DAMAGED) from error
        tensors = unpack(str(path), stored)
        check_tensors(str(path), tensors, self.parameters)
        return tensors

    @property
    def runs_in_int8(self) -> bool:
        """Whether it has a file of each graph's int8 form."""
        return all(graph_file(graph, int8=True) in self.sha256 for graph in self.graphs)

    def graph_path(self, graph: Graph, *, int8: bool = False) -> Path:
        """The ONNX file of one graph, its checksum verified.

        Args:
            graph: One of the network's graphs.
            int8: The file of its int8 form.

        Raises:
            ModelError: The file is missing or damaged.
        """
        return self._verified(graph_file(graph, int8=int8))

    def _verified(self, name: str) -> Path:
        path = self.folder / name
        if name not in self.sha256:
            raise ModelError(f"{self.folder / CONFIG} gives no sha256 of {name}", DAMAGED)
        try:
            with regular(path).open("rb") as file:
                if os.fstat(file.fileno()).st_size > _LARGEST:
                    raise ModelError(f"{path} is larger than any network's", DAMAGED)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise ModelError(f"{path} is missing", "fetch the model again") from error
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        if digest != self.sha256[name]:
            raise ModelError(f"{path} does not match its sha256", DAMAGED)
        return path


def graph_file(graph: Graph, *, int8: bool = False) -> str:
    """The name of a graph's ONNX file, or of that of its int8 form."""
    return f"{graph.name}.int8.onnx" if int8 else f"{graph.name}.onnx"


def check_tensors(
    source: str, tensors: Mapping[str, NDArray[np.floating]], expected: Shapes | None
) -> None:
    """Require weights of exactly these names and shapes, all of them finite.

    Args:
        source: Where they come from, for messages.
        tensors: The weights by name.
        expected: Shapes by name; None: any.

    Raises:
        ModelError: One is missing, extra, of another shape, or not finite.
    """
    if expected is not None:
        _check_shapes(source, tensors, expected)
    for key, value in tensors.items():
        if not np.isfinite(value).all():
            raise ModelError(f"{source}: {key} holds values that are not finite", DAMAGED)


def _check_shapes(
    source: str, tensors: Mapping[str, NDArray[np.floating]], expected: Shapes
) -> None:
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ModelError(f"{source} lacks {missing[0]}", _UNFIT)
    if extra := sorted(tensors.keys() - expected.keys()):
        raise ModelError(f"{source} holds {extra[0]}, which the network does not have", _UNFIT)
    for key, value in tensors.items():
        if value.shape != expected[key]:
            raise ModelError(f"{source}: {key} is {value.shape}, not {expected[key]}", _UNFIT)
