"""Numbers from flat blocks: shot and read noise, black."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_affine", "fit_offset", "fit_variance"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_BINS = 16
_FEWEST = 16
"""Fewest blocks of a bin."""
_LOWER_QUARTILE = -0.6745
"""Of the normal distribution."""
_ROUNDS = 6
_REFINEMENTS = 3
_TINY = 1e-12
_SURE = 3.0
"""Standard errors from which a number counts as significant."""


def fit_variance(level: Floats, variance: Floats, freedom: float) -> tuple[float, float]:
    """Shot and read noise: the line ``shot x + read`` through blocks' variances.

    Of blocks of like brightness the lower quartile counts, so that blocks that are not flat after
    all do little harm; its place in the chi-square distribution is known (Wilson and Hilferty
    1931). A brightness significantly above the line counts little: nothing in it was flat, and
    texture only adds.

    Args:
        level: ``n``, brightness.
        variance: ``n``, of blocks.
        freedom: Degrees of freedom of each; fewer than its pixels where these are correlated.
    """
    order = np.argsort(level)
    parts = np.array_split(order, max(min(_BINS, len(order) // _FEWEST), 1))
    levels = np.array([np.median(level[part]) for part in parts], np.float64)
    spread = 2 / (9 * freedom)
    quartile_of_chi = (1 - spread + _LOWER_QUARTILE * spread**0.5) ** 3
    counts = np.array([len(part) for part in parts], np.float64)
    quartiles = np.array([np.quantile(variance[part], 0.25) for part in parts]) / quartile_of_chi
    tolerance = _SURE * np.sqrt(2 / freedom / counts)
    slope, intercept = _lower_line(levels, quartiles, tolerance)
    for _ in range(_REFINEMENTS):
        ratio = variance / (slope * level + intercept + _TINY)
        found = np.array([np.quantile(ratio[part], 0.25) for part in parts]) / quartile_of_chi
        trust = np.minimum(1, tolerance / np.maximum(found - 1, _TINY)) ** 2
        fitted = slope * levels + intercept + _TINY
        slope, intercept = fit_affine(levels, found * fitted, counts * trust)
    return slope, intercept


def _lower_line(x: Doubles, variance: Doubles, tolerance: Doubles) -> tuple[float, float]:
    """The line through two of the points that most others lie on, and hardly any below.

    Args:
        x: ``n``.
        variance: ``n``.
        tolerance: ``n``, how far the points may be off the line, as a fraction of it.
    """
    if len(x) == 1:
        return 0.0, float(variance[0])
    one, other = np.triu_indices(len(x), 1)
    slopes = np.maximum(variance[other] - variance[one], 0) / (x[other] - x[one] + _TINY)
    slopes = np.minimum(slopes, variance[one] / np.maximum(x[one], _TINY))
    intercepts = variance[one] - slopes * x[one]
    lines = slopes[:, None] * x + intercepts[:, None] + _TINY
    off = (variance / lines - 1) / tolerance
    best = np.argmin(np.where(off > 0, np.minimum(off, 1), -off).sum(axis=1))
    return float(slopes[best]), float(intercepts[best])


def fit_affine(x: Doubles, variance: Doubles, count: Doubles) -> tuple[float, float]:
    """Slope and intercept, neither negative, of variances whose errors grow with themselves.

    Args:
        x: ``n``.
        variance: ``n``.
        count: ``n``, weights before that.
    """
    fitted = np.full_like(variance, variance.mean() + _TINY)
    slope = intercept = 0.0
    for _ in range(_ROUNDS):
        weight = count / (fitted + _TINY) ** 2
        total, mean_x = weight.sum(), np.average(x, weights=weight)
        mean_v = np.average(variance, weights=weight)
        spread = (weight * (x - mean_x) ** 2).sum() / total
        slope = (weight * (x - mean_x) * (variance - mean_v)).sum() / total / (spread + _TINY)
        slope = max(float(slope), 0.0)
        intercept = float(mean_v - slope * mean_x)
        if intercept < 0:
            intercept = 0.0
            slope = float((weight * x * variance).sum() / ((weight * x * x).sum() + _TINY))
        fitted = slope * x + intercept
    return slope, intercept


def fit_offset(
    level: Sequence[Floats], difference: Sequence[Floats], error: Sequence[Floats]
) -> float:
    """Short minus long in the dark; 0 unless it is significant.

    Pairs share the offset, but each has a slope of its own: the error of its exposure matching.

    Args:
        level: ``n`` of each pair, brightness.
        difference: The same of the mean of short minus long.
        error: The same of the standard error that noise alone gives it.
    """
    columns = np.zeros((sum(map(len, level)), 1 + len(level)))
    columns[:, 0] = 1
    start = 0
    for number, each in enumerate(level, 1):
        columns[start : start + len(each), number] = each
        start += len(each)
    y, weight = np.concatenate(difference), 1 / (np.concatenate(error) + _TINY)
    kept = np.ones(len(y), bool)
    intercept = deviation = 0.0
    for _ in range(_ROUNDS):
        known = columns[kept] * weight[kept, None]
        inverse = np.linalg.pinv(known.T @ known)
        found = inverse @ known.T @ (y[kept] * weight[kept])
        residual = np.abs(y - columns @ found) * weight
        scale = max(float(np.median(residual[kept])) / -_LOWER_QUARTILE, 1.0)
        intercept, deviation = float(found[0]), scale * float(np.sqrt(inverse[0, 0]))
        kept = residual < _SURE * scale
    return intercept if abs(intercept) > _SURE * deviation else 0.0
