"""What can be chosen about a fine-tuning."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pairfix.backends import Precision
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["LARGEST_CROP", "MINUTES", "TuneObjective", "TuneRecipe"]

TuneObjective = Literal["auto", "selfir"]
"""auto: supervision on new pairs; selfir: SelfIR's losses on the pairs themselves."""

MINUTES = 15.0
"""Length of a fine-tuning unless the user chooses one."""
LARGEST_CROP = 128
"""Of a pair in the network's planes."""
_VALIDATION_PAIRS = 8
_REVIEWS = 10
"""Validations and checkpoints of a training of so many steps."""
_EMA = 0.99
_WARMUP = 0.05


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """Settings of a fine-tuning; the defaults suit most cameras.

    Raises:
        ValueError: A value is invalid.
    """

    objective: TuneObjective = "auto"
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
        self.training(crop=LARGEST_CROP)
        if not math.isfinite(self.least_gain):
            raise ValueError(f"least_gain must be finite, not {self.least_gain}")

    @property
    def learns_from_pairs(self) -> bool:
        """Whether the pairs themselves are trained on, not new ones."""
        return self.objective == "selfir"

    def training(self, crop: int, *, int8: bool = False) -> TrainRecipe:
        """The settings of the training.

        Args:
            crop: Side of a pair in the network's planes.
            int8: Whether the tuned model may run in int8, as the one that it starts from.
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
            int8=int8,
            seed=self.seed,
            log_every=self.log_every,
            validate_every=max(self.steps // _REVIEWS, 1) if self.steps else None,
            validation_pairs=_VALIDATION_PAIRS,
        )
