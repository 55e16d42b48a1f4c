"""How a photo was taken, by its EXIF tags (EXIF 2.32, 4.6.5 and annex C).

Where a tag is missing, its value follows from others that say the same: time and aperture from
their logarithms (APEX), the sensitivity from the kinds that it may be of.
"""

import math

from pairfix.formats.tiff import Entry
from pairfix.image import Exposure

__all__ = [
    "APERTURE_VALUE",
    "EXPOSURE_TIME",
    "F_NUMBER",
    "ISO",
    "ISO_OVERFLOW",
    "SHUTTER_SPEED_VALUE",
    "exposure_of",
]

EXPOSURE_TIME, F_NUMBER, ISO = 0x829A, 0x829D, 0x8827
SHUTTER_SPEED_VALUE, APERTURE_VALUE = 0x9201, 0x9202
ISO_OVERFLOW = 65535
"""The greatest number that `ISO` holds; it stands for all from there on."""
_SENSITIVITY_TYPE = 0x8830
_STANDARD_OUTPUT, _RECOMMENDED_INDEX, _ISO_SPEED = 0x8831, 0x8832, 0x8833
_KINDS: dict[float, tuple[int, ...]] = {
    1: (_STANDARD_OUTPUT,),
    2: (_RECOMMENDED_INDEX,),
    3: (_ISO_SPEED,),
    4: (_STANDARD_OUTPUT, _RECOMMENDED_INDEX),
    5: (_STANDARD_OUTPUT, _ISO_SPEED),
    6: (_RECOMMENDED_INDEX, _ISO_SPEED),
}
"""SensitivityType: of which kinds `ISO` is."""
_ANY_KIND = (_RECOMMENDED_INDEX, _STANDARD_OUTPUT, _ISO_SPEED)
"""Most cameras state the first."""
_SHUTTERS, _ISOS, _F_NUMBERS = (1e-7, 86400.0), (0.1, 1e7), (0.1, 256.0)
"""Least and greatest values that a camera may have; all others count as unknown."""
_LARGEST_APEX = 64.0
"""Stops beyond all plausible times and apertures."""


def exposure_of(tags: dict[int, Entry], otherwise: Exposure | None = None) -> Exposure:
    """Shutter, ISO and aperture; 0 and implausible values count as unknown.

    Args:
        tags: The Exif directory.
        otherwise: Values of another source, for what the tags do not say.
    """
    other = otherwise or Exposure()
    return Exposure(
        _plausible(_shutter(tags, other.shutter), _SHUTTERS),
        _plausible(_iso(tags, other.iso), _ISOS),
        _plausible(_aperture(tags, other.aperture), _F_NUMBERS),
    )


def _shutter(tags: dict[int, Entry], otherwise: float | None) -> float | None:
    if EXPOSURE_TIME in tags:
        return tags[EXPOSURE_TIME].number
    speed = _apex(tags, SHUTTER_SPEED_VALUE)
    return otherwise if speed is None else 2.0**-speed


def _aperture(tags: dict[int, Entry], otherwise: float | None) -> float | None:
    if F_NUMBER in tags:
        return tags[F_NUMBER].number
    value = _apex(tags, APERTURE_VALUE)
    return otherwise if value is None else math.sqrt(2.0**value)


def _iso(tags: dict[int, Entry], otherwise: float | None) -> float | None:
    """`ISO`; where it is missing or too small to hold the number, that of the kind it is of."""
    stated = tags[ISO].number if ISO in tags else None
    if stated and stated != ISO_OVERFLOW:
        return stated
    kind = tags[_SENSITIVITY_TYPE].number if _SENSITIVITY_TYPE in tags else None
    for tag in (*_KINDS.get(kind or 0, ()), *_ANY_KIND):
        if tag in tags and (number := tags[tag].number):
            return number
    if ISO in tags and stated != ISO_OVERFLOW:
        return None
    return None if otherwise == ISO_OVERFLOW else otherwise


def _apex(tags: dict[int, Entry], tag: int) -> float | None:
    value = tags[tag].number if tag in tags else None
    return value if value is not None and abs(value) <= _LARGEST_APEX else None


def _plausible(value: float | None, limits: tuple[float, float]) -> float | None:
    least, greatest = limits
    return float(value) if value is not None and least <= value <= greatest else None
