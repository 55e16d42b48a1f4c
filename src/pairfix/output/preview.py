"""Crops of short, long and result side by side, to judge a restoration at a glance."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.crops import cut, differing_places
from pairfix.image import Picture

__all__ = ["compare"]

_CROP = 480
"""Longest side of a crop in pixels, shown at 100 %."""
_ROWS = 3
_GAP = 8
_HEADER = 40
_BACKGROUND = 24 * 257
_INK = 230 * 257

Pixels16 = NDArray[np.uint16]


def compare(pictures: Mapping[str, Picture]) -> Picture:
    """Lay out crops at 100 % where the last two pictures differ most, one row per place.

    Args:
        pictures: By name, two or more of one scene and of one size; the last two are the long
            photo, if there is one, and the result.

    Returns:
        A sheet with the pictures side by side under their names.
    """
    *_, source, result = pictures.values()
    side = min(_CROP, *result.pixels.shape[:2])
    rows = [
        _row([cut(picture, place, side) for picture in pictures.values()])
        for place in differing_places(source, result, side, _ROWS)
    ]
    gap = np.full((_GAP, rows[0].shape[1], 3), _BACKGROUND, np.uint16)
    sheet = [_header(list(pictures), side)]
    for row in rows:
        sheet += [row, gap]
    return Picture(np.concatenate(sheet), exif=b"", profile=result.profile)


def _row(crops: list[Pixels16]) -> Pixels16:
    gap = np.full((crops[0].shape[0], _GAP, 3), _BACKGROUND, np.uint16)
    first, *rest = crops
    return np.concatenate([first, *(part for crop in rest for part in (gap, crop))], axis=1)


def _header(names: list[str], crop: int) -> Pixels16:
    width = len(names) * (crop + _GAP) - _GAP
    strip = np.zeros((_HEADER, width), np.uint8)
    for column, name in enumerate(names):
        corner = (column * (crop + _GAP) + _GAP, _HEADER - 12)
        cv2.putText(strip, name, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    ink = _BACKGROUND + strip.astype(np.uint32) * (_INK - _BACKGROUND) // 255
    return np.repeat(ink.astype(np.uint16)[:, :, None], 3, axis=2)
