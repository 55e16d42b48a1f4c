"""`pairfix align`: the long exposure in the short one's geometry."""

from pathlib import Path
from typing import Annotated

import typer

from pairfix.cli.console import Talk, print_json
from pairfix.cli.options import Json, Long, Overwrite, Quiet, Short, Verbose
from pairfix.image import AlignmentMode

__all__ = ["align"]


def align(
    long: Long,
    short: Short,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The aligned long exposure: .tif, .png, .jpg.")
    ],
    mode: Annotated[
        AlignmentMode, typer.Option("--align", help="The motion to allow between the photos.")
    ] = "auto",
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring the LONG exposure onto the SHORT one, and write it."""
    talk = Talk(quiet=quiet, verbose=verbose)
    from pairfix.pipeline import align_pair  # noqa: PLC0415  (keeps --help quick)

    with talk.progress() as progress:
        report = align_pair(long, short, output, mode, overwrite=overwrite, progress=progress)
    for note in report.notes:
        talk.note(note)
    if found := report.alignment:
        before, after = found.score_before, found.score_after
        talk.say(f"{found.kind}: correlation {before:.3f} before, {after:.3f} after")
    talk.say(f"{report.output}: written in {sum(report.seconds.values()):.1f} s")
    if json:
        print_json(report.as_json())
