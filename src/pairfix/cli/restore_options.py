"""Arguments and options of `pairfix restore` alone."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from pairfix.cli.options import COMPUTING, DEVELOPING
from pairfix.cli.paths import path_argument, path_option
from pairfix.formats import FORMATS
from pairfix.image import ColourSpace, Demosaic, HighlightMode, WhiteBalancePreset
from pairfix.recipe import Cluster, DngKind, Existing

__all__ = [
    "Adapt",
    "ColourSpaceChoice",
    "Crop",
    "Demosaicing",
    "Dng",
    "DryRun",
    "ExistingResults",
    "ExposureCorrection",
    "FailFast",
    "FormatName",
    "Highlights",
    "Jobs",
    "LongOrFolder",
    "ModelName",
    "NameTemplate",
    "NoMetadata",
    "NoPoints",
    "Output",
    "Pages",
    "Preview",
    "Ray",
    "ReblurModule",
    "ReportPage",
    "ReportScores",
    "Shard",
    "ShortOrNone",
    "Tile",
    "Watch",
    "WhiteBalanceText",
    "WorkerCpus",
]

_FOLDERS = "Folders"

LongOrFolder = Annotated[
    Path,
    path_argument(
        help="The long exposure: clean, blurred. Or a folder of pairs, or a CSV file of them.",
        metavar="LONG|FOLDER|CSV",
    ),
]
ShortOrNone = Annotated[
    Path | None,
    path_argument(
        help="The short exposure: sharp, noisy. Omit it for models that take one photo.",
        metavar="SHORT",
    ),
]
Output = Annotated[
    Path,
    path_option(
        "--output", "-o", help=f"The result: {', '.join(FORMATS)}; of a folder, another folder."
    ),
]
NameTemplate = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Names of the results, with {stem}, {long}, {short}, {number}. Default: {stem}.",
        rich_help_panel=_FOLDERS,
    ),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        help=f"{', '.join(each.removeprefix('.') for each in FORMATS)}. Default: png.",
        rich_help_panel=_FOLDERS,
    ),
]
ExistingResults = Annotated[
    Existing | None,
    typer.Option(
        "--existing",
        help="What to do with results that are there. Default: skip; overwrite makes those again "
        "that are out of date.",
        rich_help_panel=_FOLDERS,
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        help="Restore part I of N, for runs side by side.",
        metavar="I/N",
        rich_help_panel=_FOLDERS,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        help="Processes that restore side by side and share the cores; each takes the memory of "
        "a pair. Default: 1. On a cluster: workers at most.",
        min=1,
        metavar="N",
        rich_help_panel=_FOLDERS,
    ),
]
Pages = Annotated[
    bool,
    typer.Option(
        "--pages",
        help="Also make a report of each pair that is restored, and link to it from --report.",
        rich_help_panel=_FOLDERS,
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        help="Restore on the Ray cluster at this address (extra cluster); auto: the one that runs "
        "on this machine, local: start one.",
        metavar="ADDRESS|auto|local",
        rich_help_panel=_FOLDERS,
    ),
]
WorkerCpus = Annotated[
    int | None,
    typer.Option(
        "--worker-cpus",
        help=f"CPUs of a worker on the cluster; GPUs get one each. Default: {Cluster('').cpus}.",
        min=1,
        metavar="N",
        rich_help_panel=_FOLDERS,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Say what would be done, and do nothing.", rich_help_panel=_FOLDERS
    ),
]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Go on looking for new pairs until Ctrl-C (extra watch).",
        rich_help_panel=_FOLDERS,
    ),
]
FailFast = Annotated[
    bool,
    typer.Option(
        "--fail-fast", help="Stop at the first pair that fails.", rich_help_panel=_FOLDERS
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="Name or folder of a model; see 'pairfix models list'. Default: by the photos' type.",
    ),
]
NoPoints = Annotated[
    bool, typer.Option("--no-points", help="Leave stars and distant lamps to the network alone.")
]
NoMetadata = Annotated[
    bool,
    typer.Option(
        "--no-metadata",
        help="Leave out the short photo's metadata: time, place, camera, captions, history.",
    ),
]
Adapt = Annotated[
    int,
    typer.Option(
        help="First adapt the network to the photo by this many steps; 5 in the paper.",
        min=0,
        metavar="N",
    ),
]
ReblurModule = Annotated[
    str | None,
    typer.Option(
        "--reblur-module",
        help="Name or folder of the reblurring module for --adapt. Default: the model's own.",
    ),
]
Crop = Annotated[
    str | None,
    typer.Option(
        "--crop",
        help="Restore and write only this part of the result, in its pixels, to try settings.",
        metavar="X,Y,W,H",
    ),
]
Preview = Annotated[
    Path | None,
    path_option(
        help="Also write crops of short, long and result side by side; or taking turns, as a "
        ".gif, .webp or .mp4."
    ),
]
ReportPage = Annotated[
    Path | None,
    path_option(
        "--report",
        help="Also write a report: one self-contained .html file. Of a folder: a contact sheet.",
    ),
]
ReportScores = Annotated[
    bool,
    typer.Option(
        "--report-scores", help="Score the photos in the report (extra score; downloads weights)."
    ),
]
WhiteBalanceText = Annotated[
    str,
    typer.Option(
        help=f"{', '.join(get_args(WhiteBalancePreset))}, or multipliers R,G,B.",
        rich_help_panel=DEVELOPING,
    ),
]
ExposureCorrection = Annotated[
    float,
    typer.Option(
        help="Brighten (or darken) the result by this many EV.",
        min=-8,
        max=8,
        rich_help_panel=DEVELOPING,
    ),
]
Highlights = Annotated[
    HighlightMode,
    typer.Option(
        help="How LibRaw treats clipped highlights; all but clip darken the photo to make room.",
        rich_help_panel=DEVELOPING,
    ),
]
Demosaicing = Annotated[
    Demosaic, typer.Option(help="LibRaw's demosaicing algorithm.", rich_help_panel=DEVELOPING)
]
ColourSpaceChoice = Annotated[
    ColourSpace,
    typer.Option(
        "--colour-space",
        help="Colours of the result; source: those of the short picture.",
        rich_help_panel=DEVELOPING,
    ),
]
Dng = Annotated[
    DngKind | None,
    typer.Option(
        help="What a DNG holds: the mosaic (cfa), or three channels of light (linear). "
        "Default: the mosaic where there is one.",
        rich_help_panel=DEVELOPING,
    ),
]
Tile = Annotated[
    str,
    typer.Option(
        help="Longest side of a tile in network pixels, or auto; smaller tiles take less memory.",
        rich_help_panel=COMPUTING,
    ),
]
