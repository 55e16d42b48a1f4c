"""Self-ensemble: the mean of what a network makes of a photo and of its mirror images.

Source: R. Timofte, R. Rothe and L. Van Gool, "Seven ways to improve example-based single image
super resolution", CVPR 2016, Section 3.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pairfix.backends import Session
from pairfix.image import Planes
from pairfix.light import CELL

__all__ = ["Ensemble"]

_Axis = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class _Symmetry:
    """Flips, then perhaps a transposition, which keeps the colours of a mosaic in their places."""

    flips: tuple[_Axis, ...]
    transpose: bool

    def apply(self, planes: Planes) -> Planes:
        picture = _picture(planes)
        for axis in self.flips:
            picture = _flip(picture, axis, mosaic=_is_mosaic(planes))
        return _like(planes, picture.swapaxes(1, 2) if self.transpose else picture)

    def undo(self, planes: Planes, plain: Planes) -> Planes:
        """What `apply` would make into `planes`; of a mosaic, with the last lines of `plain`."""
        picture = _picture(planes)
        if self.transpose:
            picture = picture.swapaxes(1, 2)
        for axis in self.flips:
            picture = _unflip(picture, axis, mosaic=_is_mosaic(planes))
        if _is_mosaic(planes):
            picture, unmirrored = picture.copy(), _picture(plain)
            for axis in self.flips:
                _line(picture, axis, -1)[:] = _line(unmirrored, axis, -1)
        return _like(planes, picture)


_SYMMETRIES = tuple(
    _Symmetry(flips, transpose) for flips in ((), (1, 2), (1,), (2,)) for transpose in (False, True)
)
"""The first is the photo as it is; the second needs no line to be replaced, even in a mosaic."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """A graph that runs on `count` mirror images of its inputs, 1 to 8.

    Flipped mosaics begin with another colour. They are moved by one pixel, and the line that this
    leaves over is repeated from its neighbour, and restored from the photo as it is.
    """

    session: Session
    count: int

    def run(self, inputs: Sequence[Planes]) -> Planes:
        """As `Session.run`, for inputs and an output of 3 channels or 4 planes of a mosaic."""
        plain = self.session.run(inputs)
        total = plain.copy()
        for symmetry in _SYMMETRIES[1 : self.count]:
            mirrored = self.session.run([symmetry.apply(planes) for planes in inputs])
            total += symmetry.undo(mirrored, plain)
        total /= np.float32(self.count)
        return total


def _is_mosaic(planes: Planes) -> bool:
    return len(planes) == len(CELL)


def _picture(planes: Planes) -> Planes:
    """The planes of a mosaic in their places, ``1 x 2h x 2w``; other planes as they are."""
    if not _is_mosaic(planes):
        return planes
    _, height, width = planes.shape
    mosaic = np.empty((1, 2 * height, 2 * width), np.float32)
    for plane, (row, column) in zip(planes, CELL, strict=True):
        mosaic[0, row::2, column::2] = plane
    return mosaic


def _like(planes: Planes, picture: NDArray[np.float32]) -> Planes:
    """Undo `_picture`."""
    if not _is_mosaic(planes):
        return np.ascontiguousarray(picture)
    return np.stack([picture[0, row::2, column::2] for row, column in CELL])


def _flip(picture: Planes, axis: _Axis, *, mosaic: bool) -> Planes:
    flipped = np.flip(picture, axis)
    if mosaic:
        flipped = np.roll(flipped, -1, axis)
        _line(flipped, axis, -1)[:] = _line(flipped, axis, -3)
    return flipped


def _unflip(picture: Planes, axis: _Axis, *, mosaic: bool) -> Planes:
    return np.flip(np.roll(picture, 1, axis) if mosaic else picture, axis)


def _line(picture: Planes, axis: _Axis, index: int) -> Planes:
    return picture[:, index] if axis == 1 else picture[:, :, index]
