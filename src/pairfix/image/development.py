"""Finished pictures, and how mosaics become them."""

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
    """How a mosaic becomes RGB, and in which colours."""

    white_balance: WhiteBalance = "camera"
    """As shot, daylight, LibRaw's guess, or multipliers of R, G and B."""
    exposure: float = 0.0
    """EV, applied to linear light before anything is clipped."""
    highlight_mode: HighlightMode = "clip"
    demosaic: Demosaic = "ahd"
    colour_space: ColourSpace = "srgb"
    """Of the result, whether it was a mosaic or not."""


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
