"""A picture of how a training went."""

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pairfix.train.log import TrainingLog

__all__ = ["draw_curves"]

_SIZE = (8.0, 8.0)
"""Inches, at 100 pixels each."""


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
