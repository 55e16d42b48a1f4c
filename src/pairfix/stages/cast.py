"""Take the colour cast off a brightened RGB frame.

A picture that was taken several stops too dark has its noise cut off at black, which lifts the
mean of its shadows, in each channel by a different amount; brightened, that is a magenta haze. The
long frame has the right colours, so the levels of each channel are brought onto the long one's:
quantiles of block means against quantiles of block means, which needs no alignment.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes

__all__ = ["remove_cast"]

_BLOCKS = 32
_QUANTILES = np.linspace(0.05, 0.95, 19)
_SATURATED = 0.9
"""Level from which the long frame may have lost light."""
_NARROWEST = 0.02
"""Range of the long frame's block means, in linear light, that a line can be fitted to."""
_SLOPES = (0.5, 2.0)
"""Plausible gains of a channel against the common gain."""


def remove_cast(short: Planes, long: Planes, gain: float) -> bool:
    """Fit gain and black level of each channel of a short RGB frame to the long one's, in place.

    Args:
        short: ``3 x H x W`` linear light, brightened; changed.
        long: The same scene at the same brightness.
        gain: How much the short frame was brightened.

    Returns:
        Whether the short frame was changed: not if it was hardly brightened, since that
        would tint its highlights, nor if the frames do not allow an estimate.
    """
    fits = [_fit(*channels) for channels in zip(short, long, strict=True)]
    lines = [line for line in fits if line is not None and line[0] * gain >= 1]
    if len(lines) < len(fits):
        return False
    for plane, (slope, offset) in zip(short, lines, strict=True):
        plane *= np.float32(slope)
        plane += np.float32(offset)
    return True


def _fit(short: NDArray[np.float32], long: NDArray[np.float32]) -> tuple[float, float] | None:
    """Slope and offset that bring the short channel's levels onto the long one's."""
    size = (_BLOCKS, _BLOCKS)
    dark, bright = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (short, long))
    usable = bright < _SATURATED
    if np.count_nonzero(usable) < usable.size / 4:
        return None
    x, y = np.quantile(dark[usable], _QUANTILES), np.quantile(bright[usable], _QUANTILES)
    if y[-1] - y[0] < _NARROWEST or x[-1] <= x[0]:
        return None
    slope, offset = np.polyfit(x, y, 1)
    return (float(slope), float(offset)) if _SLOPES[0] < slope < _SLOPES[1] else None
