"""Arguments and options that are paths: what reads them says why they cannot be read."""

from functools import partial

import typer

__all__ = ["path_argument", "path_option"]

path_argument = partial(typer.Argument, readable=False)
path_option = partial(typer.Option, readable=False)
