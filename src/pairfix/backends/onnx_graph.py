"""What may stand in a graph's file, checked before ONNX Runtime reads it.

ONNX Runtime opens whatever file a graph names, and runs whatever loops it holds. So the operations
are those that pairfix exports, and weights come from the model alone. Fields are told by their
keys, which are their numbers in onnx.proto (ONNX, IR version 10) and how they are encoded: Protocol
Buffers passes over a known number in a wrong encoding, and so must we.
"""

from collections.abc import Collection, Iterator, Mapping

__all__ = ["check_graph"]

_OPERATIONS = frozenset(
    (
        "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv",
        "ConvTranspose", "DeformConv", "DepthToSpace", "DequantizeLinear", "Div", "Exp", "Flatten",
        "Gather", "Gemm", "GlobalAveragePool", "Identity", "InstanceNormalization",
        "LayerNormalization", "LeakyRelu", "MatMul", "MaxPool", "Mul", "Neg", "PRelu", "Pad", "Pow",
        "QuantizeLinear", "ReduceMean", "Relu", "Reshape", "Resize", "Shape", "Sigmoid", "Slice",
        "Softmax", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose",
        "Unsqueeze",
    )
)  # fmt: skip
"""What the networks are exported to, and what a new one is likely to need: no loops, no files."""
_LARGEST = 1 << 24
"""Bytes, weights of int8 included; the largest of d2hnet's graphs takes 63,000 without any."""
_MOST_NODES = 10_000
"""Operations of a graph; d2hnet's second one has 300."""

_NUMBER, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Encodings; those of groups do not occur."""
_GRAPH, _TRAINING, _FUNCTIONS = (field << 3 | _BYTES for field in (7, 20, 25))
"""Of ModelProto."""
_NODE, _INITIALIZER, _SPARSE = (field << 3 | _BYTES for field in (1, 5, 15))
"""Of GraphProto."""
_OPERATION, _ATTRIBUTE, _DOMAIN = (field << 3 | _BYTES for field in (4, 5, 7))
"""Of NodeProto."""
_TENSOR, _TENSORS = (field << 3 | _BYTES for field in (5, 10))
_OTHER_VALUES = {field << 3 | _BYTES for field in (6, 11, 14, 15, 22, 23)}
"""Of AttributeProto: graphs, types and sparse tensors."""
_NAME, _EXTERNAL, _LOCATION = 8 << 3 | _BYTES, 13 << 3 | _BYTES, 14 << 3 | _NUMBER
"""Of TensorProto: the second names a file, the third says that it counts."""

_GREATEST_KEY = 0xFFFFFFFF
"""Beyond it, Protocol Buffers drops the upper bits."""

_Fields = Mapping[int, list[bytes]]


def check_graph(content: bytes, weights: Collection[str]) -> None:
    """Require a graph of known operations whose only external data are weights.

    Args:
        content: The file's.
        weights: Names of the tensors that ONNX Runtime is given.

    Raises:
        ValueError: It is damaged, or holds anything else.
    """
    if len(content) > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST} bytes")
    model = _fields(content)
    if model.keys() & {_TRAINING, _FUNCTIONS}:
        raise ValueError("it holds functions")
    graph = _fields(b"".join(model.get(_GRAPH, [])))  # parts of one message add up
    nodes = graph.get(_NODE, [])
    if _SPARSE in graph or not 0 < len(nodes) <= _MOST_NODES:
        raise ValueError("it is not the graph of a network")
    for node in map(_fields, nodes):
        _check_node(node)
    for tensor in map(_fields, graph.get(_INITIALIZER, [])):
        name = _text(tensor, _NAME)
        if _is_external(tensor) and name not in weights:
            raise ValueError(f"its {name} is not among the weights")


def _check_node(node: _Fields) -> None:
    if (name := _text(node, _OPERATION)) not in _OPERATIONS or _text(node, _DOMAIN):
        raise ValueError(f"no network needs its operation {name}")
    for attribute in map(_fields, node.get(_ATTRIBUTE, [])):
        tensors = [*attribute.get(_TENSOR, []), *attribute.get(_TENSORS, [])]
        if attribute.keys() & _OTHER_VALUES or any(map(_is_external, map(_fields, tensors))):
            raise ValueError(f"its operation {name} is more than an operation")


def _is_external(tensor: _Fields) -> bool:
    return _EXTERNAL in tensor or any(map(any, tensor.get(_LOCATION, [])))


def _text(message: _Fields, field: int) -> str:
    return message.get(field, [b""])[-1].decode("utf-8", "replace")


def _fields(message: bytes) -> dict[int, list[bytes]]:
    """A message's fields by key; numbers as the bytes that stand in the file.

    Raises:
        ValueError: It is damaged.
    """
    found: dict[int, list[bytes]] = {}
    for field, value in _each_field(message):
        found.setdefault(field, []).append(value)
    return found


def _each_field(message: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind, start = key & 7, place
        if kind == _NUMBER:
            _, place = _varint(message, place)
        elif kind == _BYTES:
            length, start = _varint(message, place)
            place = start + length
        elif kind in _WIDTHS:
            place += _WIDTHS[kind]
        else:
            raise ValueError("it is damaged")
        if place > len(message) or key > _GREATEST_KEY:
            raise ValueError("it is damaged")
        yield key, message[start:place]


_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
"""Bytes of numbers of fixed width."""


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 (no further byte)
            return value, place
    raise ValueError("it ends too early")
