"""Tones of the photos as step curves over a logarithmic axis."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Picture

__all__ = ["DECADES", "HEIGHT", "WIDTH", "Tones", "measure_tones"]

WIDTH, HEIGHT = 256, 100
"""Size of the drawing, in its own units."""
DECADES = 5
"""Powers of ten on the vertical axis, from 100 % down to 0.001 % of the pixels a bin."""

_LEVELS = 256
_LEVELS_PER_BIN = 2


@dataclass(frozen=True, slots=True)
class Tones:
    """How bright a photo's pixels are."""

    path: str
    """SVG path data of the closed histogram: x is the level, y the share of the pixels, log."""
    mean: float
    """Mean level, 0 to 255."""
    black: float
    """Share of the pixels in the darkest of 256 levels."""
    white: float
    """Share of the pixels in the brightest of 256 levels."""


def measure_tones(picture: Picture) -> Tones:
    """Count the levels of a picture's luma (ITU-R BT.601 weights, sRGB-encoded, 8 bits)."""
    levels = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY).astype(np.uint16) >> 8
    shares = np.bincount(levels.ravel(), minlength=_LEVELS) / levels.size
    return Tones(
        path=_steps(shares.reshape(-1, _LEVELS_PER_BIN).sum(axis=1)),
        mean=float(shares @ np.arange(_LEVELS)),
        black=float(shares[0]),
        white=float(shares[-1]),
    )


def _steps(shares: NDArray[np.float64]) -> str:
    """A closed outline; shares below the axis lie on it."""
    decades = np.log10(np.maximum(shares, 10.0**-DECADES))
    heights = -decades / DECADES * HEIGHT
    width = WIDTH / len(shares)
    steps = "".join(
        f"V{height:.1f}H{(index + 1) * width:g}" for index, height in enumerate(heights)
    )
    return f"M0,{HEIGHT}{steps}V{HEIGHT}Z"
