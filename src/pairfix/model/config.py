"""Read and write a model folder's config.json; reading checks every field."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from pairfix.errors import ModelError
from pairfix.jsonfile import read_json
from pairfix.networks import Network

__all__ = ["DAMAGED", "FORMAT", "config_text", "parse_config", "read_config"]

FORMAT = 2
"""Version of config.json that is written; version 1 is read as well."""
DAMAGED = "the file is damaged: install pairfix again, or fetch the model again"
"""What to do about a damaged file of a model."""

_LARGEST = 1 << 22
"""Bytes; the shapes of ten thousand parameters take a quarter of it."""

_GREATEST = 4096
"""Greatest integer among the hyper-parameters; d2hnet's resolution is 1024, the largest by far."""

_FIRST_FIELDS: Mapping[str, Any] = {
    "format": int,
    "network": str,
    "domain": str,
    "config": dict[str, Any],
    "sha256": dict[str, str],
}
_FIELDS: Mapping[int, Mapping[str, Any]] = {
    1: _FIRST_FIELDS,
    2: {
        **_FIRST_FIELDS,
        "reblur_module": str | None,
        "parameters": dict[str, tuple[int, ...]],
    },
}
"""Fields and their types by format."""
_NUMBERS = re.compile(r"\[\s+([\d,\s]+?)\s+\]")


def read_config(path: Path) -> dict[str, Any]:
    """The file's content, its fields and their types checked.

    Raises:
        ModelError: The file is missing, unreadable, or of a format that this pairfix does not know.
    """
    try:
        content = read_json(path, _LARGEST)
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing", "this folder holds no model") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}", DAMAGED) from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a JSON object", DAMAGED)
    fields = _FIELDS[_format(path, content)]
    _check_fields(path, content, fields)
    return content


def config_text(content: Mapping[str, Any]) -> str:
    """The file's text; lists of numbers, such as shapes, take one line."""
    text = json.dumps(content, indent=2) + "\n"
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def parse_config(path: Path, network: Network, stored: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The network's hyper-parameters, an instance of ``network.config``.

    Args:
        path: The file, for messages.
        network: The network.
        stored: The field ``config`` of the file.

    Raises:
        ModelError: A hyper-parameter is missing, unknown, of the wrong type, or invalid.
    """
    _check_fields(path, stored, get_type_hints(network.config))
    for name, value in stored.items():
        parts = value if isinstance(value, list) else [value]
        greatest = max((each for each in parts if isinstance(each, int)), default=0)
        if max(len(parts), greatest) > _GREATEST:
            raise ModelError(f"{path}: {name} is beyond {_GREATEST}", DAMAGED)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    try:
        return network.config(**values)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error


def _format(path: Path, content: Mapping[str, Any]) -> int:
    if "format" not in content:
        raise ModelError(f"{path}: the field format is missing", DAMAGED)
    number = content["format"]
    if not _is_a(number, int):
        raise ModelError(f"{path}: format has the wrong type", "it must be int")
    if number not in _FIELDS:
        known = " and ".join(map(str, _FIELDS))
        raise ModelError(
            f"{path}: format {number} is unknown to this pairfix",
            f"it knows {known}; update pairfix",
        )
    return int(number)


def _check_fields(path: Path, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    if unknown := sorted(found.keys() - expected.keys()):
        raise ModelError(f"{path}: unknown field {unknown[0]}", "update pairfix, or remove it")
    if missing := sorted(expected.keys() - found.keys()):
        raise ModelError(f"{path}: the field {missing[0]} is missing", DAMAGED)
    for name, kind in expected.items():
        if not _is_a(found[name], kind):
            raise ModelError(f"{path}: {name} has the wrong type", f"it must be {_title(kind)}")


def _is_a(value: object, kind: Any) -> bool:  # noqa: ANN401
    """Whether a value from JSON has a type; tuples are lists there."""
    if kind is Any:
        return True
    parts = get_args(kind)
    if get_origin(kind) is tuple:
        return isinstance(value, list) and _are(value, parts)
    if get_origin(kind) is dict:
        return isinstance(value, dict) and all(_is_a(each, parts[1]) for each in value.values())
    if parts:
        return any(_is_a(value, part) for part in parts)
    accepted = (int, float) if kind is float else kind
    return isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))


def _are(values: list[object], kinds: tuple[Any, ...]) -> bool:
    first, *others = kinds
    wanted = [first] * len(values) if others == [...] else [first, *others]
    return len(values) == len(wanted) and all(map(_is_a, values, wanted))


def _title(kind: Any) -> str:  # noqa: ANN401
    """What messages call a type of JSON."""
    parts = get_args(kind)
    if get_origin(kind) is tuple:
        return f"a list of {', '.join(_title(part) for part in parts if part is not ...)}"
    if get_origin(kind) is dict:
        return "an object" if parts[1] is Any else f"an object whose values are {_title(parts[1])}"
    if parts:
        return " or ".join(map(_title, parts))
    return "null" if kind is NoneType else str(kind.__name__)
