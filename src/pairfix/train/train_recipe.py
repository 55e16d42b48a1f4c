"""How long and in which steps a network is trained, and the learning rate that follows from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pairfix.backends import Precision
from pairfix.train.objectives.spec import Phase

__all__ = ["MINUTES", "REVIEWS", "Optimiser", "TrainRecipe", "cosine", "current_phase", "progress"]

MINUTES = 60.0
"""Length of a training unless the user chooses one."""
REVIEWS = 20
"""Validations and checkpoints of a training unless the user chooses."""
Optimiser = Literal["adam", "muon"]
_PRECISIONS = ("fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """Settings of a training that do not depend on its network and objective.

    Raises:
        ValueError: A value is invalid.
    """

    steps: int | None = None
    """Length of the training in optimiser steps; either this or `minutes`."""
    minutes: float | None = None
    """Length in wall-clock time; the learning rate then follows the share of the time used."""
    batch: int = 16
    """Pairs per step, and per process where several train together."""
    crop: int = 128
    """Side of a pair in the network's planes (half the photo's pixels for a mosaic)."""
    learning_rate: float | None = None
    """Peak of every phase; None for each phase's own."""
    optimiser: Optimiser = "adam"
    """Muon takes the weights of wide convolutions, Adam what is left, at the same learning rate."""
    warmup: float = 0.02
    """Share of each phase in which the learning rate rises linearly."""
    ema_decay: float = 0.999
    """Decay of the exponential moving average of the weights, which is what gets deployed."""
    clip: float = 1.0
    """Maximum norm of a player's gradient; infinity for no limit."""
    precision: Precision = "fp32"
    """Arithmetic of the forward pass (autocast); weights and optimiser stay in fp32."""
    int8: bool = False
    """Round activations as they are where the network runs in int8."""
    seed: int = 0
    compile: bool = False
    """Compile the networks with `torch.compile`: slow to start, faster afterwards on a GPU."""
    channels_last: bool | None = None
    """Memory order of weights and batches; None for the quicker one on the device."""
    log_every: int = 25
    """Steps between two readings of the losses; only then does the host wait for the device."""
    validate_every: int | None = None
    """Steps between two validations and checkpoints; None for `REVIEWS` in the training."""
    validation_pairs: int = 32

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give either steps or minutes")
        for name, known in (("optimiser", get_args(Optimiser)), ("precision", _PRECISIONS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}")
        positive = ("steps", "minutes", "batch", "crop", "learning_rate", "clip", "log_every")
        for name in (*positive, "validate_every", "validation_pairs"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, not {value}")
        for name in ("minutes", "learning_rate"):
            if getattr(self, name) == math.inf:
                raise ValueError(f"{name} must be finite")
        for name in ("warmup", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be from 0 up to 1, not {getattr(self, name)}")


def progress(recipe: TrainRecipe, step: float, seconds: float) -> float:
    """The share of the training that is done, 0 to 1 and beyond.

    Args:
        recipe: The length of the training.
        step: Steps done.
        seconds: Time used.
    """
    if recipe.minutes is not None:
        return seconds / (60 * recipe.minutes)
    return step / (recipe.steps or 1)


def current_phase(phases: Sequence[Phase], share: float) -> tuple[int, float]:
    """Index of the current phase, and the share of it that is done.

    Args:
        phases: The phases in order.
        share: The share of the whole training that is done, at most 1.
    """
    whole = sum(phase.share for phase in phases)
    start = 0.0
    for index, phase in enumerate(phases):
        length = phase.share / whole
        if share < start + length or index == len(phases) - 1:
            return index, min(max((share - start) / length, 0.0), 1.0)
        start += length
    raise ValueError("there is no phase")


def cosine(share: float, warmup: float) -> float:
    """The learning rate over its peak: a linear rise, then half a cosine down to zero.

    Source: Loshchilov and Hutter, 2017 (Eq. 5, without restarts).

    Args:
        share: The share of the phase that is done.
        warmup: The share in which it rises.
    """
    if share < warmup:
        return share / warmup
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))
