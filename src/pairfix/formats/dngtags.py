"""What a DNG says beyond what LibRaw hands on: its tags as stored (DNG 1.4)."""

import math
from pathlib import Path

from pairfix.formats.tiff import Entry, read_chain
from pairfix.image import NoiseProfile

__all__ = [
    "CROP_ORIGIN",
    "CROP_SIZE",
    "DEFAULT_SCALE",
    "DNG_VERSION",
    "FILTER_ARRAY",
    "NOISE_PROFILE",
    "PHOTOMETRIC",
    "dng_tags",
    "noise_profile",
]

PHOTOMETRIC, FILTER_ARRAY = 262, 32803
DNG_VERSION, NOISE_PROFILE = 50706, 51041
DEFAULT_SCALE, CROP_ORIGIN, CROP_SIZE = 50718, 50719, 50720
_COLOURS = 3


def dng_tags(path: Path) -> dict[int, Entry]:
    """Tags of a DNG's main directory and of its raw image's; none of another file's."""
    try:
        with path.open("rb") as file:
            first, *others = read_chain(file)
    except (OSError, ValueError):
        return {}
    if DNG_VERSION not in first:
        return {}
    for directory in others:
        if PHOTOMETRIC in directory and directory[PHOTOMETRIC].values == (FILTER_ARRAY,):
            return directory | first | _geometry(directory)
    return first


def noise_profile(path: Path) -> NoiseProfile | None:
    """The noise of R, G and B that a DNG states (NoiseProfile); None if it states none.

    One pair of values stands for all channels. What makes no sense counts as nothing stated.
    """
    entry = dng_tags(path).get(NOISE_PROFILE)
    if entry is None or entry.count not in (2, 2 * _COLOURS):
        return None
    values = [float(value) for value in entry.values] * (_COLOURS if entry.count == 2 else 1)  # noqa: PLR2004
    pairs = tuple(zip(values[::2], values[1::2], strict=True))
    if not all(math.isfinite(part) and part >= 0 for pair in pairs for part in pair):
        return None
    if not all(shot + read > 0 for shot, read in pairs):
        return None
    red, green, blue = pairs
    return red, green, blue


def _geometry(directory: dict[int, Entry]) -> dict[int, Entry]:
    places = (DEFAULT_SCALE, CROP_ORIGIN, CROP_SIZE)
    return {tag: directory[tag] for tag in places if tag in directory}
