"""`pairfix align`: the long exposure in the short one's geometry."""

from pathlib import Path
from typing import Annotated

from pairfix.cli import options
from pairfix.cli.console import Talk, print_json
from pairfix.cli.paths import path_argument, path_option
from pairfix.formats import FORMATS
from pairfix.recipe import Recipe

__all__ = ["align"]

_RECIPE = Recipe()
_PICTURES = ", ".join(suffix for suffix, kind in FORMATS.items() if not kind.mosaic)

Long = Annotated[Path, path_argument(help="The long exposure: clean, blurred.", metavar="LONG")]
Short = Annotated[Path, path_argument(help="The short exposure: sharp, noisy.", metavar="SHORT")]
Aligned = Annotated[
    Path, path_option("--output", "-o", help=f"The aligned long exposure: {_PICTURES}.")
]


def align(
    long: Long,
    short: Short,
    output: Aligned,
    mode: options.Align = _RECIPE.align,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Align the LONG exposure to the SHORT one, and write it."""
    talk = Talk(quiet=quiet, verbose=verbose)
    from pairfix.pipeline import align_pair  # noqa: PLC0415  (keeps --help quick)

    with talk.progress() as progress:
        report = align_pair(long, short, output, mode, overwrite=overwrite, progress=progress)
    for note in report.notes:
        talk.note(note)
    if found := report.scene.alignment:
        before, after = found.score_before, found.score_after
        talk.say(f"{found.kind}: correlation {before:.3f} before, {after:.3f} after")
    talk.say(f"{report.output}: written in {sum(report.seconds.values()):.1f} s")
    if json:
        print_json(report.as_json())
