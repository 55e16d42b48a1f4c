"""Read from an exported graph which parameters it wants, without the onnx package.

ONNX files are Protocol Buffers: a message is a sequence of fields, each a key (number and wire
type) and a value. Only the few fields that name the parameters are looked at.
"""

from collections.abc import Iterator
from pathlib import Path

__all__ = ["parameter_shapes"]

_MODEL_GRAPH = 7
_GRAPH_INITIALIZER = 5
_TENSOR_DIMS, _TENSOR_NAME, _TENSOR_LOCATION = 1, 8, 14
_EXTERNAL = 1
_MORE = 0x80
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def parameter_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of an ONNX file's external initializers by name.

    Raises:
        ValueError: The file is no ONNX model.
    """
    shapes = {}
    try:
        for graph in _values(path.read_bytes(), _MODEL_GRAPH):
            for tensor in _values(graph, _GRAPH_INITIALIZER):
                if _EXTERNAL in _fields(tensor, _TENSOR_LOCATION):
                    name = next(_values(tensor, _TENSOR_NAME)).decode()
                    shapes[name] = tuple(_fields(tensor, _TENSOR_DIMS))
    except (IndexError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("not an ONNX model") from error
    return shapes


def _values(message: bytes, number: int) -> Iterator[bytes]:
    return (value for key, value in _parse(message) if key == number and isinstance(value, bytes))


def _fields(message: bytes, number: int) -> list[int]:
    """Integers of a field, be they repeated or packed."""
    found: list[int] = []
    for key, value in _parse(message):
        if key == number and isinstance(value, int):
            found.append(value)
        elif key == number and isinstance(value, bytes):
            at = 0
            while at < len(value):
                item, at = _varint(value, at)
                found.append(item)
    return found


def _parse(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value: int | bytes
            value, at = _varint(message, at)
        elif kind in (_FIXED64, _BYTES, _FIXED32):
            size, at = (
                _varint(message, at) if kind == _BYTES else (8 if kind == _FIXED64 else 4, at)
            )
            if at + size > len(message):
                raise ValueError("not an ONNX model")
            value, at = message[at : at + size], at + size
        else:
            raise ValueError("not an ONNX model")
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & _MORE:
            return value, at
