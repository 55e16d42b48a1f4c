"""Arguments and options of the commands."""

from pathlib import Path
from typing import Annotated

import typer

from pairfix.backends import BACKENDS, DeviceChoice, PrecisionChoice
from pairfix.formats import FORMATS
from pairfix.image import AlignmentMode, Demosaic, HighlightMode

__all__ = [
    "Adapt",
    "Align",
    "Aligned",
    "Backend",
    "Bits",
    "Demosaicing",
    "Device",
    "ExposureCorrection",
    "Highlights",
    "Json",
    "KeepRowNoise",
    "Long",
    "ModelName",
    "Output",
    "Overwrite",
    "PrecisionOption",
    "Preview",
    "Quality",
    "Quiet",
    "ReblurModule",
    "ReportPage",
    "ReportScores",
    "Short",
    "ShortOrNone",
    "Tile",
    "Verbose",
    "WhiteBalanceText",
]

_DEVELOPING = "Developing"
_COMPUTING = "Computing"
_PICTURES = ", ".join(suffix for suffix, kind in FORMATS.items() if not kind.mosaic)

Long = Annotated[Path, typer.Argument(help="The long exposure: clean, blurred.", metavar="LONG")]
Short = Annotated[Path, typer.Argument(help="The short exposure: sharp, noisy.", metavar="SHORT")]
ShortOrNone = Annotated[
    Path | None,
    typer.Argument(
        help="The short exposure: sharp, noisy. Left out with models that take one photo.",
        metavar="SHORT",
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help=f"The result: {', '.join(FORMATS)}.")]
Aligned = Annotated[
    Path, typer.Option("--output", "-o", help=f"The aligned long exposure: {_PICTURES}.")
]
ModelName = Annotated[
    str | None,
    typer.Option("--model", "-m", help="A model's name ('pairfix models list') or folder."),
]
Align = Annotated[
    AlignmentMode, typer.Option("--align", help="The motion to look for between the photos.")
]
KeepRowNoise = Annotated[
    bool, typer.Option("--keep-row-noise", help="Do not take stripes out of the short raw.")
]
Adapt = Annotated[
    int,
    typer.Option(
        help="Steps by which the network is first adapted to the photo; 5 in the paper.",
        min=0,
        metavar="N",
    ),
]
ReblurModule = Annotated[
    str | None,
    typer.Option(
        "--reblur-module", help="Name or folder of the reblurring module that --adapt asks."
    ),
]
Preview = Annotated[
    Path | None, typer.Option(help="Also write crops of short, long and result side by side.")
]
ReportPage = Annotated[
    Path | None,
    typer.Option("--report", help="Also write an .html page to look through and to mail."),
]
ReportScores = Annotated[
    bool,
    typer.Option(
        "--report-scores", help="Score the photos on that page (extra score; fetches weights)."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON result on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]

WhiteBalanceText = Annotated[
    str,
    typer.Option(help="camera, daylight, auto, or multipliers R,G,B.", rich_help_panel=_DEVELOPING),
]
ExposureCorrection = Annotated[
    float,
    typer.Option(help="Exposure correction in EV.", min=-8, max=8, rich_help_panel=_DEVELOPING),
]
Highlights = Annotated[
    HighlightMode,
    typer.Option(help="What LibRaw does where channels clip.", rich_help_panel=_DEVELOPING),
]
Demosaicing = Annotated[
    Demosaic, typer.Option(help="Demosaicing algorithm.", rich_help_panel=_DEVELOPING)
]
Bits = Annotated[
    int | None,
    typer.Option(
        help="Bits per channel, 8 or 16; else the format's best.", rich_help_panel=_DEVELOPING
    ),
]
Quality = Annotated[
    int, typer.Option(help="JPEG quality.", min=1, max=100, rich_help_panel=_DEVELOPING)
]

Backend = Annotated[
    str,
    typer.Option(
        help="What runs the network.",
        metavar=f"[{'|'.join(['auto', *BACKENDS])}]",
        rich_help_panel=_COMPUTING,
    ),
]
Device = Annotated[
    DeviceChoice,
    typer.Option(
        help="What computes; one that is not there is an error.", rich_help_panel=_COMPUTING
    ),
]
PrecisionOption = Annotated[
    PrecisionChoice,
    typer.Option(help="Number format of the computation.", rich_help_panel=_COMPUTING),
]
Tile = Annotated[
    str,
    typer.Option(
        help="Longest side of a tile in the network's pixels, or auto; smaller takes less memory.",
        rich_help_panel=_COMPUTING,
    ),
]
