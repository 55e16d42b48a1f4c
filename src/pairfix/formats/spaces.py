"""Colour spaces of results, as ICC profiles.

Photos are restored in *working pixels*: the primaries of the space that the result shall have,
under sRGB's curve, because networks have learnt that one. So no colour of a wide space is clipped
on its way, and only the curve changes in the end.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.edge import bands
from pairfix.formats.icc import (
    D50,
    SRGB,
    Chromaticities,
    Curve,
    adapted_chromaticities,
    rgb_profile,
    with_curve,
)
from pairfix.formats.lcms import transformed
from pairfix.image import ColourSpace

__all__ = ["chromaticities", "code_points", "encoded", "space_profile", "working_profile"]

_ALPHA, _BETA = 1.09929682680944, 0.018053968510807
"""Of ITU-R BT.2020's curve, as exact as it must be to have no step."""
_BT_2020 = Curve(1 / 0.45, 1 / _ALPHA, 1 - 1 / _ALPHA, 1 / 4.5, 4.5 * _BETA)
_SPACES: Mapping[ColourSpace, tuple[str, Chromaticities, Curve]] = MappingProxyType(
    {
        "display-p3": (
            "Display P3",
            Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
            SRGB,
        ),
        "adobe-rgb": (
            "Compatible with Adobe RGB (1998)",
            Chromaticities((0.640, 0.330), (0.210, 0.710), (0.150, 0.060)),
            Curve(563 / 256),
        ),
        "prophoto": (
            "ProPhoto RGB",
            Chromaticities((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), D50),
            Curve(1.8, c=1 / 16, d=1 / 32),
        ),
        "rec2020": (
            "Rec. 2020",
            Chromaticities((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
            _BT_2020,
        ),
    }
)
"""Names, primaries and curves: SMPTE EG 432-1 with sRGB's curve; Adobe RGB (1998) Color Image
Encoding; ISO 22028-2 (ROMM RGB); ITU-R BT.2020."""
_SRGB = Chromaticities((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_CODE_POINTS: Mapping[ColourSpace, tuple[int, int]] = MappingProxyType(
    {"srgb": (1, 13), "display-p3": (12, 13), "rec2020": (9, 14)}
)
"""Primaries and transfer (ITU-T H.273)."""
_UNSPECIFIED = 2
_KEPT = 16
"""Profiles whose curves are remembered, of half a megabyte each."""


def code_points(profile: bytes) -> tuple[int, int]:
    """Primaries and transfer (ITU-T H.273) of a space's profile; 2 for what has none."""
    for space, points in _CODE_POINTS.items():
        if space_profile(space) == profile:
            return points
    return _UNSPECIFIED, _UNSPECIFIED


def chromaticities(profile: bytes) -> Chromaticities:
    """The primaries of a result's profile; those of sRGB if it is empty.

    Raises:
        ValueError: It is none of three primaries.
    """
    if not profile:
        return _SRGB
    for space, (_, colours, _) in _SPACES.items():
        if space_profile(space) == profile:
            return colours
    return adapted_chromaticities(profile)


def space_profile(space: ColourSpace) -> bytes:
    """The ICC profile of results in a space; empty for sRGB."""
    return rgb_profile(*_SPACES[space]) if space in _SPACES else b""


@lru_cache(_KEPT)
def working_profile(profile: bytes) -> bytes:
    """The primaries of an ICC profile, not of sRGB, under sRGB's curve.

    Raises:
        ValueError: It is none of three primaries.
    """
    return with_curve(profile, SRGB)


def encoded(pixels: NDArray[np.uint16], profile: bytes) -> NDArray[np.uint16]:
    """Working pixels of a profile, ``H x W x 3``, as the profile codes them."""
    if not profile:
        return pixels
    curves = _curves(profile)
    result = np.empty_like(pixels)
    for rows in bands(pixels.shape[0]):
        for channel in range(3):
            result[rows, :, channel] = curves[channel][pixels[rows, :, channel]]
    return result


@lru_cache(_KEPT)
def _curves(profile: bytes) -> NDArray[np.uint16]:
    """What each working level becomes in each channel, ``3 x 65536``."""
    levels = np.arange(65536, dtype=np.uint16)
    grey = np.repeat(levels[None, :, None], 3, axis=2)
    return np.ascontiguousarray(transformed(grey, working_profile(profile), profile)[0].T)
