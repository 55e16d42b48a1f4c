"""Crops: the places where two pictures of one scene differ most."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Picture

__all__ = ["cut", "differing_places", "strongest_places"]

_SMOOTHING = 2.0
"""Standard deviation in pixels of a blur that keeps noise from counting as a difference."""


def differing_places(
    first: Picture, second: Picture, side: int, count: int
) -> list[tuple[int, int]]:
    """Choose square crops that do not overlap, starting where the pictures differ most.

    Exposures of one scene differ where light moved or blurred: at edges, lamps, writing. To find
    those places rather than noise, compare the long exposure with the result, which has the short
    exposure's geometry.

    Args:
        first: One picture.
        second: Another of the same size.
        side: Side of the crops in pixels; at most the pictures' shorter side.
        count: How many to choose; fewer if there is no room.

    Returns:
        Row and column of each crop's top-left corner.
    """
    return strongest_places(np.abs(_smoothed(first) - _smoothed(second)), side, count)


def strongest_places(strength: NDArray[np.float32], side: int, count: int) -> list[tuple[int, int]]:
    """Choose squares that do not overlap, starting with the greatest sum.

    Args:
        strength: ``h x w``, not negative.
        side: Side of the squares in pixels; at most the shorter side.
        count: How many to choose; fewer if there is no room.

    Returns:
        Row and column of each square's top-left corner.
    """
    sums = cv2.boxFilter(strength, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    height, width = strength.shape
    sums = sums[: height - side + 1, : width - side + 1].copy()
    places: list[tuple[int, int]] = []
    while len(places) < count and sums.max() >= 0:
        top, left = (int(index) for index in np.unravel_index(sums.argmax(), sums.shape))
        places.append((top, left))
        sums[max(top - side + 1, 0) : top + side, max(left - side + 1, 0) : left + side] = -1
    return places


def cut(picture: Picture, place: tuple[int, int], side: int) -> NDArray[np.uint16]:
    """The crop of ``side x side x 3`` pixels whose top-left corner is at `place`."""
    top, left = place
    return picture.pixels[top : top + side, left : left + side]


def _smoothed(picture: Picture) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return cv2.GaussianBlur(grey, (0, 0), _SMOOTHING).astype(np.float32, copy=False)
