"""What the scripts share that train a small SelfIR and compare it with its paper.

All trainings see the same pairs with Gaussian noise on display values (Zhang et al., Section 4.1),
for equally many steps, and are validated on the same pairs from held-out photos. As in GoPro, whose
sharp frame is the middle one of those that make the blurred frame, nothing is displaced, objects
are in the middle of their way, and lamps leave no streaks.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from pairfix.networks import NETWORKS
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.log import Quality
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe
from pairfix.train.training import train

PAIRS = SynthRecipe(
    domain="srgb",
    noise=("gaussian",),
    gap=(-0.5, -0.5),
    misalignment=0,
    objects=1,
    unprocessing=0,
    lights=0,
)
"""Something moves by itself in every scene, as GoPro's streets have it."""


@dataclass(frozen=True, slots=True)
class Method:
    """What is trained how."""

    objective: str
    inputs: tuple[str, ...] = ("short", "long")
    auxiliary: float = 0.0
    regularisation: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Quality on the validation pairs."""

    noisy: Quality
    """Of the short frames."""
    restored: Quality


def parse_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Add the options of the trainings, and read the command line."""
    parser.add_argument("photos", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--width", type=int, default=24, help="of the network; the paper's has 48")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=3e-4, help="the same for all")
    parser.add_argument(
        "--sigma", type=float, nargs=2, default=(5, 50), help="of the noise, in 8-bit levels"
    )
    parser.add_argument(
        "--blur", type=float, nargs=2, default=PAIRS.blur, help="length of the camera's path in px"
    )
    parser.add_argument(
        "--objects", type=float, default=PAIRS.objects, help="share of pairs where something moves"
    )
    parser.add_argument(
        "--similarity",
        type=float,
        default=ObjectiveSettings().similarity,
        help="from which L_aux takes a patch",
    )
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def run(method: Method, arguments: argparse.Namespace) -> Outcome:
    """Train, and validate at the end."""
    network = NETWORKS["selfir"]
    lowest, highest = arguments.sigma
    task = Task(
        network=network,
        config=network.config(channels=3, width=arguments.width, inputs=method.inputs),
        photos=arguments.photos,
        objective=method.objective,
        settings=ObjectiveSettings(
            loss="l2",
            auxiliary=method.auxiliary,
            regularisation=method.regularisation,
            similarity=arguments.similarity,
        ),
        synth=replace(
            PAIRS,
            sigma=(lowest / 255, highest / 255),
            blur=tuple(arguments.blur),
            objects=arguments.objects,
        ),
    )
    recipe = TrainRecipe(
        steps=arguments.steps,
        batch=arguments.batch,
        crop=arguments.crop,
        learning_rate=arguments.learning_rate,
        ema_decay=0.99,
        precision=arguments.precision,
        validate_every=arguments.steps,
        validation_pairs=64,
    )
    with tempfile.TemporaryDirectory() as temporary:
        log = train(task, Path(temporary) / "model", recipe, torch.device(arguments.device)).log
    if log.noisy is None:
        raise SystemExit("this script runs in one process")
    return Outcome(log.noisy, log.validation[-1].quality)


def cells(quality: Quality) -> str:
    """PSNR and SSIM as cells of a table."""
    return f"{quality.psnr:.2f} | {quality.ssim:.4f}"
