"""Which training a fine-tuning is."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pairfix.backends import Precision
from pairfix.calibration import CameraProfile
from pairfix.errors import InputError
from pairfix.formats import read_facts
from pairfix.model import Model
from pairfix.noise import affine_curve
from pairfix.synth.noise import CALIBRATED
from pairfix.synth.render import photo_side
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.objectives import SHRINKS, ObjectiveSettings
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe
from pairfix.tune.prepare import Prepared

__all__ = ["TuneRecipe", "plan_task"]

_LARGEST_CROP = 128
_VALIDATION_PAIRS = 8
_REVIEWS = 10
"""Validations and checkpoints of a training of so many steps."""
_EMA = 0.99
_WARMUP = 0.05
_OBJECTIVES = {"auto": "supervised", "selfir": "selfir"}


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """Settings of a fine-tuning; the defaults suit most cameras.

    Raises:
        ValueError: A value makes no sense.
    """

    objective: Literal["auto", "selfir"] = "auto"
    """Supervision on newly synthesised pairs, or SelfIR's own losses on the pairs themselves."""
    photos: tuple[Path, ...] = ()
    """More folders of sharp photos."""
    steps: int | None = None
    """Length in steps; either this or `minutes`."""
    minutes: float | None = None
    batch: int = 4
    learning_rate: float = 1e-4
    least_gain: float = 0.2
    """Estimated gain in dB below which the model is left as it is."""
    precision: Precision = "fp32"
    seed: int = 0
    log_every: int = 5

    def __post_init__(self) -> None:
        self.training(crop=_LARGEST_CROP)
        if not math.isfinite(self.least_gain):
            raise ValueError(f"least_gain must be finite, not {self.least_gain}")

    def training(self, crop: int) -> TrainRecipe:
        """The settings of the training.

        Args:
            crop: Side of a pair in the network's planes.
        """
        return TrainRecipe(
            steps=self.steps,
            minutes=self.minutes,
            batch=self.batch,
            crop=crop,
            learning_rate=self.learning_rate,
            warmup=_WARMUP,
            ema_decay=_EMA,
            precision=self.precision,
            seed=self.seed,
            log_every=self.log_every,
            validate_every=max(self.steps // _REVIEWS, 1) if self.steps else None,
            validation_pairs=_VALIDATION_PAIRS,
        )


def plan_task(prepared: Prepared, start: Model, recipe: TuneRecipe) -> tuple[Task, TrainRecipe]:
    """What to train, and how.

    Args:
        prepared: What was found out.
        start: The model to start from.
        recipe: What the user chose.

    Raises:
        InputError: The photos are too small.
    """
    synth = SynthRecipe(
        domain=start.domain,
        noise=(CALIBRATED,),
        profile=prepared.profile,
        blur=prepared.blur,
        row_noise=0.0,
    )
    task = Task(
        network=start.network,
        config=start.config,
        photos=prepared.photos,
        objective=_OBJECTIVES[recipe.objective],
        settings=ObjectiveSettings(noise_curve=_noise_curve(prepared.profile)),
        synth=synth,
        further_photos=recipe.photos,
    )
    return task, recipe.training(_crop(prepared.photos, synth, start))


def _noise_curve(profile: CameraProfile) -> tuple[tuple[float, ...], ...]:
    """The noise that maps of the short frames would show, in the commonest setting."""
    setting = max(profile.settings, key=lambda each: each.pairs)
    fit = setting.short
    gains = np.full(len(fit.shot), setting.brightening)
    if profile.white_balances:
        gains = gains * np.mean(profile.white_balances, axis=0)[[0, 1, 1, 2]]
    read = np.array(fit.read) + fit.rows**2 + fit.columns**2
    curve = affine_curve(gains * fit.shot, gains**2 * read, profile.domain)
    return tuple(tuple(row) for row in curve.tolist())


def _crop(photos: Path, synth: SynthRecipe, start: Model) -> int:
    """The largest crop that the photos allow and the network takes."""
    shortest = min(min(read_facts(path).size) for path in sorted(photos.iterdir()))
    graphs = (graph for graph in start.graphs if graph.reduction is None)
    multiple = SHRINKS * math.lcm(*(graph.multiple for graph in graphs))
    for crop in range(_LARGEST_CROP // multiple * multiple, 0, -multiple):
        if photo_side(crop, synth) <= shortest:
            return crop
    needed = 2 * photo_side(multiple, synth)
    raise InputError(
        f"the photos are too small: {2 * shortest} pixels, {needed} are needed",
        "give the camera's photos uncropped",
    )
