"""Arguments and options that commands share."""

from typing import Annotated

import typer

from pairfix.backends import BACKENDS, DeviceChoice, PrecisionChoice
from pairfix.image import AlignmentMode
from pairfix.recipe import ENSEMBLES, STRENGTHS

__all__ = [
    "COMPUTING",
    "DEVELOPING",
    "Align",
    "Backend",
    "Bits",
    "Device",
    "Ensemble",
    "Json",
    "KeepRowNoise",
    "NoSharpLong",
    "Overwrite",
    "PrecisionOption",
    "Quality",
    "Quiet",
    "Strength",
    "Verbose",
]

DEVELOPING = "Developing"
COMPUTING = "Computing"
"""Panels of the help."""

Align = Annotated[
    AlignmentMode, typer.Option("--align", help="Camera motion to look for between the photos.")
]
KeepRowNoise = Annotated[
    bool, typer.Option("--keep-row-noise", help="Do not remove row noise from the short raw.")
]
NoSharpLong = Annotated[
    bool,
    typer.Option("--no-sharp-long", help="Do not use the long photo itself where it is sharp."),
]
Strength = Annotated[
    float,
    typer.Option(
        help="Noise to remove: 0.8 leaves a fifth of it; above 1 smooths pictures more.",
        min=STRENGTHS[0],
        max=STRENGTHS[1],
    ),
]
Ensemble = Annotated[
    int,
    typer.Option(
        help="Restore N mirror images: their mean is a little better, and takes N times as long.",
        min=ENSEMBLES[0],
        max=ENSEMBLES[1],
        metavar="N",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more details.")]

Bits = Annotated[
    int | None,
    typer.Option(
        help="Bits per channel. Default: 16 where the format holds them, 10 in AVIF, 8 in JPEG.",
        rich_help_panel=DEVELOPING,
    ),
]
Quality = Annotated[
    int, typer.Option(help="JPEG and AVIF quality.", min=1, max=100, rich_help_panel=DEVELOPING)
]

Backend = Annotated[
    str,
    typer.Option(
        help="Library that runs the network.",
        metavar=f"[{'|'.join(['auto', *BACKENDS])}]",
        rich_help_panel=COMPUTING,
    ),
]
Device = Annotated[
    DeviceChoice,
    typer.Option(
        help="Device to compute on; an error if it is not available.", rich_help_panel=COMPUTING
    ),
]
PrecisionOption = Annotated[
    PrecisionChoice,
    typer.Option(help="Number format to compute in.", rich_help_panel=COMPUTING),
]
