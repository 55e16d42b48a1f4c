"""Read a model folder's config.json, and insist on every field of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pairfix.errors import ModelError
from pairfix.networks import Network

__all__ = ["DAMAGED", "FORMAT", "parse_config", "read_config"]

FORMAT = 1
"""Version of config.json."""
DAMAGED = "the file is damaged: install pairfix again, or fetch the model again"
"""What to do about a file of a model."""

_FIELDS: Mapping[str, type] = {
    "format": int,
    "network": str,
    "domain": str,
    "config": dict,
    "sha256": dict,
}


def read_config(path: Path) -> dict[str, Any]:
    """The file's content, its fields and their types checked.

    Raises:
        ModelError: The file is missing, unreadable, or not what this version of pairfix knows.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing", "this folder holds no model") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}", DAMAGED) from error
    if not isinstance(about, dict):
        raise ModelError(f"{path} is not a JSON object", DAMAGED)
    _check_fields(path, about, _FIELDS)
    for name, kind in _FIELDS.items():
        if not _is_a(about[name], kind):
            raise ModelError(f"{path}: {name} has the wrong type", f"it must be {kind.__name__}")
    if about["format"] != FORMAT:
        raise ModelError(
            f"{path}: format {about['format']} is unknown to this pairfix",
            f"it knows {FORMAT}; update pairfix",
        )
    return about


def parse_config(path: Path, network: Network, stored: dict[str, Any]) -> Any:  # noqa: ANN401
    """The network's hyper-parameters, an instance of ``network.config``.

    Args:
        path: The file, for messages.
        network: The network.
        stored: The field ``config`` of the file.

    Raises:
        ModelError: A hyper-parameter is missing, unknown, of the wrong type or makes no sense.
    """
    hints = get_type_hints(network.config)
    _check_fields(path, stored, hints)
    for name, kind in hints.items():
        if not _is_a(stored[name], kind):
            raise ModelError(f"{path}: {name} has the wrong type", f"it must be {_title(kind)}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    try:
        return network.config(**values)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error


def _check_fields(path: Path, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    if unknown := sorted(found.keys() - expected.keys()):
        raise ModelError(f"{path}: unknown field {unknown[0]}", "update pairfix, or remove it")
    if missing := sorted(expected.keys() - found.keys()):
        raise ModelError(f"{path}: the field {missing[0]} is missing", DAMAGED)


def _is_a(value: object, kind: Any) -> bool:  # noqa: ANN401
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            return False
        first, *others = get_args(kind)
        kinds = [first] * len(value) if others == [...] else [first, *others]
        return len(value) == len(kinds) and all(map(_is_a, value, kinds))
    accepted = (int, float) if kind is float else kind
    return isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))


def _title(kind: Any) -> str:  # noqa: ANN401
    if get_origin(kind) is tuple:
        return f"a list of {', '.join(_title(part) for part in get_args(kind) if part is not ...)}"
    return str(kind.__name__)
