"""A model's graphs: compare them with PyTorch, and write them as ONNX files."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.backends import Runtime, open_session
from pairfix.errors import MissingExtraError, ModelError, OutputError
from pairfix.formats.atomic import check_target, replacing
from pairfix.model import Model
from pairfix.networks import Graph

__all__ = ["TOLERANCE", "check_graphs", "export_model", "require_torch"]

TOLERANCE = 1e-4
"""Greatest difference between ONNX Runtime and PyTorch in fp32, relative to the greatest value."""

_SIZES = ((2, 3), (5, 4))
"""Heights and widths at which graphs are compared, in multiples of `Graph.multiple`."""
_NEEDED = ("torch", "torchvision", "onnx", "onnxscript")


def require_torch(*further: str) -> None:
    """Check that PyTorch and its exporter are installed.

    Args:
        further: Other packages of the same extra that are needed.

    Raises:
        MissingExtraError: One of them is not.
    """
    for name in (*_NEEDED, *further):
        if find_spec(name) is None:
            raise MissingExtraError(
                f"this needs {name}, which is not installed", "pip install 'pairfix[torch]'"
            )


def export_model(
    model: Model, output: Path, *, with_weights: bool = False, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write a model's graphs as ONNX files, after comparing them with PyTorch.

    Height and width are free (multiples of `Graph.multiple`); the batch size is 1.

    Args:
        model: The network and its weights.
        output: The file of a model with one graph. With several, ``<stem>-<graph>.onnx`` each.
        with_weights: Put the weights into the files. Without, they are external initializers
            of float32 under the names in `Model.tensors`.
        overwrite: Replace existing files.

    Returns:
        The files, in the order of the graphs.

    Raises:
        MissingExtraError: PyTorch is not installed.
        ModelError: The model is damaged, or its graphs differ from PyTorch.
        OutputError: A file exists or cannot be written.
    """
    require_torch()
    paths = tuple(_target(output, graph, of=len(model.graphs)) for graph in model.graphs)
    for path in paths:
        check_target(path, overwrite=overwrite)
    check_graphs(model)
    tensors = model.tensors() if with_weights else {}
    for graph, path in zip(model.graphs, paths, strict=True):
        content = model.graph_path(graph).read_bytes()
        with replacing(path, overwrite=overwrite) as file:
            file.write(_embed(content, tensors) if with_weights else content)
    return paths


def check_graphs(model: Model) -> None:
    """Run every graph with ONNX Runtime and with PyTorch, in fp32 on the CPU, at two sizes.

    Raises:
        ModelError: They differ by more than `TOLERANCE`.
    """
    for graph in model.graphs:
        sessions = [
            open_session(model, graph, Runtime(backend, "cpu", "fp32", ""))
            for backend in ("torch", "onnx")
        ]
        for size in _SIZES:
            inputs = _inputs(graph, model.config.channels, size)
            expected, found = (session.run(inputs) for session in sessions)
            difference = np.abs(found - expected).max() / max(np.abs(expected).max(), 1)
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"{model.folder / graph.name}.onnx differs from PyTorch by {difference:.1e}",
                    f"at most {TOLERANCE} is allowed; make the model folder again",
                )


def _inputs(graph: Graph, channels: int, units: tuple[int, int]) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    size = tuple(graph.multiple * unit for unit in units)
    return [rng.random((channels, *size), dtype=np.float32) for _ in graph.inputs]


def _target(output: Path, graph: Graph, *, of: int) -> Path:
    if output.suffix.lower() != ".onnx":
        raise OutputError(f"{output} is not the name of a graph", "end it in .onnx")
    return output if of == 1 else output.with_name(f"{output.stem}-{graph.name}{output.suffix}")


def _embed(content: bytes, tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Fill a graph's external initializers."""
    import onnx  # noqa: PLC0415

    proto = onnx.load_model_from_string(content)
    for tensor in proto.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            tensor.CopyFrom(onnx.numpy_helper.from_array(tensors[tensor.name], tensor.name))
    filled: bytes = proto.SerializeToString()
    return filled
