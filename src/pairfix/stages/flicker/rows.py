"""How much brighter the short frame is than the long one, row by row.

Means of blocks are compared, and the blocks of a row are averaged without those that disagree:
something moved there, or blur carried light across.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes

__all__ = ["SATURATED", "Blocks", "Rows", "measure_blocks", "measure_rows"]

SATURATED = 0.9
"""Share of the saturation level above which a sample may no longer follow the light."""
_CLIPPED_SHARE = 0.002
"""Share of saturated samples above which a block's mean is wrong."""
_ALONG, _ACROSS = 128, 24
"""Blocks down the rows and along them, at most."""
_FEWEST_ALONG, _FEWEST_ACROSS = 24, 8
"""The same, at least."""
_SAMPLES = 16
"""Samples on each side of a block that are looked at, of larger ones."""
_FAINTEST_OVER_NOISE = 5.0
"""Standard errors that a block's mean must exceed to have a ratio."""
_FARTHEST = 1.6
"""Logarithm of the ratio, a factor of 5, beyond which a block shows something else."""
_MISMATCH = 0.03
"""Deviation of log ratios between scenes that agree well; no block counts for more than that."""
_OUTLIER = 4.0
"""Standard deviations at which a block no longer counts (Tukey's biweight)."""
_MEDIAN_SQUARE = 0.455
"""Median of the square of a standard normal variable."""
_PASSES = 4
_TINY = 1e-9

Floats = NDArray[np.float64]


class Blocks(NamedTuple):
    """Blocks of both frames, ``C x K x J``: K down the rows, J along them."""

    ratio: Floats
    """Logarithm of short over long."""
    certainty: Floats
    """One over the ratio's variance; 0 where a block says nothing."""
    light: Floats
    """Mean of the long frame, at least 0."""

    def halves(self) -> tuple["Blocks", "Blocks"]:
        """Those on the left and those on the right."""
        middle = self.ratio.shape[2] // 2
        return (
            Blocks(*(each[:, :, :middle] for each in self)),
            Blocks(*(each[:, :, middle:] for each in self)),
        )


class Rows(NamedTuple):
    """What K rows of blocks show, ``C x K``."""

    gain: Floats
    """Logarithm of short over long."""
    certainty: Floats
    """One over the gain's variance; 0 where no block counts."""
    light: Floats
    """Mean of the long frame, at least 0."""

    def halves(self) -> tuple["Rows", "Rows"]:
        """The same rows, of which only the upper or only the lower ones count."""
        length = self.gain.shape[1]
        upper = np.arange(length) < length // 2
        return (
            self._replace(certainty=self.certainty * upper),
            self._replace(certainty=self.certainty * ~upper),
        )


def measure_blocks(
    short: Planes, long: Planes, short_limits: Planes, long_limits: Planes
) -> Blocks | None:
    """Compare two frames of equal brightness block by block.

    Args:
        short: ``C x h x w``.
        long: The same scene, aligned.
        short_limits: ``C``, levels at which the short frame saturates.
        long_limits: ``C``, the same of the long frame.

    Returns:
        None if the frames are too small.
    """
    height, width = short.shape[1:]
    along, across = min(_ALONG, height // 2), min(_ACROSS, width // 4)
    if along < _FEWEST_ALONG or across < _FEWEST_ACROSS:
        return None
    steps = (
        max(1, side // (_SAMPLES * count)) for side, count in ((height, along), (width, across))
    )
    thin = tuple(slice(None, None, step) for step in steps)
    compared = [
        _compare(*planes, (across, along))
        for planes in zip(short[:, *thin], long[:, *thin], short_limits, long_limits, strict=True)
    ]
    return Blocks(*map(np.stack, zip(*compared, strict=True)))


def measure_rows(blocks: Blocks) -> Rows:
    """Average the blocks of each row, by their certainty and as far as they agree."""
    ratio, certainty = blocks.ratio, blocks.certainty
    gain = _weighted_median(ratio, certainty)
    weight = certainty
    for _ in range(_PASSES):
        squares = (ratio - gain[..., None]) ** 2 * certainty
        usual = float(np.median(squares[certainty > 0])) if certainty.any() else 0.0
        reach = _OUTLIER**2 * max(usual / _MEDIAN_SQUARE, 1.0)
        weight = certainty * np.maximum(1 - squares / reach, 0) ** 2
        gain = (weight * ratio).sum(axis=2) / (weight.sum(axis=2) + _TINY)
    return Rows(gain, weight.sum(axis=2), blocks.light.mean(axis=2))


def _compare(
    short: NDArray[np.float32],
    long: NDArray[np.float32],
    short_limit: np.float32,
    long_limit: np.float32,
    size: tuple[int, int],
) -> Blocks:
    """The blocks of one plane, ``K x J``."""

    def means(samples: NDArray[np.floating]) -> Floats:
        return np.asarray(cv2.resize(samples, size, interpolation=cv2.INTER_AREA), np.float64)

    short, long = np.ascontiguousarray(short), np.ascontiguousarray(long)
    clipped = (short > SATURATED * short_limit) | (long > SATURATED * long_limit)
    roughness = np.diff(short, axis=1, append=short[:, -1:]) ** 2 / 2
    error = means(roughness) * (size[0] * size[1] / short.size)
    dark, bright = (np.maximum(means(each), _TINY) for each in (short, long))
    ratio = np.log(dark / bright)
    usable = means(clipped.astype(np.float32)) < _CLIPPED_SHARE
    usable &= bright > _FAINTEST_OVER_NOISE * np.sqrt(error)
    usable &= np.abs(ratio) < _FARTHEST
    return Blocks(ratio, usable / (error / bright**2 + _MISMATCH**2), bright)


def _weighted_median(values: Floats, weights: Floats) -> Floats:
    """Over the last axis."""
    order = np.argsort(values, axis=-1)
    cumulated = np.cumsum(np.take_along_axis(weights, order, -1), axis=-1)
    middle = np.argmax(cumulated >= cumulated[..., -1:] / 2, axis=-1)[..., None]
    return np.take_along_axis(np.take_along_axis(values, order, -1), middle, -1)[..., 0]
