"""What a DNG states of its mosaic, noise, exposure and corrections (DNG 1.7).

Tags are read without Pillow, which does not follow SubIFDs, where most cameras keep the mosaic.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.dng_names import (
    AS_SHOT_WHITE,
    BASELINE_EXPOSURE,
    CROP_ORIGIN,
    CROP_SIZE,
    DEFAULT_SCALE,
    DNG_VERSION,
    FILTER_ARRAY,
    LINEAR_RAW,
    NOISE_PROFILE,
    OPCODES_2,
    OPCODES_3,
    PHOTOMETRIC,
)
from pairfix.formats.gainmap import GainMap, total_gain
from pairfix.formats.opcodes import read_opcodes
from pairfix.formats.tiff import Entry
from pairfix.formats.tiff_read import read_chain
from pairfix.image import NoiseProfile

__all__ = [
    "dng_tags",
    "noise_profile",
    "stated_baseline_exposure",
    "stated_gain",
    "states_white_point",
    "unapplied_corrections",
]

_BRIGHTNESS_OPCODES = {3, 7, 8, 9, 10, 11, 12, 13}
"""Vignetting, tables, polynomials, gain maps, and numbers for rows and columns: what changes the
light. Others mend single pixels or a lens's distortion."""
_COLOURS = 3
_LARGEST_BASELINE = 8.0
"""EV beyond which BaselineExposure is a mistake and counts as 0."""


def dng_tags(path: Path) -> dict[int, Entry]:
    """Tags of a DNG's main directory and of its raw image's; empty for other files."""
    try:
        with path.open("rb") as file:
            first, *others = read_chain(file)
    except (OSError, ValueError):
        return {}
    if DNG_VERSION not in first:
        return {}
    for kind in (FILTER_ARRAY, LINEAR_RAW):
        for directory in others:
            if PHOTOMETRIC in directory and directory[PHOTOMETRIC].values == (kind,):
                return directory | first | _geometry(directory)
    return first


def noise_profile(path: Path) -> NoiseProfile | None:
    """The noise of R, G and B that a DNG states (NoiseProfile); None if it states none.

    A single pair of values applies to all channels. Invalid values, and noise that is stronger than
    white, count as none.
    """
    entry = dng_tags(path).get(NOISE_PROFILE)
    if entry is None or entry.count not in (2, 2 * _COLOURS):
        return None
    values = [float(value) for value in entry.values] * (_COLOURS if entry.count == 2 else 1)  # noqa: PLR2004
    pairs = tuple(zip(values[::2], values[1::2], strict=True))
    if not all(0 <= part <= 1 for pair in pairs for part in pair):
        return None
    if not all(shot + read > 0 for shot, read in pairs):
        return None
    red, green, blue = pairs
    return red, green, blue


def stated_baseline_exposure(path: Path) -> float:
    """EV that a DNG asks converters to add (BaselineExposure); 0 where it states none."""
    entry = dng_tags(path).get(BASELINE_EXPOSURE)
    stated = entry.number if entry else None
    return 0.0 if stated is None or abs(stated) > _LARGEST_BASELINE else stated


def states_white_point(path: Path) -> bool:
    """Whether a DNG tells its white balance as the light's chromaticity (AsShotWhiteXY)."""
    entry = dng_tags(path).get(AS_SHOT_WHITE)
    if entry is None or entry.count != 2:  # noqa: PLR2004
        return False
    x, y = entry.values
    return x > 0 and y > 0 and x + y <= 1


def stated_gain(path: Path, size: tuple[int, int]) -> NDArray[np.float32] | None:
    """Factors of each sample by a DNG's lens gain maps, ``H x W``; None if it has none."""
    return total_gain(read_opcodes(dng_tags(path).get(OPCODES_2)), size)


def unapplied_corrections(path: Path, *, mosaic: bool) -> tuple[str, ...]:
    """A note if a DNG asks for changes of brightness that are not made.

    Args:
        path: The file.
        mosaic: Whether its lens gain maps are applied.
    """
    tags = dng_tags(path)
    second, third = (read_opcodes(tags.get(tag)) for tag in (OPCODES_2, OPCODES_3))
    left = [each for each in second if not mosaic or GainMap.of(each) is None] + third
    numbers = sorted({each.number for each in left} & _BRIGHTNESS_OPCODES)
    if not numbers:
        return ()
    listed = ", ".join(map(str, numbers))
    return (f"the DNG's corrections of brightness are not applied (opcode {listed})",)


def _geometry(directory: dict[int, Entry]) -> dict[int, Entry]:
    places = (DEFAULT_SCALE, CROP_ORIGIN, CROP_SIZE)
    return {tag: directory[tag] for tag in places if tag in directory}
