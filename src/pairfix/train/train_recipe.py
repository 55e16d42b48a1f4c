"""How long and in which steps a network is trained."""

import math
from dataclasses import dataclass

from pairfix.backends import Precision

__all__ = ["TrainRecipe"]


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """Settings of a training, whatever its network and objective.

    Raises:
        ValueError: A value makes no sense.
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
    """Peak of every stage; None for the stages' own."""
    warmup: float = 0.02
    """Share of each stage in which the learning rate rises linearly."""
    ema_decay: float = 0.999
    """Of the exponential moving average of the weights, which is what gets deployed."""
    clip: float = 1.0
    """Greatest norm of a player's gradient; infinity for no limit."""
    precision: Precision = "fp32"
    """Arithmetic of the forward pass (autocast); weights and optimiser stay in fp32."""
    seed: int = 0
    compile: bool = False
    """Compile the networks with `torch.compile`: slow to start, faster afterwards on a GPU."""
    channels_last: bool = True
    """Memory order of weights and batches."""
    log_every: int = 25
    """Steps between two looks at the losses; only then does the host wait for the device."""
    validate_every: int | None = None
    """Steps between two validations and checkpoints; None for every twentieth of the training."""
    validation_pairs: int = 32

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give either steps or minutes")
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
