"""Photos whose orientation tags differ though the camera was held alike.

A camera that points up or down does not know which way is up, so that two photos of one pair may be
tagged differently. Mosaics are compared as stored; pictures are upright when they are decoded.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import cv2
import numpy as np

from pairfix.formats.orientation import as_stored, turn_upright
from pairfix.image import Frame, Pixels

__all__ = ["turned_alike"]

_SIDE = 64
"""Of the reduced pictures that are compared."""
_NOTE = "its orientation tag differs: the other photo's is used"


def turned_alike(frames: Sequence[Frame]) -> list[Frame]:
    """The photos, turned as the last one where that fits it better than their own tags do."""
    *others, last = frames
    return [*(_turned_as(each, last) for each in others), last]


def _turned_as(frame: Frame, last: Frame) -> Frame:
    if frame.turned == last.turned:
        return frame
    again = turn_upright(as_stored(frame.pixels, frame.turned), last.turned)
    if _likeness(again, last.pixels) <= _likeness(frame.pixels, last.pixels):
        return frame
    pixels = cast("Pixels", np.ascontiguousarray(again))
    return replace(frame, pixels=pixels, turned=last.turned, notes=(*frame.notes, _NOTE))


def _likeness(pixels: Pixels, others: Pixels) -> float:
    """Correlation of two pictures in coarse; below all others if only one of them is upright."""
    if (pixels.shape[0] < pixels.shape[1]) != (others.shape[0] < others.shape[1]):
        return -2.0
    one, other = (
        cv2.resize(each, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        for each in (pixels, others)
    )
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0])
