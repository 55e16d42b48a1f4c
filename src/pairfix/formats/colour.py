"""ICC profiles: pictures converted to sRGB, and the sRGB profile that outputs carry."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import cast

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from pairfix.formats.edge import bands
from pairfix.image import Pixels

__all__ = ["adobe_rgb_profile", "srgb_profile", "to_srgb"]

_CREATED = slice(24, 36)
_SPACE = slice(16, 20)
_DATE = bytes.fromhex("07ea 0001 0001 0000 0000 0000")
_LATTICE = 9
_SAME = 300
"""Two profiles count as equal if a lattice of colours differs by less than this, of 65535."""
_SMALLEST_PROFILE = 128


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


def to_srgb(pixels: Pixels, profile: bytes) -> tuple[Pixels, tuple[str, ...]]:
    """Convert pixels to sRGB if their ICC profile differs from it.

    Args:
        pixels: ``H x W`` grey or ``H x W x 3`` RGB.
        profile: The ICC profile; empty if there is none.

    Returns:
        ``H x W x 3``, and a note if anything was done. Converted pixels have 16 bits, because the
        new curve would leave gaps between 8-bit levels; others are unchanged.
    """
    space = "gray" if pixels.ndim == 2 else "rgb"  # noqa: PLR2004
    rgb = pixels if space == "rgb" else cast("Pixels", np.repeat(pixels[:, :, None], 3, axis=2))
    if not profile:
        return rgb, ()
    try:
        with _lcms():
            if not _describes(profile, space):
                return rgb, ("its ICC profile is for another kind of picture and was ignored",)
            if _is_srgb(profile, space):
                return rgb, ()
            return _convert(pixels, profile, space), ("converted from its ICC profile to sRGB",)
    except ValueError:
        return rgb, ("its ICC profile is damaged and was ignored",)


@contextmanager
def _lcms() -> Iterator[None]:
    """Translate errors of LittleCMS to ValueError."""
    try:
        yield
    except (imagecodecs.CmsError, RuntimeError) as error:
        raise ValueError(str(error)) from error


def _describes(profile: bytes, space: str) -> bool:
    if len(profile) < _SMALLEST_PROFILE:
        raise ValueError("too short for a profile")
    return profile[_SPACE].strip().lower() == space.encode()


def _is_srgb(profile: bytes, space: str) -> bool:
    steps = np.linspace(0, 65535, _LATTICE).astype(np.uint16)
    channels = 3 if space == "rgb" else 1
    lattice = np.stack(np.meshgrid(*[steps] * channels), -1).reshape(_LATTICE, -1, channels)
    sample = lattice if space == "rgb" else lattice[:, :, 0]
    difference = _transform(sample, profile, space).astype(np.int32) - lattice
    return bool(np.abs(difference).max() < _SAME)


def _convert(pixels: Pixels, profile: bytes, space: str) -> NDArray[np.uint16]:
    result = np.empty((*pixels.shape[:2], 3), np.uint16)
    for rows in bands(pixels.shape[0]):
        result[rows] = _transform(pixels[rows], profile, space)
    return result


def _transform(pixels: Pixels, profile: bytes, space: str) -> NDArray[np.uint16]:
    wide = pixels.astype(np.uint16) * np.uint16(257) if pixels.dtype == np.uint8 else pixels
    converted: NDArray[np.uint16] = imagecodecs.cms_transform(
        np.ascontiguousarray(wide),
        profile,
        srgb_profile(),
        colorspace=space,
        outcolorspace="rgb",
        outdtype=np.uint16,
        flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,  # or colours are interpolated in a table
    )
    return converted
