"""Interpolate a mosaic's green at every pixel, so that it can be resampled without aliasing.

Each plane of a mosaic samples every other pixel, and is aliased. All four together know more:
green is estimated at red and blue pixels along the row and along the column, from the green
neighbours and the curvature of the pixel's own colour (J. E. Adams and J. F. Hamilton, "Adaptive
color plan interpolation in single sensor color electronic camera", US patent 5,629,734, 1997). The
two are averaged by how smooth the mosaic is in either direction, which is less noisy than choosing
one. Red and blue then follow from their difference from green, which is smooth.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes
from pairfix.threads import in_threads

__all__ = ["Demosaiced", "decode_root", "demosaic", "encode_root"]

Floats = NDArray[np.float32]

_DARKEST = 0.005
"""Least light added before the square root: between 0.003 and 0.01, it hardly matters."""
_BELOW_BLACK = 1e-3
"""Share of samples whose noise may reach so far below black that the square root cuts it."""
_SPARSE = 8
"""Of how many rows and columns one is looked at for that."""
_BAND = 64
"""Rows of cells interpolated at once: what is in between then stays in the processor's cache."""
_HALO = 2
"""Cells that a band needs beyond its edges: one for the interpolation, one for its smoothing."""
_HALF = np.float32(0.5)
_FLAT = np.float32(1e-4)
"""Squared gradient of square-rooted light that counts as none."""


@dataclass(frozen=True, slots=True)
class Demosaiced:
    """A mosaic in all colours, in the units of the planes that it was made of."""

    green: Floats
    """``2h x 2w``, its first pixel being the first red one."""
    excesses: dict[int, Floats]
    """By plane, red or blue less green at its own pixels, ``h x w``."""


def encode_root(planes: Planes) -> tuple[Planes, float]:
    """Square-rooted light, in which the differences between the colours vary least.

    Returns:
        ``sqrt(x + offset)``, and the offset, which keeps noise below black.
    """
    lowest = float(np.quantile(planes[:, ::_SPARSE, ::_SPARSE], _BELOW_BLACK))
    offset = max(_DARKEST, -lowest)
    encoded = planes + np.float32(offset)
    np.maximum(encoded, 0, out=encoded)
    return np.sqrt(encoded, out=encoded), offset


def decode_root(encoded: Floats, offset: float) -> None:
    """Undo `encode_root`, in place; what interpolation sent below zero counts as zero."""
    np.maximum(encoded, 0, out=encoded)
    np.square(encoded, out=encoded)
    encoded -= np.float32(offset)


def demosaic(planes: Planes) -> Demosaiced:
    """Interpolate green.

    Args:
        planes: ``4 x h x w``, R, G1, G2, B; best square-rooted (`encode_root`).
    """
    _, height, width = planes.shape
    green = np.empty((2 * height, 2 * width), np.float32)
    green[0::2, 1::2], green[1::2, 0::2] = planes[1], planes[2]
    red, blue = (np.empty((height, width), np.float32) for _ in range(2))

    def interpolate(top: int) -> None:
        rows = slice(top, min(top + _BAND, height))
        _interpolate(planes, rows, (red[rows], blue[rows]))

    in_threads(interpolate, range(0, height, _BAND))
    np.subtract(planes[0], red, out=green[0::2, 0::2])
    np.subtract(planes[3], blue, out=green[1::2, 1::2])
    return Demosaiced(green, {0: red, 3: blue})


def _interpolate(planes: Planes, rows: slice, excess: tuple[Floats, Floats]) -> None:
    """Write the excess of red and blue over green for some rows of cells."""
    red, first, second, blue = (_with_halo(plane, rows) for plane in planes)
    sites = (
        (red, (_at(first, 0, -1), _at(first, 0, 0)), (_at(second, -1, 0), _at(second, 0, 0))),
        (blue, (_at(second, 0, 0), _at(second, 0, 1)), (_at(first, 0, 0), _at(first, 1, 0))),
    )
    for (own, in_row, in_column), out in zip(sites, excess, strict=True):
        here = _at(own, 0, 0)
        row, row_gradient = _along(here, (_at(own, 0, -1), _at(own, 0, 1)), in_row)
        column, column_gradient = _along(here, (_at(own, -1, 0), _at(own, 1, 0)), in_column)
        row -= column
        row *= column_gradient / (row_gradient + column_gradient)
        np.add(_inner(column), _inner(row), out=out)


def _along(
    here: Floats, alike: tuple[Floats, Floats], greens: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """The excess over green by the neighbours in one direction, and the squared gradient there."""
    curvature = here + here
    for neighbour in alike:
        curvature -= neighbour
    before, after = greens
    excess = before + after
    excess *= _HALF
    np.subtract(here, excess, out=excess)
    excess -= curvature * (_HALF / 2)
    np.abs(curvature, out=curvature)
    curvature += np.abs(before - after)
    gradient = np.asarray(cv2.blur(curvature, (3, 3)), np.float32)
    gradient *= gradient
    gradient += _FLAT
    return excess, gradient


def _with_halo(plane: Floats, rows: slice) -> Floats:
    """Some rows of a plane and what surrounds them, reflected at the plane's edges."""
    top, bottom = rows.start - _HALO, rows.stop + _HALO
    inside = plane[max(top, 0) : bottom]
    missing = max(-top, 0), max(bottom - len(plane), 0)
    border = cv2.BORDER_REFLECT_101
    return np.asarray(cv2.copyMakeBorder(inside, *missing, _HALO, _HALO, border), np.float32)


def _at(padded: Floats, down: int, right: int) -> Floats:
    """Neighbours of every cell and of those one cell around."""
    height, width = padded.shape
    return padded[1 + down : height - 1 + down, 1 + right : width - 1 + right]


def _inner(padded: Floats) -> Floats:
    return padded[1:-1, 1:-1]
