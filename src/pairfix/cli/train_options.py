"""Arguments and options of `pairfix train`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pairfix.image import Domain
from pairfix.networks import NETWORKS
from pairfix.synth.noise import NOISES
from pairfix.synth.synth_recipe import AUGMENTATIONS

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
    "PairDomain",
    "Photos",
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
_COURSE = "Course"


NetworkName = Annotated[
    str, typer.Argument(help=f"{', '.join(NETWORKS)}.", metavar="NETWORK", show_default=False)
]
Photos = Annotated[
    Path,
    typer.Argument(
        help="A folder of sharp photos (no raws), folders in it included.", metavar="PHOTOS"
    ),
]
Folder = Annotated[
    Path, typer.Option("--output", "-o", help="The new model folder.", metavar="FOLDER")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the checkpoint in FOLDER.training.")
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
    str | None,
    typer.Option(
        help="What to minimise: supervised, noisy-supervised, self-supervised, selfir, "
        "two-phase, adversarial, reblur; else what suits the network.",
        rich_help_panel=_TASK,
    ),
]
Loss = Annotated[
    Literal["l1", "l2", "charbonnier"],
    typer.Option(
        help="How supervised training compares results with the truth.", rich_help_panel=_TASK
    ),
]
Reblur = Annotated[
    float,
    typer.Option(
        help="Weight of the reblurring loss (the paper: 1).", min=0, rich_help_panel=_TASK
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
        help=f"Noise models, comma between: {', '.join(NOISES)}.",
        metavar="NAMES",
        rich_help_panel=_PAIRS,
    ),
]
Sigma = Annotated[
    tuple[float, float] | None,
    typer.Option(
        help="Range of the Gaussian noise's standard deviation, in 8-bit levels; else 5 to 50.",
        metavar="LEAST MOST",
        rich_help_panel=_PAIRS,
    ),
]
Ratio = Annotated[
    tuple[float, float],
    typer.Option(
        help="Range of the long frame's exposure over the short one's.",
        metavar="LEAST MOST",
        rich_help_panel=_PAIRS,
    ),
]
Blur = Annotated[
    tuple[float, float],
    typer.Option(
        help="Range of the camera path's length in the photo's pixels.",
        metavar="LEAST MOST",
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
        help=f"What D2HNet does besides noise, comma between: {', '.join(AUGMENTATIONS)}.",
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

Steps = Annotated[int | None, typer.Option(help="Length in steps.", min=1, rich_help_panel=_COURSE)]
Minutes = Annotated[
    float | None,
    typer.Option(
        help="Length in minutes; else 60, unless there are --steps.", rich_help_panel=_COURSE
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        help="Highest rate of every stage; else the objective's.", rich_help_panel=_COURSE
    ),
]
Warmup = Annotated[
    float, typer.Option(help="Share of a stage in which the rate rises.", rich_help_panel=_COURSE)
]
EmaDecay = Annotated[
    float, typer.Option("--ema", help="Decay of the weights' average.", rich_help_panel=_COURSE)
]
Clip = Annotated[float, typer.Option(help="Greatest norm of a gradient.", rich_help_panel=_COURSE)]
ValidateEvery = Annotated[
    int | None,
    typer.Option(
        "--val-every",
        help="Steps between validations and checkpoints; else 20 of them.",
        min=1,
        rich_help_panel=_COURSE,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="All random choices follow from it.", min=0, max=2**63 - 1, rich_help_panel=_COURSE
    ),
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile", help="Compile the networks: for long runs on a GPU.", rich_help_panel=_COURSE
    ),
]
