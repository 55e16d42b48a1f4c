"""A graph's int8 form: convolutions that multiply integers of 8 bits.

Weights are int8 with a scale for each output channel, activations uint8 with a range for each
tensor, sums int32 (Jacob et al., Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, 2018, Section 2). The file says so by QuantizeLinear and
DequantizeLinear around every operation, which ONNX Runtime joins with it into an integer one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pairfix.model.storage import scale_by_output

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

__all__ = ["LEVELS", "Activations", "Range", "int8_graph"]

Range = tuple[float, float]
"""The least and the greatest value that are told apart; 0 lies between, and they differ."""

LEVELS = 256
_MOVING = {"Concat", "MaxPool"}
"""Operations whose inputs have the range of what they give."""
_QUANTISED, _RESTORED = ".quantised", ".restored"
"""What the names of a tensor's two further forms end in."""


@dataclass(frozen=True, slots=True)
class Activations:
    """The ranges of what a convolution takes and gives."""

    input: Range
    output: Range


def int8_graph(
    content: bytes,
    tensors: Mapping[str, NDArray[np.float32]],
    activations: Mapping[str, Activations],
) -> bytes:
    """Make a graph's int8 form, weights included.

    Args:
        content: The graph's file.
        tensors: All weights by name.
        activations: Of the convolutions that are to multiply integers, by the name of the weight;
            what the others take and give stays float32.

    Returns:
        A file's content.
    """
    import onnx  # noqa: PLC0415

    proto = onnx.load_model_from_string(content)
    rounding = _Rounding(proto.graph, tensors, activations)
    rounding.assign_ranges()
    rounding.rewrite()
    rounding.fill_weights()
    rounded: bytes = proto.SerializeToString()
    return rounded


@dataclass(slots=True)
class _Rounding:
    """A graph that is being rewritten."""

    graph: "GraphProto"
    tensors: Mapping[str, NDArray[np.float32]]
    activations: Mapping[str, Activations]
    ranges: dict[str, Range] = field(default_factory=dict)
    """Of activations by name."""

    def assign_ranges(self) -> None:
        """Give every activation between two integer operations a range."""
        producers = {name: node for node in self.graph.node for name in node.output}

        def assign(name: str, limits: Range) -> None:
            if name in self.ranges:
                return
            self.ranges[name] = limits
            node = producers.get(name)
            if node is not None and node.op_type in _MOVING:
                for each in node.input:
                    assign(each, limits)

        convolutions = [node for node in self.graph.node if self._takes_integers(node)]
        for node in convolutions:
            self.ranges[node.output[0]] = self.activations[node.input[1]].output
        for node in convolutions:
            assign(node.input[0], self.activations[node.input[1]].input)

    def rewrite(self) -> None:
        """Put the two operations behind every activation with a range, and integers for weights.

        Where a residual block adds to what it was given, that stays float, as in training.
        """
        convolved = {node.output[0] for node in self.graph.node if self._takes_integers(node)}
        nodes = [node for each in self.graph.input for node in self._rounded(each.name)]
        for node in self.graph.node:
            if self._takes_integers(node):
                nodes += self._integer_parameters(node)
            for index, name in enumerate(node.input):
                if name in self.ranges and (node.op_type != "Add" or name in convolved):
                    node.input[index] = name + _RESTORED
            nodes += [node, *(new for name in node.output for new in self._rounded(name))]
        del self.graph.node[:]
        self.graph.node.extend(nodes)

    def fill_weights(self) -> None:
        """Put the weights that stay floats into the file, and leave out what nothing takes."""
        from onnx import TensorProto, numpy_helper  # noqa: PLC0415

        used = {name for node in self.graph.node for name in node.input}
        kept = [each for each in self.graph.initializer if each.name in used]
        del self.graph.initializer[:]
        for each in kept:
            if each.data_location == TensorProto.EXTERNAL:
                each.CopyFrom(numpy_helper.from_array(self.tensors[each.name], each.name))
        self.graph.initializer.extend(kept)

    def _takes_integers(self, node: "NodeProto") -> bool:
        return node.op_type == "Conv" and node.input[1] in self.activations

    def _rounded(self, name: str) -> list["NodeProto"]:
        if name not in self.ranges:
            return []
        step, zero = _steps(self.ranges[name])
        parameters = self._add(name, np.float32(step), np.uint8(zero))
        return [
            _node("QuantizeLinear", [name, *parameters], name + _QUANTISED),
            _node("DequantizeLinear", [name + _QUANTISED, *parameters], name + _RESTORED),
        ]

    def _integer_parameters(self, node: "NodeProto") -> list["NodeProto"]:
        """Let a convolution take integers for its weight and bias.

        Each has its own, since those of the bias depend on the step of what it takes.
        """
        step, _ = _steps(self.ranges[node.input[0]])
        weight, *biases = (self.tensors[name] for name in node.input[1:])
        scale = scale_by_output(weight, output=0)
        integers = [(np.rint(weight / scale).astype(np.int8), scale.ravel())]
        sums = scale.ravel() * np.float32(step)
        integers += [(np.rint(bias / sums).astype(np.int32), sums) for bias in biases]
        return [self._restored(node, place, *each) for place, each in enumerate(integers, start=1)]

    def _restored(
        self, node: "NodeProto", place: int, values: NDArray[Any], scales: NDArray[np.float32]
    ) -> "NodeProto":
        """Let a node take what integers stand for, as one of its inputs."""
        name = f"{node.output[0]}.{node.input[place]}"
        node.input[place] = name + _RESTORED
        parameters = self._add(name, scales, np.zeros(len(scales), values.dtype))
        self._initialise(name + _QUANTISED, values)
        return _node("DequantizeLinear", [name + _QUANTISED, *parameters], name + _RESTORED, axis=0)

    def _add(self, name: str, scale: Any, zero: Any) -> list[str]:  # noqa: ANN401
        names = [f"{name}.scale", f"{name}.zero"]
        for each, value in zip(names, (scale, zero), strict=True):
            self._initialise(each, np.asarray(value))
        return names

    def _initialise(self, name: str, values: NDArray[Any]) -> None:
        from onnx import numpy_helper  # noqa: PLC0415

        self.graph.initializer.append(numpy_helper.from_array(values, name))


def _steps(limits: Range) -> tuple[float, int]:
    """The step between two levels, and the level of 0."""
    low, high = limits
    step = (high - low) / (LEVELS - 1)
    return step, round(-low / step)


def _node(operation: str, inputs: list[str], output: str, **attributes: Any) -> "NodeProto":  # noqa: ANN401
    from onnx import helper  # noqa: PLC0415

    return helper.make_node(operation, inputs, [output], **attributes)
