"""Laplacian pyramids (P. J. Burt and E. H. Adelson, IEEE Trans. Communications 31(4), 1983)."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["BAND_GAINS", "Plane", "collapse", "decompose", "finest"]

Plane = NDArray[np.float32]

BAND_GAINS = (0.890, 0.0531, 0.0154)
"""Variance of each band of white noise of variance 1: fine, coarser, and all that is left."""


def decompose(plane: Plane) -> list[Plane]:
    """Split an ``h x w`` plane into as many bands as `BAND_GAINS` has, each half the last."""
    bands = []
    for _ in BAND_GAINS[1:]:
        smaller = np.asarray(cv2.pyrDown(plane), np.float32)
        bands.append(plane - _enlarged(smaller, plane.shape))
        plane = smaller
    return [*bands, plane]


def finest(plane: Plane) -> Plane:
    """The first of the bands alone."""
    return plane - _enlarged(np.asarray(cv2.pyrDown(plane), np.float32), plane.shape)


def collapse(bands: Sequence[Plane]) -> Plane:
    """Undo `decompose`."""
    *finer, plane = bands
    for band in reversed(finer):
        plane = _enlarged(plane, band.shape)
        plane += band
    return plane


def _enlarged(plane: Plane, shape: tuple[int, ...]) -> Plane:
    return np.asarray(cv2.pyrUp(plane, dstsize=shape[::-1]), np.float32)
