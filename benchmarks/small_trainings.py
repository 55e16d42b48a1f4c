"""What the scripts share that train small networks and compare them with their papers.

All of a script's trainings see the same pairs, for equally many steps, and are validated on the
same pairs from held-out photos. SelfIR's have noise on display values (Zhang et al., Section 4.1).
As in GoPro, whose sharp frame is the middle one of those that make the blurred frame, nothing is
displaced, objects are in the middle of their way, and lamps leave no streaks.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from pairfix.model import Model
from pairfix.networks import NETWORKS
from pairfix.synth.batch import PairBatch
from pairfix.synth.photos import PhotoStore, list_photos
from pairfix.synth.render import photo_side, render
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.log import Quality, TrainingLog
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.task import Task
from pairfix.train.train_recipe import Optimiser, TrainRecipe
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
    """How a SelfIR is trained."""

    objective: str
    inputs: tuple[str, ...] = ("short", "long")
    auxiliary: float = 0.0
    regularisation: float | None = None
    noise: str = "gaussian"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Quality on the validation pairs."""

    noisy: Quality
    """Of the short frames."""
    restored: Quality


def add_training_options(
    parser: argparse.ArgumentParser, *, steps: int, width: int, crop: int, learning_rate: float
) -> None:
    """Add the options of every training, with a script's own defaults."""
    parser.add_argument("photos", type=Path)
    parser.add_argument("--every", type=int, default=1, help="use one photo in this many")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--width", type=int, default=width, help="of the networks")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--crop", type=int, default=crop)
    parser.add_argument(
        "--learning-rate", type=float, default=learning_rate, help="the same for all"
    )
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cpu")


def parse_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Add the options of SelfIR's trainings, and read the command line."""
    add_training_options(parser, steps=2000, width=24, crop=128, learning_rate=3e-4)
    parser.add_argument(
        "--sigma", type=float, nargs=2, default=(5, 50), help="of Gaussian noise, in 8-bit levels"
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
    return parser.parse_args()


@contextmanager
def trained(
    task: Task,
    arguments: argparse.Namespace,
    start: Model | None = None,
    *,
    optimiser: Optimiser = "adam",
) -> Iterator[tuple[TrainingLog, Model]]:
    """Train, and validate at the end; the model's folder is there until the context ends."""
    recipe = TrainRecipe(
        steps=arguments.steps,
        batch=arguments.batch,
        crop=arguments.crop,
        learning_rate=arguments.learning_rate,
        optimiser=optimiser,
        ema_decay=0.99,
        precision=arguments.precision,
        validate_every=arguments.steps,
        validation_pairs=64,
    )
    with tempfile.TemporaryDirectory() as temporary:
        photos, model = Path(temporary) / "photos", Path(temporary) / "model"
        photos.mkdir()
        for index, path in enumerate(
            list_photos(task.photos, "validation", holdout=arguments.every)
        ):
            (photos / f"{index:06d}{path.suffix}").symlink_to(path.resolve())
        device = torch.device(arguments.device)
        result = train(replace(task, photos=photos), model, recipe, device, start=start)
        if result.model is None:
            raise SystemExit("this script runs in one process")
        yield result.log, result.model


def held_out(photos: Path, synth: SynthRecipe, *, count: int, side: int) -> PairBatch:
    """Pairs of photos that no training sees, on the CPU, the same at each call."""
    store = PhotoStore.load(
        photos, torch.device("cpu"), smallest=photo_side(side, synth), part="validation"
    )
    return render(store, synth, count, side, torch.Generator().manual_seed(3))


def run(method: Method, arguments: argparse.Namespace) -> Outcome:
    """Train a SelfIR, and validate at the end."""
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
            noise=(method.noise,),
            sigma=(lowest / 255, highest / 255),
            blur=tuple(arguments.blur),
            objects=arguments.objects,
        ),
    )
    with trained(task, arguments) as (log, _):
        if log.noisy is None:
            raise SystemExit("this script runs in one process")
        return Outcome(log.noisy, log.validation[-1].quality)


def cells(quality: Quality) -> str:
    """PSNR and SSIM as cells of a table."""
    return f"{quality.psnr:.2f} | {quality.ssim:.4f}"
