"""JSON from files that anybody may have written."""

import json
import math
from pathlib import Path
from typing import Any

from pairfix.paths import regular

__all__ = ["read_json"]

_DIGITS = 18
"""Of the longest integer; so many always fit into 64 bits."""


def read_json(path: Path, largest: int) -> Any:  # noqa: ANN401
    """The content of a JSON file, whose numbers are finite, and integers fit into 64 bits.

    Args:
        path: The file.
        largest: Bytes that it may have.

    Raises:
        OSError: It cannot be read, or is no file.
        ValueError: It is too large, nested too deeply, or not JSON (RFC 8259, in UTF-8).
    """
    with regular(path).open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"it is larger than {largest} bytes")
    try:
        return json.loads(
            content.decode(), parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > _DIGITS:
        raise ValueError(f"it holds an integer of more than {_DIGITS} digits")
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("it holds a number that is too large")
    return number


def _constant(text: str) -> float:
    raise ValueError(f"it holds {text}")
