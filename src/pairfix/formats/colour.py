"""Pictures brought into the colours that their result shall have, by their ICC profiles."""

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.edge import bands
from pairfix.formats.lcms import srgb_profile, transformed
from pairfix.formats.spaces import working_profile
from pairfix.image import Picture, Pixels

__all__ = ["in_srgb", "kept_profile", "to_working"]

_SPACE = slice(16, 20)
_LATTICE = 9
_SAME = 300
"""Two profiles count as equal if a lattice of colours differs by less than this, of 65535."""
_SMALLEST_PROFILE = 128
_SRGB = b""


def to_working(
    pixels: Pixels, profile: bytes, wanted: bytes = _SRGB
) -> tuple[Pixels, tuple[str, ...]]:
    """Convert pixels to sRGB, or to the working pixels of another profile (`formats.spaces`).

    Args:
        pixels: ``H x W`` grey or ``H x W x 3`` RGB.
        profile: Their ICC profile; empty if there is none, which means sRGB.
        wanted: The profile that the result shall have; empty for sRGB.

    Returns:
        ``H x W x 3``, and a note if anything was done. Converted pixels have 16 bits, because the
        new curve would leave gaps between 8-bit levels; others are unchanged.

    Raises:
        ValueError: The wanted profile is none of three primaries.
    """
    target = working_profile(wanted) if wanted else srgb_profile()
    notes: tuple[str, ...] = ()
    if profile:
        space = _space(pixels)
        try:
            if not _describes(profile, space):
                notes = ("its ICC profile is for another kind of picture and was ignored",)
            elif _is_same(profile, target, space):
                return _rgb(pixels), ()
            else:
                name = "the result's colours" if wanted else "sRGB"
                converted = _convert(pixels, profile, target)
                return converted, (f"converted from its ICC profile to {name}",)
        except ValueError:
            notes = ("its ICC profile is damaged and was ignored",)
    rgb = _rgb(pixels)
    return (_convert(rgb, srgb_profile(), target) if wanted else rgb), notes


def kept_profile(pixels: Pixels, profile: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The profile that a result in its source's colours has, and a note if it is not the source's.

    Args:
        pixels: Of the source.
        profile: Its ICC profile; empty if there is none.

    Returns:
        Empty for sRGB.
    """
    try:
        if not profile or _is_same(profile, srgb_profile(), _space(pixels)):
            return _SRGB, ()
        working_profile(profile)
    except ValueError:
        return _SRGB, ("its ICC profile has no three primaries: the result is in sRGB",)
    return profile, ()


def in_srgb(picture: Picture) -> Picture:
    """The same picture in sRGB, for pages, which have no colour management of their own."""
    if not picture.profile:
        return picture
    pixels = _convert(picture.pixels, picture.profile, srgb_profile())
    return replace(picture, pixels=pixels, profile=_SRGB)


def _space(pixels: Pixels) -> str:
    return "gray" if pixels.ndim == 2 else "rgb"  # noqa: PLR2004


def _rgb(pixels: Pixels) -> Pixels:
    if _space(pixels) == "rgb":
        return pixels
    return cast("Pixels", np.repeat(pixels[:, :, None], 3, axis=2))


def _describes(profile: bytes, space: str) -> bool:
    if len(profile) < _SMALLEST_PROFILE:
        raise ValueError("too short for a profile")
    return profile[_SPACE].strip().lower() == space.encode()


def _is_same(profile: bytes, target: bytes, space: str) -> bool:
    steps = np.linspace(0, 65535, _LATTICE).astype(np.uint16)
    channels = 3 if space == "rgb" else 1
    lattice = np.stack(np.meshgrid(*[steps] * channels), -1).reshape(_LATTICE, -1, channels)
    sample = lattice if space == "rgb" else lattice[:, :, 0]
    difference = transformed(sample, profile, target, space).astype(np.int32) - lattice
    return bool(np.abs(difference).max() < _SAME)


def _convert(pixels: Pixels, profile: bytes, target: bytes) -> NDArray[np.uint16]:
    result = np.empty((*pixels.shape[:2], 3), np.uint16)
    for rows in bands(pixels.shape[0]):
        result[rows] = transformed(pixels[rows], profile, target, _space(pixels))
    return result
