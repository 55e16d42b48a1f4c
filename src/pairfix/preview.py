"""Crops of short, long and result side by side, to judge a restoration at a glance."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

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
    """Lay out crops at 100 % where the last picture has the most detail, one row a place.

    Args:
        pictures: Of one scene, equally large, by name; the result last.

    Returns:
        A sheet with the pictures side by side under their names.
    """
    result = list(pictures.values())[-1]
    crop = min(_CROP, *result.pixels.shape[:2])
    rows = [
        _row([_crop(picture, place, crop) for picture in pictures.values()])
        for place in _detailed_places(result, crop)
    ]
    gap = np.full((_GAP, rows[0].shape[1], 3), _BACKGROUND, np.uint16)
    sheet = [_header(list(pictures), crop)]
    for row in rows:
        sheet += [row, gap]
    return Picture(np.concatenate(sheet), exif=b"")


def _detailed_places(picture: Picture, crop: int) -> list[tuple[int, int]]:
    """Top-left corners of non-overlapping crops, those with the most fine detail first."""
    green = picture.pixels[:, :, 1].astype(np.float32)
    detail = np.abs(cv2.Laplacian(cv2.GaussianBlur(green, (0, 0), 1.5), cv2.CV_32F))
    energy = cv2.boxFilter(detail, -1, (crop, crop), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    energy = energy[: green.shape[0] - crop + 1, : green.shape[1] - crop + 1].copy()
    places: list[tuple[int, int]] = []
    while len(places) < _ROWS and energy.max() >= 0:
        top, left = np.unravel_index(int(energy.argmax()), energy.shape)
        places.append((int(top), int(left)))
        energy[max(top - crop + 1, 0) : top + crop, max(left - crop + 1, 0) : left + crop] = -1
    return places


def _crop(picture: Picture, place: tuple[int, int], crop: int) -> Pixels16:
    top, left = place
    return picture.pixels[top : top + crop, left : left + crop]


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
