"""Finished pictures, and how mosaics become them."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pairfix.image.photo import Description

__all__ = [
    "ColourSpace",
    "Demosaic",
    "DevelopSettings",
    "HighlightMode",
    "Picture",
    "WhiteBalance",
    "WhiteBalancePreset",
]

WhiteBalancePreset = Literal["camera", "daylight", "auto"]
WhiteBalance = WhiteBalancePreset | tuple[float, float, float]
HighlightMode = Literal["clip", "unclip", "blend", "reconstruct"]
ColourSpace = Literal["srgb", "display-p3", "adobe-rgb", "prophoto", "rec2020", "source"]
"""Of a result; "source" is that of the picture whose geometry it has, and sRGB for raws."""
Demosaic = Literal["linear", "vng", "ppg", "ahd", "dcb", "dht", "aahd"]


@dataclass(frozen=True, slots=True)
class DevelopSettings:
    """How a mosaic becomes RGB, and in which colours.

    Raises:
        ValueError: A number is not finite, or a multiplier not positive.
    """

    white_balance: WhiteBalance = "camera"
    """As shot, daylight, LibRaw's guess, or multipliers of R, G and B."""
    exposure: float = 0.0
    """EV, applied to linear light before anything is clipped."""
    highlight_mode: HighlightMode = "clip"
    demosaic: Demosaic = "ahd"
    colour_space: ColourSpace = "srgb"
    """Of the result, whether it was a mosaic or not."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.exposure):
            raise ValueError(f"exposure must be a number, not {self.exposure}")
        if not isinstance(self.white_balance, str) and not all(
            0 < each < math.inf for each in self.white_balance
        ):
            raise ValueError(f"white balance must be positive, not {self.white_balance}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished RGB photo, upright."""

    pixels: NDArray[np.uint16]
    """``H x W x 3``."""
    exif: bytes
    """TIFF-structured EXIF block whose orientation is 1; empty if there is none."""
    profile: bytes = b""
    """ICC profile of the pixels; empty for sRGB."""
    description: Description = field(default_factory=Description)
