"""Arguments and options that commands share."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from pairfix.backends import BACKENDS, DeviceChoice, PrecisionChoice
from pairfix.formats import FORMATS
from pairfix.image import AlignmentMode, ColourSpace, Demosaic, HighlightMode, WhiteBalancePreset
from pairfix.recipe import Cluster, DngKind, Existing

__all__ = [
    "Adapt",
    "Align",
    "Aligned",
    "Backend",
    "Bits",
    "ColourSpaceChoice",
    "Crop",
    "Demosaicing",
    "Device",
    "Dng",
    "DryRun",
    "ExistingResults",
    "ExposureCorrection",
    "FailFast",
    "FormatName",
    "Highlights",
    "Jobs",
    "Json",
    "KeepRowNoise",
    "Long",
    "LongOrFolder",
    "ModelName",
    "NameTemplate",
    "NoMetadata",
    "NoPoints",
    "NoSharpLong",
    "Output",
    "Overwrite",
    "Pages",
    "PrecisionOption",
    "Preview",
    "Quality",
    "Quiet",
    "Ray",
    "ReblurModule",
    "ReportPage",
    "ReportScores",
    "Shard",
    "Short",
    "ShortOrNone",
    "Strength",
    "Tile",
    "Verbose",
    "Watch",
    "WhiteBalanceText",
    "WorkerCpus",
]

_DEVELOPING = "Developing"
_COMPUTING = "Computing"
_FOLDERS = "Folders"
_PICTURES = ", ".join(suffix for suffix, kind in FORMATS.items() if not kind.mosaic)

Long = Annotated[Path, typer.Argument(help="The long exposure: clean, blurred.", metavar="LONG")]
LongOrFolder = Annotated[
    Path,
    typer.Argument(
        help="The long exposure: clean, blurred. Or a folder of pairs, or a CSV file of them.",
        metavar="LONG|FOLDER|CSV",
    ),
]
Short = Annotated[Path, typer.Argument(help="The short exposure: sharp, noisy.", metavar="SHORT")]
ShortOrNone = Annotated[
    Path | None,
    typer.Argument(
        help="The short exposure: sharp, noisy. Omit it for models that take one photo.",
        metavar="SHORT",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
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
Aligned = Annotated[
    Path, typer.Option("--output", "-o", help=f"The aligned long exposure: {_PICTURES}.")
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="Name or folder of a model; see 'pairfix models list'. Default: by the photos' type.",
    ),
]
Align = Annotated[
    AlignmentMode, typer.Option("--align", help="Camera motion to look for between the photos.")
]
KeepRowNoise = Annotated[
    bool, typer.Option("--keep-row-noise", help="Do not remove row noise from the short raw.")
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
NoSharpLong = Annotated[
    bool,
    typer.Option("--no-sharp-long", help="Do not use the long photo itself where it is sharp."),
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
Strength = Annotated[
    float,
    typer.Option(
        help="Factor on the noise that the network is told of: less keeps grain, more smooths.",
        min=0,
        max=3,
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
    typer.Option(
        help="Also write crops of short, long and result side by side; or taking turns, as a "
        ".gif, .webp or .mp4."
    ),
]
ReportPage = Annotated[
    Path | None,
    typer.Option(
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
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more details.")]

WhiteBalanceText = Annotated[
    str,
    typer.Option(
        help=f"{', '.join(get_args(WhiteBalancePreset))}, or multipliers R,G,B.",
        rich_help_panel=_DEVELOPING,
    ),
]
ExposureCorrection = Annotated[
    float,
    typer.Option(
        help="Brighten (or darken) the result by this many EV.",
        min=-8,
        max=8,
        rich_help_panel=_DEVELOPING,
    ),
]
Highlights = Annotated[
    HighlightMode,
    typer.Option(help="How LibRaw treats clipped highlights.", rich_help_panel=_DEVELOPING),
]
Demosaicing = Annotated[
    Demosaic, typer.Option(help="LibRaw's demosaicing algorithm.", rich_help_panel=_DEVELOPING)
]
ColourSpaceChoice = Annotated[
    ColourSpace,
    typer.Option(
        "--colour-space",
        help="Colours of the result; source: those of the short picture.",
        rich_help_panel=_DEVELOPING,
    ),
]
Bits = Annotated[
    int | None,
    typer.Option(
        help="Bits per channel. Default: 16 where the format holds them, 10 in AVIF, 8 in JPEG.",
        rich_help_panel=_DEVELOPING,
    ),
]
Dng = Annotated[
    DngKind | None,
    typer.Option(
        help="What a DNG holds: the mosaic (cfa), or three channels of light (linear). "
        "Default: the mosaic where there is one.",
        rich_help_panel=_DEVELOPING,
    ),
]
Quality = Annotated[
    int, typer.Option(help="JPEG and AVIF quality.", min=1, max=100, rich_help_panel=_DEVELOPING)
]

Backend = Annotated[
    str,
    typer.Option(
        help="Library that runs the network.",
        metavar=f"[{'|'.join(['auto', *BACKENDS])}]",
        rich_help_panel=_COMPUTING,
    ),
]
Device = Annotated[
    DeviceChoice,
    typer.Option(
        help="Device to compute on; an error if it is not available.", rich_help_panel=_COMPUTING
    ),
]
PrecisionOption = Annotated[
    PrecisionChoice,
    typer.Option(help="Number format to compute in.", rich_help_panel=_COMPUTING),
]
Tile = Annotated[
    str,
    typer.Option(
        help="Longest side of a tile in network pixels, or auto; smaller tiles take less memory.",
        rich_help_panel=_COMPUTING,
    ),
]
