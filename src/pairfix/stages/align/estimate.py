"""Find the motion between two guides, coarse to fine.

An exhaustive search over shifts and rotations at the coarsest level provides the start for
maximising the enhanced correlation coefficient (ECC), level by level (G. D. Evangelidis and E. Z.
Psarakis, "Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization", IEEE
TPAMI 30(10), 2008).
"""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.stages.align.guide import Guide, Level
from pairfix.stages.align.warp import Matrix

__all__ = ["MotionKind", "estimate", "overlap"]

MotionKind = Literal["homography", "translation"]

_REACH = 0.12
"""How far the search goes, relative to each side of the frame."""

_ROTATIONS = (0.0, -2.0, 2.0, -4.0, 4.0, -6.0, 6.0)
"""Rotations tried, in degrees; ECC bridges the gaps between them."""

_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-6)
"""At most 50 steps, or until the correlation rises by less than a millionth."""

_MASKED_PASSES = 2
"""Passes at the finest level that leave out the parts that disagree."""

_AGREES = 0.6
"""Local correlation from which surroundings count."""

_SURROUNDINGS = 31
"""Side of the square in which the local correlation is taken, in pixels of the finest level."""

Picture = NDArray[np.float32]
Mask = NDArray[np.uint8]


def estimate(short: Guide, long: Guide, kind: MotionKind) -> Matrix | None:
    """The motion from the short frame's stored pixels to the long frame's.

    Parts that disagree after a first round (objects that moved, blown highlights, borders) are
    left out of the last rounds.

    Returns:
        3 x 3 with a 1 in its last corner, or None if no motion was found.
    """
    rotations = _ROTATIONS if kind == "homography" else _ROTATIONS[:1]
    try:
        matrix = _search(short.levels[0], long.levels[0], rotations)
        if kind == "homography":
            matrix = _climb(short.levels[0], long.levels[0], matrix, cv2.MOTION_EUCLIDEAN)
        motion = cv2.MOTION_HOMOGRAPHY if kind == "homography" else cv2.MOTION_TRANSLATION
        for ours, theirs in zip(short.levels, long.levels, strict=True):
            matrix = _climb(ours, theirs, matrix, motion)
        for _ in range(_MASKED_PASSES):
            agreeing = _agreeing(short.levels[-1], long.levels[-1], matrix)
            matrix = _climb(short.levels[-1], long.levels[-1], matrix, motion, agreeing)
    except cv2.error:
        return None
    return np.asarray(matrix / matrix[2, 2])


def overlap(short: Level, long: Level, matrix: Matrix) -> tuple[Picture, Mask]:
    """The long level's picture in the short level's geometry, and where it is valid (255)."""
    local = _between_levels(short, long, matrix)
    size = short.picture.shape[::-1]
    flags = cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(long.picture, local, size, flags=flags | cv2.INTER_LINEAR)
    whole = np.full(long.picture.shape, 255, np.uint8)
    valid = cv2.warpPerspective(whole, local, size, flags=flags | cv2.INTER_NEAREST)
    return np.asarray(warped, np.float32), np.asarray(valid, np.uint8)


def _between_levels(short: Level, long: Level, matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(long.to_pixels) @ matrix @ short.to_pixels)


def _between_pixels(short: Level, long: Level, local: Matrix) -> Matrix:
    return np.asarray(long.to_pixels @ local @ np.linalg.inv(short.to_pixels))


def _search(short: Level, long: Level, rotations: Sequence[float]) -> Matrix:
    """The best of all shifts of a few rotations, by normalised cross-correlation."""
    margin_y, margin_x = (int(side * _REACH) for side in short.picture.shape)
    height, width = short.picture.shape
    core = short.picture[margin_y : height - margin_y, margin_x : width - margin_x]
    best, found = -np.inf, np.eye(3)
    for angle in rotations:
        turn = _rotation(long.picture.shape, angle)
        turned = cv2.warpAffine(long.picture, turn[:2], long.picture.shape[::-1])
        scores = cv2.matchTemplate(turned, core, cv2.TM_CCOEFF_NORMED)
        _, score, _, (left, top) = cv2.minMaxLoc(scores)
        if score > best:
            shift = np.array([[1, 0, left - margin_x], [0, 1, top - margin_y], [0, 0, 1.0]])
            best, found = score, np.linalg.inv(turn) @ shift
    return _between_pixels(short, long, found)


def _rotation(size: tuple[int, ...], degrees: float) -> Matrix:
    centre = ((size[1] - 1) / 2, (size[0] - 1) / 2)
    return np.vstack([cv2.getRotationMatrix2D(centre, degrees, 1.0), [0.0, 0.0, 1.0]])


def _climb(
    short: Level, long: Level, matrix: Matrix, motion: int, agreeing: Mask | None = None
) -> Matrix:
    """Maximise the ECC at one level, starting from `matrix`."""
    start = _between_levels(short, long, matrix)
    start = (start / start[2, 2]).astype(np.float32)
    _, local = cv2.findTransformECCWithMask(
        short.picture,
        long.picture,
        np.full(short.picture.shape, 255, np.uint8) if agreeing is None else agreeing,
        np.full(long.picture.shape, 255, np.uint8),
        start if motion == cv2.MOTION_HOMOGRAPHY else start[:2].copy(),
        motion,
        _CRITERIA,
        1,
    )
    square = np.eye(3)
    square[: local.shape[0]] = local
    return _between_pixels(short, long, square)


def _agreeing(short: Level, long: Level, matrix: Matrix) -> Mask:
    """Where the two pictures correlate locally, 255 or 0."""
    ours = short.picture
    theirs, valid = overlap(short, long, matrix)
    mean_ours, mean_theirs = _mean(ours), _mean(theirs)
    together = _mean(ours * theirs) - mean_ours * mean_theirs
    power = (_mean(ours * ours) - mean_ours**2) * (_mean(theirs * theirs) - mean_theirs**2)
    agrees = together > _AGREES * np.sqrt(np.maximum(power, 0))
    return np.where(agrees, valid, np.uint8(0))


def _mean(picture: Picture) -> Picture:
    return np.asarray(cv2.blur(picture, (_SURROUNDINGS, _SURROUNDINGS)), np.float32)
