"""Where a training stands, and the learning rate that follows from it."""

import math
from collections.abc import Sequence

from pairfix.train.objectives.spec import Stage
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["cosine", "current_stage", "progress"]


def progress(recipe: TrainRecipe, step: float, seconds: float) -> float:
    """The share of the training that is done, 0 to 1 and beyond.

    Args:
        recipe: Says how long the training lasts.
        step: Steps done.
        seconds: Time used.
    """
    if recipe.minutes is not None:
        return seconds / (60 * recipe.minutes)
    return step / (recipe.steps or 1)


def current_stage(stages: Sequence[Stage], share: float) -> tuple[int, float]:
    """Which stage is on, and the share of it that is done.

    Args:
        stages: The stages in order.
        share: The share of the whole training that is done, at most 1.
    """
    whole = sum(stage.share for stage in stages)
    start = 0.0
    for index, stage in enumerate(stages):
        length = stage.share / whole
        if share < start + length or index == len(stages) - 1:
            return index, min(max((share - start) / length, 0.0), 1.0)
        start += length
    raise ValueError("there is no stage")


def cosine(share: float, warmup: float) -> float:
    """The learning rate over its peak: a linear rise, then half a cosine down to zero.

    Loshchilov and Hutter, 2017 (Eq. 5, without restarts).

    Args:
        share: The share of the stage that is done.
        warmup: The share in which it rises.
    """
    if share < warmup:
        return share / warmup
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))
