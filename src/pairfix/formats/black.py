"""Black levels of DNGs, as exact as the file states them.

A DNG's black is a pattern of real numbers that repeats over the mosaic, plus one number for each
row and one for each column (DNG Specification 1.7, BlackLevelRepeatDim to BlackLevelDeltaV). LibRaw
rounds them to whole levels, which is visible in photos that were taken far too dark.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.dng_stated import dng_tags
from pairfix.formats.tiff import Entry

__all__ = ["Black", "stated_black"]

Floats = NDArray[np.float64]

_REPEAT, _LEVEL, _DELTA_H, _DELTA_V = 50713, 50714, 50715, 50716
_LARGEST_REPEAT = 64
_EVEN = 1e-3
"""Levels up to which two blacks are the same, beyond the rounding of float32."""
_HIGHEST = 65535


@dataclass(frozen=True, slots=True)
class Black:
    """Black levels of a mosaic under a 2 x 2 Bayer array."""

    cell: Floats
    """``2 x 2``: mean of each filter."""
    deviation: NDArray[np.float32] | None
    """``H x W``: what the black of each sample exceeds its filter's mean by; None for nothing."""

    @property
    def spread(self) -> float:
        """Range of the levels."""
        inner = 0.0 if self.deviation is None else float(np.ptp(self.deviation))
        return float(np.ptp(self.cell)) + inner

    def without_deviation(self, mosaic: NDArray[np.uint16], white: int) -> NDArray[np.uint16]:
        """The mosaic with the same black for all samples of a filter, finer by `fineness`."""
        if self.deviation is None:
            return mosaic
        levels = np.subtract(mosaic, self.deviation, dtype=np.float32)
        levels *= self.fineness(white)
        np.rint(levels, out=levels)
        return np.clip(levels, 0, _HIGHEST, out=levels).astype(np.uint16)

    def fineness(self, white: int) -> int:
        """Steps of `without_deviation` for each level of the file, so that nothing is rounded."""
        return 1 if self.deviation is None else max(_HIGHEST // max(white, 1), 1)


def stated_black(path: Path, size: tuple[int, int]) -> Black | None:
    """What a DNG states; None for other files, and where its numbers contradict each other.

    Args:
        path: The file.
        size: Height and width of the mosaic's active area.
    """
    tags = dng_tags(path)
    pattern = _pattern(tags)
    if pattern is None:
        return None
    height, width = size
    down, across = (_deltas(tags, tag, n) for tag, n in ((_DELTA_V, height), (_DELTA_H, width)))
    if down is None or across is None:
        return None
    rows, columns = pattern.shape
    if not (2 % rows or 2 % columns or np.ptp(down) or np.ptp(across)):
        cell = np.tile(pattern, (2 // rows, 2 // columns)) + down[0] + across[0]
        return Black(cell, None)
    repeats = -(-height // rows), -(-width // columns)
    black = np.tile(pattern.astype(np.float32), repeats)[:height, :width]
    black += down[:, None].astype(np.float32)
    black += across.astype(np.float32)
    cell = np.zeros((2, 2))
    for row, column in np.ndindex(2, 2):
        of_filter = black[row::2, column::2]
        cell[row, column] = of_filter.mean(dtype=np.float64)
        of_filter -= np.float32(cell[row, column])
    return Black(cell, black if max(black.max(), -black.min()) > _EVEN else None)


def _pattern(tags: dict[int, Entry]) -> Floats | None:
    levels = tags.get(_LEVEL)
    if levels is None:
        return None
    repeat = [int(each) for each in tags[_REPEAT].values] if _REPEAT in tags else [1, 1]
    if len(repeat) != 2 or not all(1 <= each <= _LARGEST_REPEAT for each in repeat):  # noqa: PLR2004
        return None
    values = np.array(levels.values, np.float64)
    if len(values) != repeat[0] * repeat[1] or not np.isfinite(values).all() or values.min() < 0:
        return None
    return values.reshape(repeat)


def _deltas(tags: dict[int, Entry], tag: int, count: int) -> Floats | None:
    """One number for each row or column; None where their count is another."""
    if tag not in tags:
        return np.zeros(count)
    values = np.array(tags[tag].values, np.float64)
    return values if len(values) == count and np.isfinite(values).all() else None
