"""What a noise curve is: a standard deviation at each of a few levels of brightness."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Curve", "interpolated", "near"]

Curve = NDArray[np.float32]
"""``C x K``: standard deviation at `LEVELS`, in encoded units."""

LEVELS = np.linspace(0, 1, 17, dtype=np.float32)
"""The encoded levels, K of them, at which a curve is given."""


def near(level: NDArray[np.float32], centre: np.float32) -> NDArray[np.bool_]:
    """Which of some levels belong to one of `LEVELS`."""
    return np.abs(level - centre) <= LEVELS[1] / 2


def interpolated(found: Mapping[float, float]) -> NDArray[np.float64]:
    """What was found at some levels at all `LEVELS`; flat beyond the outermost ones.

    Args:
        found: At least one value by level.
    """
    return np.asarray(np.interp(LEVELS, list(found), list(found.values())))
