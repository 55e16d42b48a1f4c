"""Keep points of light: stars and distant lamps that the short frame shows above its noise.

A network smooths what it takes for noise, and a long frame in which a star has trailed, or is
elsewhere, gives it no reason not to. Points are found in the short frame by a matched filter, at a
constant rate of false alarms, and what the restored photo lacks of them is given back as a Gaussian
spot, fitted by least squares (P. B. Stetson, "DAOPHOT", PASP 99, 1987, finds and fits stars so).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Fused, Planes
from pairfix.light import CELL
from pairfix.progress import Stage

__all__ = ["POINTS", "POINTS_REACH", "keep_points"]

POINTS = Stage("points", "Keeping points of light")

POINTS_REACH = 64
"""Samples on each side from which the result at a place is computed: three averages over
`_SURROUNDINGS`, one after the other, and the filters before them."""
_SIGNIFICANT = 5.0
"""Standard deviations by which a point stands out of its surroundings."""
_SEEN = 3.5
"""The same without the channel in which it stands out most: a hot pixel has no other."""
_SPARSE = 4
"""Step of the rows that channels are weighted by."""
_SURROUNDINGS = 33
"""Side in samples of the square that a point has to stand out of."""
_BACKGROUND = 5
"""Side in samples of the median that takes points out of the restored photo."""
_ISOLATED = 7
"""Side in samples of the square that a point is the brightest of."""
_NEAR = 11
"""Side in samples of the square that must hold nothing but the point."""
_EMPTY = 0.3
"""Contrast of the restored photo there, over the noise, that counts as nothing."""
_TAIL = 3.0
"""Standard deviations at which outliers no longer add to their surroundings' spread."""
_MATCHED = 0.6
"""Sigma in samples of the matched filter."""
_REACH = 2
"""Samples around a point's cell in which a spot is fitted."""
_PLACES = tuple(np.arange(-1, 2.25, 0.25))
"""Places of a spot that are tried, in pixels down or across from the cell's first."""
_HIGHLIGHT = 0.97
"""Linear light from which a spot is left to the network, whose range ends at 1."""
_DOUBT = 1.5
"""Standard deviations of a lack up to which it may be noise, and is left."""
_SPREADS = (0.6, 0.8, 1.0, 1.3, 1.7)
"""Sigmas of the spots in pixels."""
_CHUNK = 256
"""Points that are compared with all shapes at once."""
_TINY = 1e-12

Floats = NDArray[np.float32]
Cells = NDArray[np.intp]
"""Rows and columns of n points' cells, ``n x 2``."""
Samples = tuple[NDArray[np.intp], NDArray[np.intp]]


def keep_points(pair: AlignedPair, fused: Fused, whole: AlignedPair | None = None) -> Fused:
    """Give the restored photo what it lacks of the short frame's points of light.

    Args:
        pair: What was restored. RGB pairs are left alone: their channels have been mixed, so that
            a hot pixel looks like a star.
        fused: The restored photo, in the short frame's geometry.
        whole: The pair by whose noise channels are weighted, if `pair` is a part of it.
    """
    if pair.short.bayer is None:
        return fused
    weights = _weights((whole or pair).short_planes)
    cells = _candidates(pair.short_planes, fused.planes, weights)
    if not len(cells):
        return fused
    near = _samples_around(cells, _REACH)
    noise = _robust_power(_lacking(pair, fused, _samples_around(cells, _NEAR // 2)))
    background = np.median(_taken(fused.planes, near), axis=-1, keepdims=True)
    excess = _taken(pair.short_planes, near) - background
    shapes = _best_shapes(excess, noise)
    light = _fitted(_lacking(pair, fused, near), shapes, noise)
    light[_taken(pair.short_planes, near).max(axis=-1) >= _HIGHLIGHT] = 0
    light[_without_strongest(excess, shapes, noise) < _SEEN] = 0
    planes = fused.planes.copy()
    for plane, spots in zip(planes, light.transpose(1, 0, 2), strict=True):
        np.add.at(plane, near, spots)
    return replace(fused, planes=planes)


def _lacking(pair: AlignedPair, fused: Fused, samples: Samples) -> Floats:
    """What the restored photo lacks of the short frame at some samples, ``n x C x k``."""
    return _taken(pair.short_planes, samples) - _taken(fused.planes, samples)


def _weights(short: Planes) -> list[float]:
    """The inverse of each channel's noise, up to a common factor."""
    return [1 / (float(np.abs(np.diff(plane[::_SPARSE])).mean()) + _TINY) for plane in short]


def _candidates(short: Planes, restored: Planes, weights: Sequence[float]) -> Cells:
    """What stands out of surroundings that hold nothing else, by all channels together."""

    def together(planes: Planes) -> Floats:
        total = planes[0] * np.float32(weights[0])
        for plane, weight in zip(planes[1:], weights[1:], strict=True):
            total = np.asarray(cv2.scaleAdd(plane, weight, total), np.float32)
        return total

    background = np.asarray(cv2.medianBlur(together(restored), _BACKGROUND), np.float32)
    excess = np.asarray(together(short) - background, np.float32)
    matched = np.asarray(cv2.GaussianBlur(excess, (0, 0), _MATCHED), np.float32)
    peaks = matched >= np.asarray(cv2.dilate(matched, np.ones((_ISOLATED, _ISOLATED), np.uint8)))
    peaks &= matched >= _SIGNIFICANT * _spread(matched)
    inner = np.zeros_like(peaks)
    inner[_NEAR:-_NEAR, _NEAR:-_NEAR] = True
    cells = np.argwhere(peaks & inner)
    around = _samples_around(cells, _NEAR // 2)
    empty = background[around].std(axis=1) ** 2 < _EMPTY**2 * _robust_power(excess[around])
    return cells[empty]


def _spread(plane: Floats) -> Floats:
    """Local standard deviation around zero, without outliers."""
    side = (_SURROUNDINGS, _SURROUNDINGS)
    squared = plane * plane
    power = cv2.blur(squared, side)
    for _ in range(2):
        power = cv2.blur(np.minimum(squared, _TAIL**2 * power), side)
    return np.sqrt(power + _TINY)


def _robust_power(samples: Floats) -> Floats:
    """Mean square of the last axis, without outliers."""
    squared = samples * samples
    power = squared.mean(axis=-1)
    for _ in range(2):
        power = np.minimum(squared, _TAIL**2 * power[..., None]).mean(axis=-1)
    return power + _TINY


def _samples_around(cells: Cells, reach: int) -> Samples:
    """Rows and columns of the samples around each point, ``n x k`` each."""
    offsets = np.arange(-reach, reach + 1)
    down, across = (each.ravel() for each in np.meshgrid(offsets, offsets, indexing="ij"))
    return cells[:, :1] + down, cells[:, 1:] + across


def _taken(planes: Planes, samples: Samples) -> Floats:
    """``n x C x k`` samples of the planes."""
    return np.stack([plane[samples] for plane in planes], axis=1)


@cache
def _shapes() -> Floats:
    """Spots of unit peak at all places and sizes that are tried, ``m x C x k``."""
    tried = np.array(list(product(_PLACES, _PLACES, _SPREADS)))[:, :, None, None, None]
    down, across, spread = tried.transpose(1, 0, 2, 3, 4)
    rows, columns = np.array(CELL).T[:, :, None, None]
    side = 2 * np.arange(-_REACH, _REACH + 1)
    distance = (side[:, None] + rows - down) ** 2 + (side + columns - across) ** 2
    spots = np.exp(-distance / (2 * spread**2))
    return spots.reshape(len(tried), len(CELL), -1).astype(np.float32)


def _best_shapes(excess: Floats, noise: Floats) -> Floats:
    """The shape that fits each point best, with a brightness of its own in every channel.

    Args:
        excess: ``n x C x k``.
        noise: ``n x C``, its variance.
    """
    shapes = _shapes()
    power = (shapes**2).sum(axis=-1) + _TINY
    best = np.empty(len(excess), np.intp)
    for start in range(0, len(excess), _CHUNK):
        points, variances = excess[start : start + _CHUNK], noise[start : start + _CHUNK]
        explained = np.zeros((len(points), len(shapes)), np.float32)
        for channel in range(points.shape[1]):
            common = np.maximum(points[:, channel] @ shapes[:, channel].T, 0)
            explained += common**2 / power[:, channel] / variances[:, channel, None]
        best[start : start + _CHUNK] = explained.argmax(axis=1)
    return shapes[best]


def _peaks(samples: Floats, shapes: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Brightness of the spots by least squares, at least 0, and its variance, ``n x C``."""
    power = (shapes**2).sum(axis=-1) + _TINY
    return np.maximum((shapes * samples).sum(axis=-1) / power, 0), noise / power


def _without_strongest(excess: Floats, shapes: Floats, noise: Floats) -> Floats:
    """Standard deviations by which the spots stand out in all channels but one, n."""
    peak, variance = _peaks(excess, shapes, noise)
    return np.sqrt(np.sort(peak**2 / variance, axis=1)[:, :-1].sum(axis=1))


def _fitted(lacking: Floats, shapes: Floats, noise: Floats) -> Floats:
    """What every channel lacks of the spots, ``n x C x k``, less where it is uncertain."""
    peak, variance = _peaks(lacking, shapes, noise)
    certain = np.maximum(1 - _DOUBT**2 * variance / (peak**2 + _TINY), 0)
    return np.asarray((peak * certain)[..., None] * shapes, np.float32)
