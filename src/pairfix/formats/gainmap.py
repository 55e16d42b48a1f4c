"""Lens gain maps of DNGs, which LibRaw ignores (DNG Specification 1.7, GainMap).

They even out what a lens darkens towards the corners, often by different factors for each colour.
They belong to the light before it is demosaicked, so they are applied when a mosaic is decoded.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.opcodes import GAIN_MAP, Opcode
from pairfix.image import Bayer

__all__ = ["GainMap", "applied", "total_gain"]

Floats = NDArray[np.float32]

_HEAD = struct.Struct(">10I4dI")
_LARGEST_GAIN = 64.0
"""Six stops: more than any lens darkens its corners; beyond it, the file is wrong."""
_HIGHEST = 65535


@dataclass(frozen=True, slots=True)
class GainMap:
    """Factors on a coarse grid, for some rows and columns of a mosaic."""

    area: tuple[int, int, int, int]
    """Top, left, bottom and right, in samples of the active area."""
    pitch: tuple[int, int]
    """Every how many rows and columns of the area are meant."""
    spacing: tuple[float, float]
    """Of the grid's points, down and across; the whole active area is 1."""
    origin: tuple[float, float]
    """Of the grid's first point, in the same unit."""
    gains: Floats
    """``points down x points across``."""

    @classmethod
    def of(cls, opcode: Opcode) -> Self | None:
        """The map that an opcode holds for a mosaic; None if it is another, or makes no sense."""
        data = opcode.parameters
        if opcode.number != GAIN_MAP or len(data) < _HEAD.size:
            return None
        fields = _HEAD.unpack_from(data)
        area, (plane, _), pitch, points = fields[:4], fields[4:6], fields[6:8], fields[8:10]
        spacing, origin, planes = fields[10:12], fields[12:14], fields[14]
        down, across = points
        values = np.frombuffer(data, ">f4", offset=_HEAD.size, count=(len(data) - _HEAD.size) // 4)
        if plane or not (all(pitch) and all(points) and planes):
            return None
        if len(values) != down * across * planes or not np.isfinite((*spacing, *origin)).all():
            return None
        if any(n > 1 and step <= 0 for n, step in zip(points, spacing, strict=True)):
            return None
        gains = values.reshape(down, across, planes)[:, :, 0].astype(np.float32)
        if not ((gains > 0) & (gains <= _LARGEST_GAIN)).all():
            return None
        return cls(area, pitch, spacing, origin, gains)

    def multiply(self, gain: Floats) -> None:
        """Multiply the gain of each sample of the active area, ``H x W``, in place."""
        (top, left, bottom, right), (down, across) = self.area, self.pitch
        height, width = gain.shape
        rows = np.arange(top, min(bottom, height), down)
        columns = np.arange(left, min(right, width), across)
        if not (rows.size and columns.size):
            return
        points_down, points_across = self.gains.shape
        upper, lower, v = self._between(0, rows, height, points_down)
        before, behind, h = self._between(1, columns, width, points_across)
        at_rows = self.gains[upper] * (1 - v)[:, None] + self.gains[lower] * v[:, None]
        gain[top:bottom:down, left:right:across] *= at_rows[:, before] * (1 - h) + (
            at_rows[:, behind] * h
        )

    def _between(
        self, axis: int, places: NDArray[np.int64], size: int, points: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """The grid's points before and after each row or column, and the weight of the latter."""
        if points == 1:
            first = np.zeros(len(places), np.int64)
            return first, first, np.zeros(len(places), np.float32)
        position = ((places + 0.5) / size - self.origin[axis]) / self.spacing[axis]
        position = np.clip(position, 0, points - 1)
        before = np.minimum(position.astype(np.int64), points - 2)
        return before, before + 1, (position - before).astype(np.float32)


def total_gain(opcodes: Sequence[Opcode], size: tuple[int, int]) -> Floats | None:
    """The product of all gain maps for each sample; None if there are none.

    Args:
        opcodes: The second opcode list.
        size: Height and width of the mosaic's active area.
    """
    maps = [found for each in opcodes if (found := GainMap.of(each)) is not None]
    if not maps:
        return None
    gain = np.ones(size, np.float32)
    for each in maps:
        each.multiply(gain)
    return gain


def applied(
    gain: Floats, mosaic: NDArray[np.uint16], bayer: Bayer, *, finer: bool
) -> tuple[Bayer, NDArray[np.uint16]]:
    """The mosaic with its light multiplied, and how to read it.

    As the specification asks, nothing exceeds white. What is below black is multiplied as well,
    because it is noise.

    Args:
        gain: ``H x W``.
        mosaic: ``H x W``.
        bayer: Its levels.
        finer: Whether to use all of 16 bits, so that nothing is rounded visibly; otherwise the
            levels stay.
    """
    steps = max(int(_HIGHEST // bayer.white), 1) if finer else 1
    brightened = np.empty_like(mosaic)
    red = bayer.pattern.index("R")
    for row, column in product(range(2), range(2)):
        samples = np.s_[row::2, column::2]
        black = np.float32(bayer.black[(2 * row + column) ^ red])
        levels = ((mosaic[samples] - black) * gain[samples] + black) * np.float32(steps)
        brightened[samples] = np.rint(np.clip(levels, 0, steps * bayer.white))
    red_black, first, second, blue = (steps * each for each in bayer.black)
    black_levels = (red_black, first, second, blue)
    return replace(bayer, black=black_levels, white=steps * bayer.white), brightened
