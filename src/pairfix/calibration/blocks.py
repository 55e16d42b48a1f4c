"""Blocks of an aligned pair that show nothing but noise."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Planes
from pairfix.light import CELL

__all__ = ["PIXELS", "SMALLEST", "Blocks", "flat_blocks"]

Floats = NDArray[np.float32]
_Sample = TypeVar("_Sample", bound=np.generic)

PIXELS = 16
"""Side of a block in the photo's pixels."""

_SATURATED = 0.85
"""Share of saturation above which blocks say less about noise than about clipping."""
_EDGE = 2
"""Blocks along the borders, where alignment may have filled the long frame from the short one."""
SMALLEST = (2 * _EDGE + 3) * PIXELS
"""Side in pixels of the smallest photo in which a block has others around it."""
_LEVELS = 12
"""Classes of brightness within which blocks are compared."""
_FLAT_SHARE = 0.3
"""Share of the blocks of like brightness that are taken to be flat and still."""
_TINY = 1e-12
_MOST = 2048
"""Blocks of one pair that are kept: more would take memory and add nothing."""
_TRENDS = 3
"""Degrees of freedom that a plane fitted to a block takes away."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """n flat and still blocks of one pair, as fractions of the short frame's saturation.

    ``C x n x s x s`` each, s being `PIXELS` or, of a mosaic's planes, half of it.
    """

    level: Floats
    """``C x n``: mean brightness."""
    difference: Floats
    """``C x n``: mean of short minus long."""
    noise: Floats
    """Short minus long without its mean and slope."""
    long_noise: Floats
    """The long frame without its mean and slope, as a fraction of its own saturation."""
    long_level: Floats
    """``C x n``: mean brightness of the long frame as a fraction of its own saturation."""
    around: Floats
    """``C x n``: mean variance of short minus long in the eight blocks around."""
    level_around: Floats
    """``C x n``: mean brightness of these blocks."""

    @property
    def count(self) -> int:
        """The number of blocks, n."""
        return self.level.shape[1]

    @property
    def freedom(self) -> int:
        """Degrees of freedom of a block's noise in one plane."""
        return self.noise.shape[-1] ** 2 - _TRENDS

    @property
    def scale(self) -> float:
        """Units of `level` over those of `long_level`."""
        return float(self.level.sum() / max(self.long_level.sum(), _TINY))

    @property
    def variance(self) -> Floats:
        """``C x n``: of the noise of short minus long."""
        return _variance(self.noise)

    @property
    def long_variance(self) -> Floats:
        """``C x n``: of the long frame's noise and texture."""
        return _variance(self.long_noise)

    def only(self, kept: NDArray[np.bool_]) -> "Blocks":
        """Some of the blocks; `kept` is of length n."""
        return Blocks(*(getattr(self, each.name)[:, kept] for each in fields(self)))


def flat_blocks(pair: AlignedPair) -> Blocks:
    """Choose the blocks, without looking at the noise that will be measured in them.

    A block is taken if short and long differ little around it, compared with other blocks of its
    brightness: texture, motion and blur spread over several blocks, while noise does not. Its own
    pixels play no part, so that its variance stays unbiased.
    """
    short, long = pair.short_planes, pair.long_planes
    gains = _gains(pair)
    short_white = gains * np.float32(pair.match.short_gain)
    long_white = gains * np.float32(pair.match.long_gain)
    side = PIXELS // 2 if len(short) == len(CELL) else PIXELS
    difference, level = (short - long) / short_white, long / short_white
    mean, noise = _detrended(_cut(difference, side))
    levels = _cut(level, side).mean(axis=(-2, -1))
    saturated = (short > _SATURATED * short_white) | (long > _SATURATED * long_white)
    usable = np.logical_and.reduce(_cut(~saturated, side), axis=(0, -2, -1))
    usable[:_EDGE] = usable[-_EDGE:] = False
    usable[:, :_EDGE] = usable[:, -_EDGE:] = False
    around, level_around = (_surroundings(each) for each in (noise.var(axis=(-2, -1)), levels))
    chosen = _thinned(_calm(around, level_around.mean(axis=0), usable))
    own = _cut(long / long_white, side)
    _, long_noise = _detrended(own[:, chosen])
    return Blocks(
        level=levels[:, chosen],
        difference=mean[:, chosen],
        noise=noise[:, chosen],
        long_noise=long_noise,
        long_level=own[:, chosen].mean(axis=(-2, -1)),
        around=around[:, chosen],
        level_around=level_around[:, chosen],
    )


def _variance(noise: Floats) -> Floats:
    """Variance of blocks without mean and slope, ``C x n``."""
    count = noise.shape[-1] * noise.shape[-2]
    return np.square(noise).sum(axis=(-2, -1)) / np.float32(count - _TRENDS)


def _gains(pair: AlignedPair) -> Floats:
    bayer = pair.short.bayer
    gains = (1.0, 1.0, 1.0) if bayer is None else bayer.gains
    return np.array(gains, np.float32)[:, None, None]


def _cut(planes: NDArray[_Sample], side: int) -> NDArray[_Sample]:
    """``C x rows x columns x side x side``."""
    channels, height, width = planes.shape
    rows, columns = height // side, width // side
    cut = planes[:, : rows * side, : columns * side]
    return cut.reshape(channels, rows, side, columns, side).swapaxes(2, 3)


def _detrended(blocks: Planes) -> tuple[Floats, Floats]:
    """The blocks' means, and the blocks without mean and slope."""
    side = blocks.shape[-1]
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    scale = np.float32(1 / (side * (ramp**2).sum()))
    mean = blocks.mean(axis=(-2, -1))
    down = (blocks * ramp[:, None]).sum(axis=(-2, -1), keepdims=True) * scale
    across = (blocks * ramp).sum(axis=(-2, -1), keepdims=True) * scale
    trend = mean[..., None, None] + down * ramp[:, None] + across * ramp
    return mean, blocks - trend


def _surroundings(values: Floats) -> Floats:
    """Mean of the eight blocks around each, plane by plane."""
    ring = np.full((3, 3), 1 / 8, np.float32)
    ring[1, 1] = 0
    return np.stack([cv2.filter2D(plane, -1, ring) for plane in values])


def _calm(around: Floats, level: Floats, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The blocks whose neighbours vary least among those whose neighbours are as bright."""
    unrest = (around / (np.median(around, axis=(1, 2), keepdims=True) + 1e-20)).mean(axis=0)
    whole = cv2.erode(usable.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    chosen = np.zeros_like(whole)
    if not whole.any():
        return chosen
    bounds = np.quantile(level[whole], np.linspace(0, 1, _LEVELS + 1))
    for low, high in pairwise(bounds):
        alike = whole & (level >= low) & (level <= high)
        if alike.any():
            chosen |= alike & (unrest <= np.quantile(unrest[alike], _FLAT_SHARE))
    return chosen


def _thinned(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """At most `_MOST` of the chosen, evenly spread."""
    places = np.flatnonzero(chosen)
    kept = np.zeros_like(chosen)
    kept.flat[places[:: -(-len(places) // _MOST) or 1]] = True
    return kept
