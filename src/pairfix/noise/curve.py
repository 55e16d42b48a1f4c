"""What a noise curve is: a standard deviation at each of a few levels of brightness."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Curve", "interpolated", "near", "smoothed"]

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


def smoothed(found: Mapping[float, tuple[float, float]], stiffness: float) -> NDArray[np.float64]:
    """A smooth curve through what was found at some levels, at all `LEVELS`.

    Least squares, with the squared steps from level to level as a penalty (E. T. Whittaker, Proc.
    Edinburgh Math. Soc. 41, 1922, for first differences).

    Args:
        found: At least one value by level, each with its weight, 0 to 1.
        stiffness: Weight of the squared steps.
    """
    count = len(LEVELS)
    values, weights = np.zeros(count), np.zeros(count)
    for level, (value, weight) in found.items():
        place = round(level * (count - 1))
        values[place], weights[place] = value, weight
    steps = np.diff(np.eye(count), axis=0)
    normal = np.diag(weights) + stiffness * steps.T @ steps
    return np.asarray(np.linalg.solve(normal, weights * values), np.float64)
