"""Commands and groups whose help reads well at any width."""

import inspect
import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

__all__ = ["Command", "Group"]

_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")


class Command(TyperCommand):
    """A command whose paragraphs flow, and whose flags do not look as if they took a value."""

    def __init__(self, name: str | None, *, help: str | None = None, **settings: Any) -> None:  # noqa: A002, ANN401  (typer's)
        flowing = _LINE_BREAK.sub(" ", inspect.cleandoc(help or ""))
        super().__init__(name, help=flowing, **settings)

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401  (typer's is private)
        """The parameters, of which typer would print the type of flags, too."""
        return _without_types_of_flags(super().get_params(ctx))


class Group(TyperGroup):
    """A group whose flags do not look as if they took a value."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401  (typer's is private)
        """The parameters, of which typer would print the type of flags, too."""
        return _without_types_of_flags(super().get_params(ctx))


def _without_types_of_flags(parameters: list[Any]) -> list[Any]:
    for each in parameters:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return parameters
