"""The record of a training, as JSON and as a picture."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["Losses", "Quality", "TrainingLog", "Validated", "draw_curves"]

_SIZE = (8.0, 8.0)
"""Of the picture, in inches at 100 pixels each."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over some steps, up to and including `step`."""

    step: int
    seconds: float
    """Time used since the start of the training."""
    phase: str
    learning_rate: float
    crops_per_second: float
    losses: dict[str, float]
    """Weighted terms, by player and name."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Similarity to the truth in display values, mean over the validation pairs."""

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
    """Machine, versions, command, recipe, in values that JSON takes."""
    step: int = 0
    """Steps done."""
    seconds: float = 0.0
    """Time used, including earlier parts of a resumed training."""
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
        """Continue the record of an earlier part of the training."""
        earlier = json.loads(text)
        self.step, self.seconds = earlier["step"], earlier["seconds"]
        self.losses = [Losses(**each) for each in earlier["losses"]]
        self.validation = [
            Validated(**each | {"quality": Quality(**each["quality"])})
            for each in earlier["validation"]
        ]


def draw_curves(log: TrainingLog) -> bytes:
    """A PNG of the losses, and of PSNR and SSIM on the validation pairs, over the steps."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    above, middle, below = figure.subplots(3, sharex=True)
    _draw_losses(above, log)
    steps = [each.step for each in log.validation]
    psnr = [each.quality.psnr for each in log.validation]
    ssim = [each.quality.ssim for each in log.validation]
    _draw_quality(middle, "PSNR (dB)", steps, psnr, log.noisy.psnr if log.noisy else None)
    _draw_quality(below, "SSIM", steps, ssim, log.noisy.ssim if log.noisy else None)
    below.set_xlabel("step")
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_losses(axes: Axes, log: TrainingLog) -> None:
    names = dict.fromkeys(name for each in log.losses for name in each.losses)
    for name in names:
        points = [(each.step, each.losses[name]) for each in log.losses if name in each.losses]
        axes.plot(*zip(*points, strict=True), label=name, linewidth=0.8)
    if names:
        axes.legend()
    axes.set_ylabel("loss")
    if all(value > 0 for each in log.losses for value in each.losses.values()):
        axes.set_yscale("log")


def _draw_quality(
    axes: Axes, title: str, steps: Sequence[int], values: Sequence[float], noisy: float | None
) -> None:
    axes.plot(steps, values, marker=".", label="restored (averaged weights)")
    if noisy is not None:
        axes.axhline(noisy, linestyle=":", color="grey", label="noisy short frame")
    axes.set_ylabel(title)
    axes.legend()
