"""The training that a fine-tuning runs."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

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
from pairfix.tune.tune_recipe import LARGEST_CROP, TuneObjective, TuneRecipe

__all__ = ["plan_task"]

_OBJECTIVES: Mapping[TuneObjective, str] = {"auto": "supervised", "selfir": "selfir"}
"""The training objective of each."""


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
    crop = _crop(prepared.photos, synth, start)
    return task, recipe.training(crop, int8=start.runs_in_int8)


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
    for crop in range(LARGEST_CROP // multiple * multiple, 0, -multiple):
        if photo_side(crop, synth) <= shortest:
            return crop
    needed = 2 * photo_side(multiple, synth)
    raise InputError(
        f"the photos are too small: {2 * shortest} pixels, {needed} are needed",
        "give the camera's photos uncropped",
    )
