"""LittleCMS: colours from one ICC profile to another."""

from functools import cache

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from pairfix.image import Pixels

__all__ = ["adobe_rgb_profile", "srgb_profile", "transformed"]

_CREATED = slice(24, 36)
_DATE = bytes.fromhex("07ea 0001 0001 0000 0000 0000")


@cache
def srgb_profile() -> bytes:
    """A small sRGB profile (ICC.1, 588 bytes), always the same bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_CREATED] = _DATE
    return bytes(profile)


@cache
def adobe_rgb_profile() -> bytes:
    """Adobe RGB (1998), as LittleCMS knows it."""
    profile: bytes = imagecodecs.cms_profile("adobergb")
    return profile


def transformed(
    pixels: Pixels, profile: bytes, target: bytes, space: str = "rgb"
) -> NDArray[np.uint16]:
    """Convert pixels from one profile to an RGB profile, exactly, without an interpolated table.

    Args:
        pixels: ``H x W x 3``, or ``H x W`` of grey.
        profile: Of the pixels.
        target: Of the result.
        space: Of the pixels, "rgb" or "gray".

    Returns:
        ``H x W x 3``.

    Raises:
        ValueError: LittleCMS refuses a profile.
    """
    wide = pixels.astype(np.uint16) * np.uint16(257) if pixels.dtype == np.uint8 else pixels
    try:
        converted: NDArray[np.uint16] = imagecodecs.cms_transform(
            np.ascontiguousarray(wide),
            profile,
            target,
            colorspace=space,
            outcolorspace="rgb",
            outdtype=np.uint16,
            flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,  # or colours are interpolated in a table
        )
    except (imagecodecs.CmsError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    return converted
