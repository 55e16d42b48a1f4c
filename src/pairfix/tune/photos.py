"""Sharp, clean photos from a user's own pairs: restored, and reduced to half their size (torch)."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.backends import OpenModel
from pairfix.formats import encode_picture
from pairfix.image import AlignedPair, DevelopSettings, Picture, Planes
from pairfix.light import CELL, mean_light
from pairfix.stages.develop import develop
from pairfix.stages.fuse import fuse

__all__ = ["blur_length", "write_own_photo"]

Floats = NDArray[np.float32]

_LENGTHS = (0, 2, 4, 8, 16, 32, 64)
"""Pixels of straight paths that a long frame's blur is compared with."""
_SMOOTHING = 1.5
"""Sigma in pixels that keeps noise out of the comparison."""


def write_own_photo(pair: AlignedPair, opened: OpenModel, path: Path) -> float:
    """Restore a pair, write it at half its size, and measure how blurred the long frame was.

    Halving the size at least halves the noise and blur that the model has left.

    Args:
        pair: Cleaned.
        opened: The model that restores it.
        path: A PNG.

    Returns:
        The blur's length, as `blur_length` has it.
    """
    fused, _ = fuse(pair, opened)
    picture = develop(fused.planes, fused.reference, DevelopSettings(), gain=fused.gain)
    height, width = (side // 2 for side in picture.pixels.shape[:2])
    half = cv2.resize(picture.pixels, (width, height), interpolation=cv2.INTER_AREA)
    encode_picture(Picture(half.astype(np.uint16), b""), path, bits=8, overwrite=True)
    return blur_length(pair.long_planes, fused.planes)


def blur_length(long: Planes, restored: Planes) -> float:
    """Length in the photo's pixels of the straight path that takes as much detail from a photo.

    Args:
        long: ``C x h x w``, linear light.
        restored: The same without blur; where it shows no detail, no blur can be told.
    """
    step = 2 if len(long) == len(CELL) else 1
    sharp, blurred = (_smoothed(mean_light(np.clip(each, 0, 1))) for each in (restored, long))
    detail = _detail(sharp)
    if not detail:
        return 0.0
    left = [_mean_detail(sharp, length) / detail for length in _LENGTHS]
    share = min(_detail(blurred) / detail, 1.0)
    return step * float(np.interp(-share, [-each for each in left], _LENGTHS))


def _mean_detail(picture: Floats, length: int) -> float:
    """Detail that paths of a length leave, in the mean over four directions."""
    if not length:
        return _detail(picture)
    views = [cv2.filter2D(picture, cv2.CV_32F, path) for path in _paths(length)]
    return float(np.mean([_detail(np.asarray(view, np.float32)) for view in views]))


def _paths(length: int) -> Sequence[Floats]:
    """Kernels of straight paths: across, down, and along both diagonals."""
    flat = np.zeros((length, length), np.float32)
    flat[length // 2] = 1 / length
    slope = np.asarray(np.eye(length) / length, np.float32)
    return flat, flat.T.copy(), slope, slope[::-1].copy()


def _smoothed(picture: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _SMOOTHING), np.float32)


def _detail(picture: Floats) -> float:
    down, across = np.diff(picture, axis=0), np.diff(picture, axis=1)
    return float((down**2).mean() + (across**2).mean())
