"""Judge a motion: do the frames agree better with it, and can a hand-held camera move like that?"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.stages.align.estimate import overlap
from pairfix.stages.align.guide import Guide
from pairfix.stages.align.warp import Matrix, transform

__all__ = ["correlation", "implausibility"]

Points = NDArray[np.float64]

_SCORED_LEVEL = -2
"""The finest level but one: noise and blur are gone there, structure is not."""

_MAX_SHIFT = 0.15
"""Of the frame's centre, relative to its longer side."""

_MAX_ROTATION = 8.0
"""In degrees."""

_MAX_SCALE = 1.06
"""Of length, either way and in any direction."""

_MAX_PERSPECTIVE = 0.02
"""How far perspective may move a corner, relative to the longer side."""

_LEAST_OVERLAP = 0.5
"""Part of the short frame that the long one must cover."""


def correlation(short: Guide, long: Guide, matrix: Matrix) -> float:
    """Zero-mean correlation of the frames' structure where they overlap, -1 to 1.

    0 if they hardly overlap or one of them is flat.
    """
    index = max(_SCORED_LEVEL, -len(short.levels))
    ours, level = short.levels[index].picture, long.levels[index]
    theirs, valid = overlap(short.levels[index], level, matrix)
    if np.count_nonzero(valid) < _LEAST_OVERLAP * valid.size:
        return 0.0
    score = float(cv2.computeECC(ours, theirs, valid))
    return score if np.isfinite(score) else 0.0


def implausibility(matrix: Matrix, size: tuple[int, int]) -> str | None:
    """Why a hand-held camera cannot have moved so between two shots, or None if it can.

    Args:
        matrix: 3 x 3, from the short frame's stored pixels to the long frame's.
        size: Height and width of the short frame.
    """
    corners = _corners(size)
    if not np.isfinite(matrix).all() or _folds(matrix, corners):
        return "it folds the photo"
    longer = max(size)
    centre = corners.mean(axis=0, keepdims=True)
    moved = transform(matrix, centre)
    linear = _derivative(matrix, centre[0])
    widest, narrowest = np.linalg.svd(linear, compute_uv=False)
    turn = np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])
    bent = transform(matrix, corners) - (moved + (corners - centre) @ linear.T)
    excesses = {
        "it shifts the photo too far": _length(moved - centre) > _MAX_SHIFT * longer,
        "it turns the photo too far": abs(np.degrees(turn)) > _MAX_ROTATION,
        "it scales the photo too much": widest > _MAX_SCALE or narrowest < 1 / _MAX_SCALE,
        "it tilts the photo too much": _length(bent) > _MAX_PERSPECTIVE * longer,
    }
    return next((reason for reason, holds in excesses.items() if holds), None)


def _corners(size: tuple[int, int]) -> Points:
    bottom, right = size[0] - 1.0, size[1] - 1.0
    return np.array([[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]])


def _folds(matrix: Matrix, corners: Points) -> bool:
    """Whether corners end behind the camera, mirrored or in a dent."""
    depth = corners @ matrix[2, :2] + matrix[2, 2]
    if depth.min() <= 0:
        return True
    mapped = transform(matrix, corners).astype(np.float32)
    return not cv2.isContourConvex(mapped) or cv2.contourArea(mapped, oriented=True) <= 0


def _length(vectors: Points) -> float:
    return float(np.linalg.norm(vectors, axis=1).max())


def _derivative(matrix: Matrix, point: NDArray[np.float64]) -> Matrix:
    """Derivative of the homography at a point, 2 x 2."""
    x, y, depth = matrix @ np.append(point, 1.0)
    return np.asarray((matrix[:2, :2] - np.outer([x / depth, y / depth], matrix[2, :2])) / depth)
