"""`pairfix restore`: one photo from two."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pairfix.backends import BACKENDS, DeviceChoice, PrecisionChoice
from pairfix.cli.console import Talk, print_json
from pairfix.cli.options import Json, Long, Overwrite, Quiet, Verbose
from pairfix.formats import FORMATS
from pairfix.image import AlignmentMode, Demosaic, DevelopSettings, HighlightMode, WhiteBalance

if TYPE_CHECKING:
    from pairfix.report import Report

__all__ = ["restore"]

_DEVELOPING = "Developing"
_COMPUTING = "Computing"


def restore(
    long: Long,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help=f"The result: {', '.join(sorted(FORMATS))}."),
    ],
    short: Annotated[
        Path | None,
        typer.Argument(
            help="The short exposure: sharp, noisy. Left out with models that take one photo.",
            metavar="SHORT",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="A model's name ('pairfix models list') or folder."),
    ] = None,
    align: Annotated[
        AlignmentMode, typer.Option(help="How to bring the long photo onto the short one.")
    ] = "auto",
    keep_row_noise: Annotated[
        bool, typer.Option("--keep-row-noise", help="Do not take stripes out of the short raw.")
    ] = False,
    white_balance: Annotated[
        str,
        typer.Option(
            help="camera, daylight, auto, or multipliers R,G,B.", rich_help_panel=_DEVELOPING
        ),
    ] = "camera",
    exposure: Annotated[
        float,
        typer.Option(help="Exposure correction in EV.", min=-8, max=8, rich_help_panel=_DEVELOPING),
    ] = 0.0,
    highlight_mode: Annotated[
        HighlightMode,
        typer.Option(help="What LibRaw does where channels clip.", rich_help_panel=_DEVELOPING),
    ] = "clip",
    demosaic: Annotated[
        Demosaic, typer.Option(help="Demosaicing algorithm.", rich_help_panel=_DEVELOPING)
    ] = "ahd",
    bits: Annotated[
        int | None,
        typer.Option(
            help="Bits per channel, 8 or 16; else the format's best.", rich_help_panel=_DEVELOPING
        ),
    ] = None,
    quality: Annotated[
        int, typer.Option(help="JPEG quality.", min=1, max=100, rich_help_panel=_DEVELOPING)
    ] = 95,
    backend: Annotated[
        str,
        typer.Option(
            help="What runs the network.",
            metavar=f"[{'|'.join(['auto', *BACKENDS])}]",
            rich_help_panel=_COMPUTING,
        ),
    ] = "auto",
    device: Annotated[
        DeviceChoice,
        typer.Option(help="Where; one that is not there is an error.", rich_help_panel=_COMPUTING),
    ] = "auto",
    precision: Annotated[
        PrecisionChoice, typer.Option(help="In which arithmetic.", rich_help_panel=_COMPUTING)
    ] = "auto",
    tile: Annotated[
        str,
        typer.Option(
            help="Longest side of a tile in the network's pixels, or auto.",
            rich_help_panel=_COMPUTING,
        ),
    ] = "auto",
    preview: Annotated[
        Path | None,
        typer.Option(help="Also write crops of short, long and result side by side."),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Restore one sharp, clean photo from a LONG and a SHORT exposure of the same scene."""
    settings = DevelopSettings(
        white_balance=_white_balance(white_balance),
        exposure=exposure,
        highlight_mode=highlight_mode,
        demosaic=demosaic,
    )
    tile_size = _tile(tile)
    talk = Talk(quiet=quiet, verbose=verbose)
    from pairfix.pipeline import Recipe  # noqa: PLC0415  (keeps --help quick)
    from pairfix.pipeline import restore as run  # noqa: PLC0415

    recipe = Recipe(
        model=model,
        align=align,
        keep_row_noise=keep_row_noise,
        backend=backend,
        device=device,
        precision=precision,
        tile=tile_size,
        develop=settings,
        bits=bits,
        quality=quality,
        overwrite=overwrite,
        preview=preview,
    )
    with talk.progress() as progress:
        report = run(long, short, output, recipe, progress)
    _summarise(report, talk, preview)
    if json:
        print_json(report.as_json())


def _white_balance(text: str) -> WhiteBalance:
    if text in ("camera", "daylight", "auto"):
        return text  # type: ignore[return-value]
    try:
        red, green, blue = (float(part) for part in text.split(","))
    except ValueError:
        red = green = blue = 0.0
    if min(red, green, blue) <= 0:
        raise typer.BadParameter(
            f"'{text}' is not camera, daylight, auto or three positive multipliers R,G,B",
            param_hint="--white-balance",
        )
    return red, green, blue


def _tile(text: str) -> int | None:
    if text == "auto":
        return None
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise typer.BadParameter(f"'{text}' is not auto or a number of pixels", param_hint="--tile")


def _summarise(report: "Report", talk: Talk, preview: Path | None) -> None:
    for note in report.notes:
        talk.note(note)
    if report.model is not None and report.runtime is not None:
        reason = f": {report.runtime.reason}" if report.runtime.reason else ""
        talk.say(f"{report.model.name} on {report.runtime.description}{reason}")
    if talk.verbose:
        talk.say(f"  tiles of {report.tile}")
        for stage, seconds in report.seconds.items():
            talk.say(f"  {stage:<10}{seconds:6.2f} s")
    talk.say(f"{report.output}: written in {sum(report.seconds.values()):.1f} s")
    if preview is not None:
        talk.say(f"{preview}: short, long and result side by side")
