"""Blocks of RGB photos, and what their pixels show of noise and of texture."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.light import CELL

__all__ = ["BLOCK", "Blocks", "Floats", "bands_of", "joined", "rows_of"]

Floats = NDArray[np.float32]

BLOCK = 16
"""Side in pixels of the blocks about whose mean noise is measured."""

_MOST_BLOCKS = 16384
"""Blocks of one photo, about, that are looked at: more would take time and add nothing."""
_BAND = 8
"""Height in blocks of the bands that are taken of larger photos."""
_SLOPE = (BLOCK**2 - 1) / 12 / (BLOCK / 2) ** 2
"""Variance that a slope leaves in a block, over its squared rise from half to half."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What blocks of one channel show; each field has their shape."""

    level: Floats
    """Brightness."""
    variance: Floats
    """Of short minus long."""
    texture: Floats
    """Covariance of both frames, slopes aside: what both show, since their noise is independent."""
    own: Floats
    """Variance of the long frame less `texture`: its noise."""

    @classmethod
    def of_pair(cls, short: Floats, long: Floats) -> Self:
        """What two frames of one scene show, ``H x W`` each, of whole blocks."""
        difference = short - long
        of_difference, of_long = _quarters(difference), _quarters(long)
        mean, level = of_difference.mean(axis=0), of_long.mean(axis=0)
        variance = np.maximum(_mean(difference * difference) - mean * mean, 0)
        slopes, long_slopes = _slopes(of_difference), _slopes(of_long)
        power = _mean(long * long) - level * level - _SLOPE * (long_slopes**2).sum(axis=0)
        product = (
            _mean(difference * long) - mean * level - _SLOPE * (slopes * long_slopes).sum(axis=0)
        )
        return cls(level, variance, power + product, -product)

    @classmethod
    def of_photo(cls, photo: Floats) -> Self:
        """What one photo shows, ``H x W`` of whole blocks: its variance, slopes aside."""
        quarters = _quarters(photo)
        level = quarters.mean(axis=0)
        power = _mean(photo * photo) - level * level - _SLOPE * (_slopes(quarters) ** 2).sum(axis=0)
        nothing = np.zeros_like(level)
        return cls(level, np.maximum(power, 0), nothing, nothing)

    @classmethod
    def of_all(cls, bands: Sequence["Blocks"]) -> Self:
        """The blocks of several bands in a row."""
        names = [each.name for each in fields(cls)]
        return cls(*(joined([getattr(band, name) for band in bands]) for name in names))

    def only(self, kept: NDArray[np.intp]) -> "Blocks":
        """Some of the blocks."""
        return Blocks(*(getattr(self, each.name)[kept] for each in fields(self)))


def bands_of(known: NDArray[np.bool_]) -> list[slice]:
    """Rows of blocks that are looked at: all, or of larger photos evenly spread bands."""
    rows = len(known)
    apart = -(-known.size // _MOST_BLOCKS)
    if apart <= 1:
        return [slice(0, rows)]
    return [slice(each, each + _BAND) for each in range(0, max(rows - _BAND, 0) + 1, _BAND * apart)]


def rows_of(plane: Floats, band: slice) -> Floats:
    """The pixels of rows of blocks, cut to whole blocks."""
    columns = plane.shape[1] // BLOCK
    return np.ascontiguousarray(plane[band.start * BLOCK : band.stop * BLOCK, : columns * BLOCK])


def joined(bands: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The values of several bands in a row."""
    return np.concatenate(bands, axis=None)


def _quarters(plane: Floats) -> Floats:
    """Means of every block's quarters, ``4 x rows x columns``."""
    rows, columns = (2 * side // BLOCK for side in plane.shape)
    means = np.asarray(cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA))
    return np.stack([means[row::2, column::2] for row, column in CELL])


def _mean(plane: Floats) -> Floats:
    return np.asarray(_quarters(plane).mean(axis=0))


def _slopes(quarters: Floats) -> Floats:
    """How much the right and the lower half are brighter, ``2 x rows x columns``."""
    a, b, c, d = quarters
    return np.asarray(np.stack([b + d - a - c, c + d - a - b]) / 2, np.float32)
