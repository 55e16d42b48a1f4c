"""What three versions of a photo say about each other, summed up over cells.

All power is taken band by band (`pyramid`) and averaged over cells of `CELL` x `CELL` samples of
the band, so that what follows works on small arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.stages.sharplong.pyramid import Plane, decompose

__all__ = ["CELL", "Cells", "Channel", "Evidence", "averaged", "box", "gather", "resized"]

Cells = NDArray[np.float32]

CELL = 8
"""Side of a cell in samples of its band."""
_SURROUNDINGS = 3
"""Side in cells of the square that a sample's power is compared with."""
_OUTLIER = 25.0
"""Power over its surroundings', five standard deviations, at which a sample's is cut: a hot pixel
says nothing about the photo."""
_TINY = 1e-20


@dataclass(frozen=True, slots=True)
class Evidence:
    """One channel's; powers are ``h x w`` cells for each band."""

    level: Cells
    """Mean linear light of the restored photo."""
    valid: Cells
    """Share of the samples at which neither exposure is saturated."""
    short_power: Sequence[Cells]
    """Of the short frame less the long one."""
    restored_power: Sequence[Cells]
    """Of the restored photo less the long frame."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel's planes, ``h x w`` linear light."""

    short: Plane
    long: Plane
    """Aligned."""
    restored: Plane
    """What the network made of them."""
    saturation: tuple[float, float]
    """Levels from which the short and the long frame say nothing any more."""

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Where neither frame is saturated."""
        short, long = self.saturation
        return (self.short < short) & (self.long < long)

    def less_long(self, plane: Plane) -> Plane:
        """A plane less the long frame; nothing where there is nothing to compare."""
        return np.where(self.usable, plane - self.long, np.float32(0))


def gather(channel: Channel) -> Evidence:
    """Compare both exposures and the restored photo."""
    differences = [channel.less_long(each) for each in (channel.short, channel.restored)]
    return Evidence(
        averaged(channel.restored),
        averaged(channel.usable.astype(np.float32)),
        *([_power(band) for band in decompose(each)] for each in differences),
    )


def box(cells: NDArray[np.floating], side: int) -> Cells:
    """Mean over squares of cells."""
    side = min(side, *cells.shape)
    return np.asarray(cv2.blur(cells, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def resized(cells: NDArray[np.floating], shape: tuple[int, ...]) -> Cells:
    """Cells averaged down to those of a coarser band."""
    return np.asarray(cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _power(band: Plane) -> Cells:
    """Mean power without outliers."""
    squared = band * band
    limit = _OUTLIER * box(averaged(squared), _SURROUNDINGS) + _TINY
    return averaged(np.minimum(squared, _spread(limit, band.shape)))


def averaged(band: Plane) -> Cells:
    """Means over cells."""
    return resized(band, tuple(max(1, round(side / CELL)) for side in band.shape))


def _spread(cells: Cells, shape: tuple[int, ...]) -> Plane:
    return np.asarray(cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_NEAREST), np.float32)
