"""Arguments and options of `pairfix synth`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pairfix.image import Domain

__all__ = [
    "Chosen",
    "Count",
    "Displacement",
    "FileFormat",
    "Frames",
    "FromVideo",
    "GapFrames",
    "PairDomain",
    "Pairs",
    "PhotosOf",
    "Seed",
    "Size",
    "Source",
]

_MOTION = "Motion"

FileFormat = Literal["dng", "png", "tiff", "jpg"]

Source = Annotated[
    Path,
    typer.Argument(
        help="A folder of sharp photos; with --from-video a video or a folder of its frames.",
        metavar="PHOTOS",
    ),
]
Pairs = Annotated[
    Path, typer.Option("--output", "-o", help="Where the pairs' folders go.", metavar="PAIRS")
]
Count = Annotated[
    int | None,
    typer.Option(help="Pairs; else one of each photo, or all that the video gives.", min=1),
]
Size = Annotated[
    str | None,
    typer.Option(help="Size of the photos in pixels; else as large as can be.", metavar="WxH"),
]
PhotosOf = Annotated[
    Literal["all", "train", "validation"],
    typer.Option("--part", help="Which of the photos, by the split that training makes."),
]
PairDomain = Annotated[
    Domain | None, typer.Option(help="Raw or developed; else what the format holds.")
]
Chosen = Annotated[
    FileFormat | None,
    typer.Option("--format", help="Else dng for raw, png for srgb."),
]
Displacement = Annotated[
    float,
    typer.Option(
        help="How far the camera moves from photo to photo, in pixels.",
        min=0,
        rich_help_panel=_MOTION,
    ),
]
FromVideo = Annotated[
    bool,
    typer.Option(
        "--from-video", help="Average the frames of high-speed video.", rich_help_panel=_MOTION
    ),
]
Frames = Annotated[
    tuple[int, int],
    typer.Option(
        help="Range of frames that are averaged from a video.",
        metavar="LEAST MOST",
        rich_help_panel=_MOTION,
    ),
]
GapFrames = Annotated[
    tuple[int, int],
    typer.Option(
        help="Range of a video's frames lost between the photos.",
        metavar="LEAST MOST",
        rich_help_panel=_MOTION,
    ),
]
Seed = Annotated[int, typer.Option(help="All random choices follow from it.", min=0)]
