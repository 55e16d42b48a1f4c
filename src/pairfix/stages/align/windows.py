"""The finest detail of both frames in windows all over the short one, for refining a motion."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import MatchedPair, Planes
from pairfix.light import CELL
from pairfix.stages.align.demosaic import decode_root, demosaic, encode_root
from pairfix.stages.align.warp import (
    Matrix,
    green_to_pixels,
    plane_to_pixels,
    resampled,
    transform,
)

__all__ = ["MARGIN", "NARROW", "Windows"]

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

MARGIN = 12
"""Samples around a window that its filters see."""
NARROW = 1.0
"""Gaussian sigma in samples: what is finer is mostly noise."""

_WINDOW = 64
"""Side in samples of a plane."""
_SIDE = _WINDOW + 2 * MARGIN
_CORNERS = MARGIN + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (_WINDOW - 1.0)
"""Of a window, (x, y) in samples."""
_MOST = 8
"""Windows along a side of the frame."""
_SLACK = 6
"""Samples around a window of the long frame, for interpolation and for small changes of motion."""
_WIDE = 4.0
"""Gaussian sigma in samples: what is wider says little about a tenth of a sample."""
_DARKEST = np.float32(0.005)
"""Light added before the square root."""


@dataclass(frozen=True, slots=True)
class Windows:
    """n windows of a pair; a sample is one of the short frame's planes."""

    size: tuple[int, int]
    """Height and width of the planes."""
    centres: Points
    """``n x 2`` (x, y) in samples."""
    detail: Floats
    """Of the short frame, ``n x side x side``: square-rooted light in a band of frequencies."""
    sites: Sequence[Matrix]
    """From (x, y, 1) in samples to the short frame's stored pixels, for each plane of green."""
    patches: Sequence["_Patch"]
    """Where each window lies in the long frame."""

    @property
    def to_pixels(self) -> Matrix:
        """From samples to the short frame's stored pixels: the centres of a mosaic's cells."""
        return np.asarray(np.mean(self.sites, axis=0))

    @classmethod
    def of(cls, pair: MatchedPair, matrix: Matrix) -> "Windows | None":
        """Windows that both frames show; None if there are none, as in small frames.

        Args:
            pair: At equal brightness. Both frames are cut where the first of them clips.
            matrix: 3 x 3, from the short frame's stored pixels to the long frame's, roughly.
        """
        ceiling = np.float32(min(pair.match.short_gain, pair.match.long_gain))
        sites = green_to_pixels(pair.short)
        greens = slice(1, 1 + len(sites))
        to_pixels = np.mean(sites, axis=0)
        height, width = pair.short_planes.shape[1:]
        light, patches, corners = [], [], []
        for y in _spread(height):
            for x in _spread(width):
                patch = _Patch.of(pair, ceiling, matrix @ to_pixels @ _shift(x, y))
                if patch is not None:
                    window = pair.short_planes[greens, y : y + _SIDE, x : x + _SIDE]
                    light.append(np.minimum(window, ceiling).mean(axis=0))
                    patches.append(patch)
                    corners.append((x, y))
        if not patches:
            return None
        return cls(
            size=(height, width),
            centres=np.array(corners, np.float64) + (_SIDE - 1) / 2,
            detail=_detail(light),
            sites=sites,
            patches=patches,
        )

    def long_detail(self, matrix: Matrix) -> Floats:
        """The long frame's detail as seen with a motion, ``n x side x side``."""
        light = []
        for centre, patch in zip(self.centres, self.patches, strict=True):
            window = _shift(*(centre - (_SIDE - 1) / 2))
            light.append(np.mean([patch.seen(matrix @ site @ window) for site in self.sites], 0))
        return _detail(light)


@dataclass(frozen=True, slots=True)
class _Patch:
    """A piece of the long frame."""

    green: Floats
    """Linear light at full size."""
    from_pixels: Matrix
    """From the long frame's stored pixels to the piece's."""

    @classmethod
    def of(cls, pair: MatchedPair, ceiling: np.float32, from_window: Matrix) -> "_Patch | None":
        """What a window shows and a little more; None if the frame does not show all of it.

        Args:
            pair: The frames.
            ceiling: Where light is cut.
            from_window: From the window's samples to the long frame's stored pixels.
        """
        to_samples = np.linalg.inv(plane_to_pixels(pair.long, 0))
        outline = transform(to_samples @ from_window, _CORNERS)
        first, last = np.floor(outline.min(axis=0)), np.ceil(outline.max(axis=0))
        limits = np.array(pair.long_planes.shape[:0:-1])
        if (first < 0).any() or (last >= limits).any():
            return None
        around = MARGIN + _SLACK
        left, top = np.maximum(first - around, 0).astype(int)
        right, bottom = np.minimum(last + around, limits).astype(int)
        planes = np.minimum(pair.long_planes[:, top:bottom, left:right], ceiling)
        scale = 1.0 if pair.long.bayer is None else 2.0
        from_pixels = np.diag([scale, scale, 1.0]) @ _shift(-left, -top) @ to_samples
        return cls(_green(planes), from_pixels)

    def seen(self, to_pixels: Matrix) -> Floats:
        """A window, given the matrix from its samples to the frame's stored pixels."""
        return resampled(self.green, self.from_pixels @ to_pixels, (_SIDE, _SIDE))


def _green(planes: Planes) -> Floats:
    """Green light at full size."""
    if len(planes) < len(CELL):
        return planes[1]
    encoded, offset = encode_root(planes)
    green = demosaic(encoded).green
    decode_root(green, offset)
    return green


def _detail(light: Sequence[Floats]) -> Floats:
    """What of square-rooted light is neither noise nor wide; all windows are one tall picture."""
    tall = np.concatenate(light)
    smooth = cv2.GaussianBlur(tall, (0, 0), NARROW)
    root = np.sqrt(np.maximum(smooth, 0) + _DARKEST)
    root -= cv2.GaussianBlur(root, (0, 0), _WIDE)
    return root.reshape(-1, _SIDE, _SIDE)


def _spread(length: int) -> NDArray[np.int_]:
    """Where windows with their margins begin along a side of the frame."""
    count = min((length - 2 * MARGIN) // _WINDOW, _MOST)
    return np.linspace(0, length - _SIDE, max(count, 0)).astype(int)


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
