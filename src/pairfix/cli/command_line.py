"""The command that the user typed, without private paths."""

import shlex
from pathlib import Path
from typing import Any

import typer

__all__ = ["command_line"]

_LEFT_OUT = {"overwrite", "resume", "json", "quiet", "verbose"}
"""Options that do not affect the result."""


def command_line(context: typer.Context) -> str:
    """The command with its options in long form; folders and files by their last name only."""
    words = ["pairfix", context.info_name or ""]
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is None or source.name != "COMMANDLINE" or parameter.name in _LEFT_OUT:
            continue
        value = context.params[parameter.name]
        if parameter.param_type_name == "argument":
            words.append(_text(value))
        elif value is True:
            words.append(parameter.opts[0])
        else:
            for each in value if isinstance(value, list) else [value]:
                words += [
                    parameter.opts[0],
                    *map(_text, each if isinstance(each, tuple) else [each]),
                ]
    return shlex.join(words)


def _text(value: Any) -> str:  # noqa: ANN401
    text = str(value)
    return Path(text).resolve().name if isinstance(value, Path) or "/" in text else text
