"""The values that the stages hand on, from a decoded file to a finished picture.

Two kinds of arrays travel between the stages:

- *pixels*: integers as the file has them, ``H x W`` for a mosaic, ``H x W x 3`` for RGB;
- *planes*: float32 linear light, ``C x h x w``, white-balanced with green = 1, so that 1.0 is the
  level where the green channel saturates. C = 4 (R, G1, G2, B at half size, shifted so that
  every cell starts at R) for a mosaic, C = 3 (R, G, B) otherwise. Never clipped below zero.
"""

from pairfix.image.development import (
    ColourSpace,
    Demosaic,
    DevelopSettings,
    HighlightMode,
    Picture,
    WhiteBalance,
    WhiteBalancePreset,
)
from pairfix.image.photo import (
    Bayer,
    Box,
    Description,
    Domain,
    Exposure,
    FileKind,
    Frame,
    FrameFacts,
    HeaderFacts,
    NoiseProfile,
    Pixels,
    Planes,
)
from pairfix.image.scene import (
    ROLES,
    AlignedPair,
    Alignment,
    AlignmentKind,
    AlignmentMode,
    ExposureMatch,
    Flicker,
    Fused,
    MatchedPair,
    Role,
    Scene,
    SingleFrame,
)

__all__ = [
    "ROLES",
    "AlignedPair",
    "Alignment",
    "AlignmentKind",
    "AlignmentMode",
    "Bayer",
    "Box",
    "ColourSpace",
    "Demosaic",
    "Description",
    "DevelopSettings",
    "Domain",
    "Exposure",
    "ExposureMatch",
    "FileKind",
    "Flicker",
    "Frame",
    "FrameFacts",
    "Fused",
    "HeaderFacts",
    "HighlightMode",
    "MatchedPair",
    "NoiseProfile",
    "Picture",
    "Pixels",
    "Planes",
    "Role",
    "Scene",
    "SingleFrame",
    "WhiteBalance",
    "WhiteBalancePreset",
]
