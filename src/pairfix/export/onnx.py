"""Export a network's graphs as ONNX files without weights (torch).

One weights file serves both back ends: the ONNX file holds the operations and the shapes of the
parameters, and the safetensors' arrays are passed to ONNX Runtime when the session opens.
"""

import copy
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pairfix.networks.spec import Graph, Network

__all__ = ["export_graphs"]

_OPSET = 20
_UNITS = (2, 3)
"""Height and width of the example, in multiples; unequal, so that the exporter keeps them apart."""


def export_graphs(
    network: Network,
    config: Any,  # noqa: ANN401
    modules: Mapping[str, nn.Module],
    folder: Path,
) -> tuple[Path, ...]:
    """Write ``<graph>.onnx`` for every graph of a network.

    Batch size is 1; height and width are any multiples of `Graph.multiple`. Parameters appear
    as external initializers under their names in the weights file (`Graph.prefix` included).

    Args:
        network: The network.
        config: Instance of ``network.config``.
        modules: Its modules by graph name, in float32 on the CPU.
        folder: Receives the files; existing ones are replaced.

    Returns:
        The files, in the order of the graphs.
    """
    return tuple(
        _export(graph, config.channels, modules[graph.name].eval(), folder)
        for graph in network.graphs(config)
    )


def _export(graph: Graph, channels: int, trained: nn.Module, folder: Path) -> Path:
    module = _with_distinct_parameters(trained)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            _examples(graph, channels),
            dynamo=True,
            opset_version=_OPSET,
            input_names=list(graph.inputs),
            output_names=[graph.name],
            dynamic_shapes=_sizes(graph),
            verbose=False,
        )
    if program is None:
        raise RuntimeError(f"torch.onnx.export returned no program for {graph.name}")
    proto = program.model_proto
    _forget_origin(proto)
    _detach_parameters(proto, {name: graph.prefix + name for name, _ in module.named_parameters()})
    path = folder / f"{graph.name}.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


def _with_distinct_parameters(trained: nn.Module) -> nn.Module:
    """A copy whose parameters differ from each other: the exporter would merge equal ones."""
    module = copy.deepcopy(trained)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(generator=generator)
    return module


def _examples(graph: Graph, channels: int) -> tuple[torch.Tensor, ...]:
    """A tensor for each input: the exporter would merge inputs that are the same tensor."""
    height, width = (graph.multiple * units for units in _UNITS)
    return tuple(torch.rand(1, channels, height, width) for _ in graph.inputs)


def _sizes(graph: Graph) -> tuple[dict[int, Any], ...]:
    height, width = torch.export.Dim("h"), torch.export.Dim("w")
    sizes = {2: graph.multiple * height, 3: graph.multiple * width}
    return tuple(dict(sizes) for _ in graph.inputs)


def _forget_origin(proto: Any) -> None:  # noqa: ANN401
    """Remove stack traces, which name the files of the machine that exported."""
    graph = proto.graph
    del graph.value_info[:]
    for part in (proto, graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""


def _detach_parameters(proto: Any, names: Mapping[str, str]) -> None:  # noqa: ANN401
    """Rename the parameters and turn them into external data without content."""
    for tensor in proto.graph.initializer:
        if tensor.name in names:
            tensor.name = names[tensor.name]
            tensor.ClearField("raw_data")
            tensor.data_location = tensor.EXTERNAL
            del tensor.external_data[:]
            tensor.external_data.add(key="location", value="none")
    for node in proto.graph.node:
        renamed = [names.get(name, name) for name in node.input]
        del node.input[:]
        node.input.extend(renamed)
