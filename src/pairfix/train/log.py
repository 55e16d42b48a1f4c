"""What a training leaves behind in numbers."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Losses", "Quality", "TrainingLog", "Validated"]


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over some steps, up to and including `step`."""

    step: int
    seconds: float
    """Time used since the start of the training."""
    stage: str
    learning_rate: float
    crops_per_second: float
    losses: dict[str, float]
    """Weighted terms, by player and name."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Likeness to the truth in display values, mean over the validation pairs."""

    psnr: float
    """In dB."""
    ssim: float


@dataclass(frozen=True, slots=True)
class Validated:
    """The averaged weights' quality after `step`."""

    step: int
    seconds: float
    quality: Quality


@dataclass(slots=True)
class TrainingLog:
    """The record that becomes log.json."""

    about: dict[str, Any]
    """Machine, versions, command, recipe: whatever JSON takes."""
    step: int = 0
    """Steps done."""
    seconds: float = 0.0
    """Time used, earlier parts of a resumed training included."""
    noisy: Quality | None = None
    """Of the validation pairs' short frames."""
    losses: list[Losses] = field(default_factory=list)
    validation: list[Validated] = field(default_factory=list)

    @property
    def validated(self) -> int:
        """The step after which quality was last measured."""
        return self.validation[-1].step if self.validation else -1

    def as_json(self) -> str:
        """The file's text."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def resume(self, text: str) -> None:
        """Take over what an earlier part of the training recorded."""
        earlier = json.loads(text)
        self.step, self.seconds = earlier["step"], earlier["seconds"]
        self.losses = [Losses(**each) for each in earlier["losses"]]
        self.validation = [
            Validated(**each | {"quality": Quality(**each["quality"])})
            for each in earlier["validation"]
        ]
