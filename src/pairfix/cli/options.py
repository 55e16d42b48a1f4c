"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Json", "Long", "Overwrite", "Quiet", "Short", "Verbose"]

Long = Annotated[Path, typer.Argument(help="The long exposure: clean, blurred.", metavar="LONG")]
Short = Annotated[Path, typer.Argument(help="The short exposure: sharp, noisy.", metavar="SHORT")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON result on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
