"""Arguments and options of `pairfix train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pairfix.cli.paths import path_argument, path_option
from pairfix.image import Domain
from pairfix.networks import NETWORKS
from pairfix.synth.noise import NOISES
from pairfix.synth.synth_recipe import AUGMENTATIONS, SynthRecipe
from pairfix.train.objectives import OBJECTIVES, PixelLossName
from pairfix.train.train_recipe import MINUTES, REVIEWS, Optimiser

__all__ = [
    "Augment",
    "Batch",
    "Blur",
    "Clip",
    "Compile",
    "Crop",
    "Deblurrer",
    "EmaDecay",
    "Fields",
    "Folder",
    "From",
    "Jpeg",
    "LearningRate",
    "Loss",
    "Minutes",
    "NetworkName",
    "Noise",
    "ObjectiveName",
    "OptimiserName",
    "PairDomain",
    "Photos",
    "Processing",
    "Ratio",
    "Reblur",
    "Resume",
    "Seed",
    "Sigma",
    "Steps",
    "ValidateEvery",
    "ValidationPairs",
    "Warmup",
]

_TASK = "What to train"
_PAIRS = "Pairs"
_SCHEDULE = "Schedule"

_LOWEST, _HIGHEST = (255 * sigma for sigma in SynthRecipe().sigma)

if TYPE_CHECKING:
    _Objective = str
else:
    _Objective = Literal[tuple(OBJECTIVES)]

NetworkName = Annotated[
    str, typer.Argument(help=f"{', '.join(NETWORKS)}.", metavar="NETWORK", show_default=False)
]
Photos = Annotated[
    Path,
    path_argument(
        help="A folder of sharp photos (no raws), searched with its subfolders.", metavar="PHOTOS"
    ),
]
Folder = Annotated[
    Path, path_option("--output", "-o", help="The new model folder.", metavar="FOLDER")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue from the checkpoint in FOLDER.training.")
]

PairDomain = Annotated[Domain, typer.Option(help="What to restore.", rich_help_panel=_TASK)]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A field of the network's configuration, in JSON: width=16, noise=true.",
        metavar="FIELD=VALUE",
        rich_help_panel=_TASK,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", help="The model to start from.", metavar="MODEL|FOLDER", rich_help_panel=_TASK
    ),
]
ObjectiveName = Annotated[
    _Objective | None,
    typer.Option(help="What to minimise. Default: by the network.", rich_help_panel=_TASK),
]
Loss = Annotated[
    PixelLossName,
    typer.Option(
        help="How supervised training compares results with the truth.", rich_help_panel=_TASK
    ),
]
Reblur = Annotated[
    float,
    typer.Option(
        help="Weight of the reblurring loss (1 in the paper).", min=0, rich_help_panel=_TASK
    ),
]
Deblurrer = Annotated[
    str | None,
    typer.Option(
        help="The model whose results a reblurring module learns to blur.",
        metavar="MODEL|FOLDER",
        rich_help_panel=_TASK,
    ),
]

Noise = Annotated[
    str,
    typer.Option(
        help=f"Noise models, separated by commas: {', '.join(NOISES)}.",
        metavar="NAMES",
        rich_help_panel=_PAIRS,
    ),
]
Sigma = Annotated[
    tuple[float, float] | None,
    typer.Option(
        help="Range of the Gaussian noise's standard deviation, in 8-bit levels. "
        f"Default: {_LOWEST:g} to {_HIGHEST:g}.",
        metavar="MIN MAX",
        rich_help_panel=_PAIRS,
    ),
]
Ratio = Annotated[
    tuple[float, float],
    typer.Option(
        help="Range of the long frame's exposure over the short one's.",
        metavar="MIN MAX",
        rich_help_panel=_PAIRS,
    ),
]
Blur = Annotated[
    tuple[float, float],
    typer.Option(
        help="Range of the camera path's length in the photo's pixels.",
        metavar="MIN MAX",
        rich_help_panel=_PAIRS,
    ),
]
Processing = Annotated[
    float,
    typer.Option(
        help="Share of pairs that a camera processed: noise reduction, sharpening (srgb).",
        min=0,
        max=1,
        rich_help_panel=_PAIRS,
    ),
]
Jpeg = Annotated[
    float,
    typer.Option(
        help="Share of pairs that were JPEG-compressed (srgb).",
        min=0,
        max=1,
        rich_help_panel=_PAIRS,
    ),
]
Augment = Annotated[
    str,
    typer.Option(
        help="D2HNet's augmentations besides noise, separated by commas: "
        f"{', '.join(AUGMENTATIONS)}.",
        metavar="NAMES",
        rich_help_panel=_PAIRS,
    ),
]
Batch = Annotated[int, typer.Option(help="Pairs per step.", min=1, rich_help_panel=_PAIRS)]
Crop = Annotated[
    int,
    typer.Option(help="Side of a pair in the network's pixels.", min=8, rich_help_panel=_PAIRS),
]
ValidationPairs = Annotated[
    int, typer.Option("--val-pairs", help="Pairs to validate with.", min=1, rich_help_panel=_PAIRS)
]

Steps = Annotated[
    int | None, typer.Option(help="Length in steps.", min=1, rich_help_panel=_SCHEDULE)
]
Minutes = Annotated[
    float | None,
    typer.Option(
        help=f"Length in minutes. Default: {MINUTES:g}, unless --steps is given.",
        rich_help_panel=_SCHEDULE,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        help="Peak learning rate of every phase. Default: by the objective.",
        rich_help_panel=_SCHEDULE,
    ),
]
OptimiserName = Annotated[
    Optimiser,
    typer.Option(
        "--optimiser",
        help="Muon learns more from a step than Adam, which takes a little less time.",
        rich_help_panel=_SCHEDULE,
    ),
]
Warmup = Annotated[
    float,
    typer.Option(
        help="Share of a phase in which the learning rate rises.", rich_help_panel=_SCHEDULE
    ),
]
EmaDecay = Annotated[
    float,
    typer.Option("--ema", help="Decay of the weights' moving average.", rich_help_panel=_SCHEDULE),
]
Clip = Annotated[float, typer.Option(help="Maximum norm of a gradient.", rich_help_panel=_SCHEDULE)]
ValidateEvery = Annotated[
    int | None,
    typer.Option(
        "--val-every",
        help=f"Steps between validations and checkpoints; else {REVIEWS} in the training.",
        min=1,
        rich_help_panel=_SCHEDULE,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="Seed of all random choices.", min=0, max=2**63 - 1, rich_help_panel=_SCHEDULE
    ),
]
Int8 = Annotated[
    bool | None,
    typer.Option(
        "--int8/--no-int8",
        help="Round activations to 8 bits, for a model that may run in int8. Default: as --from.",
        rich_help_panel=_SCHEDULE,
    ),
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile", help="Compile the networks: for long runs on a GPU.", rich_help_panel=_SCHEDULE
    ),
]
