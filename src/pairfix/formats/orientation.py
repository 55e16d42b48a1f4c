"""EXIF orientations: pictures turned and mirrored as they require, and back."""

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_stored", "orientation_of", "turn_upright"]

_TURNS = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True)} | {
    5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)
}  # fmt: skip
"""EXIF orientation to quarter turns counter-clockwise, and whether to flip left and right then."""
_UNDONE = {6: 8, 8: 6}
"""Orientations that undo another one; all others undo themselves."""

_Array = TypeVar("_Array", bound=NDArray[Any])


def turn_upright(pixels: _Array, orientation: int) -> _Array:
    """Turn and mirror as an EXIF orientation (1 to 8) requires; a view of `pixels`."""
    quarters, mirrored = _TURNS[orientation]
    turned = np.rot90(pixels, quarters)
    return cast("_Array", turned[:, ::-1] if mirrored else turned)


def as_stored(pixels: _Array, orientation: int) -> _Array:
    """Undo `turn_upright`; a view of `pixels`."""
    return turn_upright(pixels, _UNDONE.get(orientation, orientation))


def orientation_of(quarters: int, *, mirrored: bool) -> int:
    """The EXIF orientation that requires so much.

    Args:
        quarters: Quarter turns counter-clockwise, 0 to 3.
        mirrored: Whether left and right are flipped after that.
    """
    return next(each for each, turns in _TURNS.items() if turns == (quarters, mirrored))
