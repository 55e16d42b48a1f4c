"""Find the motion between two frames by points of light, where there is no other structure.

A dark sky is noise at the size of the guides, and its stars are lost. At full size they stand out:
as points in the short frame, as points or trails in the long one, whose middle counts. Hot pixels,
which do not move with the stars, show in one plane only, so that light counts where all have it.
Shifts and turns are voted for by pairs of stars, one of each frame, and the pairs that voted for
the winner decide about the motion.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import MatchedPair, Planes
from pairfix.light import CELL
from pairfix.stages.align.warp import Matrix, green_to_pixels, transform

__all__ = ["StarMotion", "motion_of_stars"]

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

_POINT = 1.5
"""Gaussian sigma in samples that finds points of light."""
_SKY = 16.0
"""Gaussian sigma in samples: what is wider is the sky's glow."""
_CLEAR = 6.0
"""Standard deviations of the noise above which light is a star's: of a million samples of noise
alone, none is."""
_TO_DEVIATION = 1.4826
"""Standard deviation of normal noise over its median deviation."""
_TINY = 1e-5
"""Noise of a frame without any, in linear light."""
_BRIGHTEST = 200
"""Stars of a frame that take part."""
_REACH = 0.12
"""How far a star may have moved, relative to the frame's longer side."""
_TURNS = np.arange(-5.0, 5.25, 0.5)
"""Turns that are voted for, in degrees; between them, a star moves by less than a vote is wide."""
_VOTE = 8.0
"""Width of a vote in samples."""
_EXACT = 1.5
"""Distance in samples within which a star lies where the motion puts it."""
_FEWEST = 8
"""Stars that must agree about the motion, and"""
_SHARE = 0.3
"""how many of those that one of the frames shows."""


@dataclass(frozen=True, slots=True)
class StarMotion:
    """A motion, and how well it is founded."""

    matrix: Matrix
    """3 x 3, from the short frame's stored pixels to the long frame's."""
    stars: int
    """How many agree."""


def motion_of_stars(pair: MatchedPair) -> StarMotion | None:
    """The homography that most stars agree about; None if there are too few.

    Args:
        pair: Two frames at equal brightness.
    """
    short = _stars(pair.short_planes)
    long = _stars(pair.long_planes)
    needed = max(_FEWEST, round(_SHARE * min(len(short), len(long))))
    if min(len(short), len(long)) < needed:
        return None
    size = pair.short_planes.shape[1:]
    ours, theirs = _voters(short, long, size)
    if len(ours) < needed:
        return None
    found, agreeing = cv2.findHomography(ours, theirs, cv2.RANSAC, _EXACT)
    stars = int(np.count_nonzero(agreeing))
    if found is None or stars < needed:
        return None
    to_short, to_long = (
        np.mean(green_to_pixels(frame), axis=0) for frame in (pair.short, pair.long)
    )
    matrix = to_long @ found @ np.linalg.inv(to_short)
    return StarMotion(np.asarray(matrix / matrix[2, 2]), stars)


def _stars(planes: Planes) -> Points:
    """The brightest stars' middles, ``n x 2`` (x, y) in samples of green."""
    witnesses = planes if len(planes) < len(CELL) else planes[1:3]
    light = np.asarray(np.minimum.reduce([_points(plane) for plane in witnesses]), np.float32)
    light -= np.float32(np.median(light))
    noise = _TO_DEVIATION * np.median(np.abs(light)) + _TINY
    _, labels = cv2.connectedComponents((light > _CLEAR * noise).astype(np.uint8))
    rows, columns = np.nonzero(labels)
    owner, weight = labels[rows, columns], light[rows, columns]
    total, by_x, by_y = (
        np.bincount(owner, weight * place)[1:] for place in (np.ones_like(rows), columns, rows)
    )
    brightest = np.argsort(-total, kind="stable")[:_BRIGHTEST]
    return np.stack([by_x, by_y], axis=1)[brightest] / total[brightest, None]


def _points(plane: Floats) -> Floats:
    """What is about as small as a star."""
    fine, wide = (cv2.GaussianBlur(plane, (0, 0), sigma) for sigma in (_POINT, _SKY))
    return np.asarray(fine - wide, np.float32)


def _voters(short: Points, long: Points, size: tuple[int, ...]) -> tuple[Points, Points]:
    """The pairs of stars that voted for the turn and the shift with the most votes."""
    centre = np.array(size[::-1]) / 2
    reach = _REACH * max(size)
    edges = np.arange(-reach, reach + _VOTE, _VOTE)
    best, voters = 0, (short[:0], long[:0])
    for degrees in _TURNS:
        turn = np.eye(3)
        turn[:2] = cv2.getRotationMatrix2D(tuple(centre), degrees, 1.0)
        shifts = long[None] - transform(turn, short)[:, None]
        across, down = shifts.reshape(-1, 2).T
        votes, _, _ = np.histogram2d(across, down, bins=[edges, edges])
        if votes.max() > best:
            best = votes.max()
            place = np.array(np.unravel_index(votes.argmax(), votes.shape))
            near = np.abs(shifts - (edges[place] + _VOTE / 2)).max(axis=2) < _VOTE
            ours, theirs = np.nonzero(near)
            voters = short[ours], long[theirs]
    return voters
