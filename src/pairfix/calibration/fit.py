"""Numbers from flat blocks: shot and read noise, its correlation, rows, columns, black."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.calibration.blocks import Blocks
from pairfix.light import CELL

__all__ = ["Shape", "fit_affine", "fit_offset", "fit_shape", "fit_variance"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_BINS = 16
_FEWEST = 16
"""Blocks to a bin."""
_LOWER_QUARTILE = -0.6745
"""Of the normal distribution."""
_ROUNDS = 6
_REFINEMENTS = 3
_TINY = 1e-12
_REACH = 3
"""Pixels over which noise may be correlated."""
_FAR = 8
"""Pixels from which correlation is a row's or column's."""
_ORDINARY = (0.5, 2.0)
"""Range of a block's variance over the fit, within which it can pass for noise alone."""
_SURE = 3.0
"""Standard errors from which a number is taken for more than chance."""
_NEGLIGIBLE = 0.015
"""Correlation that does not matter."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How noise hangs together."""

    correlation: Doubles
    """Odd square, 1 in the middle."""
    channels: Doubles
    """``C x C``; 1 x 1 of a mosaic."""
    rows: float
    """Variance of what is common to a row, in the blocks' own units."""
    columns: float
    """The same of columns."""

    def repetition(self, blocks: Blocks) -> float:
        """How many times fewer degrees of freedom the variance of a block has by correlation.

        For normal noise that is the sum of the squared correlation within its plane.
        """
        middle = len(self.correlation) // 2
        step = 2 if len(blocks.noise) == len(CELL) else 1
        seen = self.correlation[middle % step :: step, middle % step :: step]
        return float((seen**2).sum())


def fit_variance(level: Floats, variance: Floats, freedom: float) -> tuple[float, float]:
    """Shot and read noise: the line ``shot x + read`` through blocks' variances.

    Of blocks of like brightness the lower quartile counts, so that blocks that are not flat after
    all do little harm; where it lies tells the chi-square distribution (Wilson and Hilferty 1931).
    A brightness that lies above the line by more than chance counts little: nothing in it was
    flat, and texture only adds.

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
    chance = _SURE * np.sqrt(2 / freedom / counts)
    slope, intercept = _lower_line(levels, quartiles, chance)
    for _ in range(_REFINEMENTS):
        ratio = variance / (slope * level + intercept + _TINY)
        found = np.array([np.quantile(ratio[part], 0.25) for part in parts]) / quartile_of_chi
        trust = np.minimum(1, chance / np.maximum(found - 1, _TINY)) ** 2
        fitted = slope * levels + intercept + _TINY
        slope, intercept = fit_affine(levels, found * fitted, counts * trust)
    return slope, intercept


def _lower_line(x: Doubles, variance: Doubles, chance: Doubles) -> tuple[float, float]:
    """The line through two of the points that most others lie on, and hardly any below.

    Args:
        x: ``n``.
        variance: ``n``.
        chance: ``n``, what the points may be off the line by, in parts of it.
    """
    if len(x) == 1:
        return 0.0, float(variance[0])
    one, other = np.triu_indices(len(x), 1)
    slopes = np.maximum(variance[other] - variance[one], 0) / (x[other] - x[one] + _TINY)
    slopes = np.minimum(slopes, variance[one] / np.maximum(x[one], _TINY))
    intercepts = variance[one] - slopes * x[one]
    lines = slopes[:, None] * x + intercepts[:, None] + _TINY
    off = (variance / lines - 1) / chance
    best = np.argmin(np.where(off > 0, np.minimum(off, 1), -off).sum(axis=1))
    return float(slopes[best]), float(intercepts[best])


def fit_affine(x: Doubles, variance: Doubles, count: Doubles) -> tuple[float, float]:
    """Slope and intercept, neither negative, of variances whose errors grow with themselves.

    Args:
        x: ``n``.
        variance: ``n``.
        count: ``n``, how much each weighs before that.
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
    """What short less long is in the dark; 0 if that may be chance.

    Pairs share the offset, but each has a slope of its own: what exposure matching left.

    Args:
        level: ``n`` of each pair, brightness.
        difference: The same of the mean of short less long.
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


def fit_shape(blocks: Sequence[Blocks], fits: Sequence[tuple[float, float]]) -> Shape:
    """How the noise of all blocks hangs together.

    Args:
        blocks: Of pairs that share their noise.
        fits: Shot and read noise, plane by plane.
    """
    normal = np.concatenate([_normalised(each, fits) for each in blocks])
    precision = np.mean(np.concatenate([(1 / _expected(each, fits)).ravel() for each in blocks]))
    channels = np.eye(1) if normal.shape[1] == 1 else _channel_correlation(normal)
    found = _autocovariance(normal) - _lost_to_trends(normal.shape[-1], len(blocks[0].noise))
    far = slice(_FAR, None)
    floor = found[far, far].mean()
    rows = max(float(found[0, far].mean() - floor), 0.0)
    columns = max(float(found[far, 0].mean() - floor), 0.0)
    near = found[: _REACH + 1, : _REACH + 1] - floor
    near[0] -= rows
    near[:, 0] -= columns
    total = near[0, 0] + rows + columns
    near = near / near[0, 0]
    chance = max(_SURE / np.sqrt(normal.size), _NEGLIGIBLE)
    near[np.abs(near) < chance] = 0
    quarter = np.concatenate([near[:0:-1], near])
    return Shape(
        correlation=np.concatenate([quarter[:, :0:-1], quarter], axis=1),
        channels=channels,
        rows=rows / precision if rows / total > chance / _SURE else 0.0,
        columns=columns / precision if columns / total > chance / _SURE else 0.0,
    )


def _expected(blocks: Blocks, fits: Sequence[tuple[float, float]]) -> Floats:
    """Variance that the fit gives to every block, ``C x n``."""
    shot, read = np.array(fits, np.float32).T[..., None]
    return np.maximum(shot * blocks.level, 0) + read + np.float32(_TINY)


def _normalised(blocks: Blocks, fits: Sequence[tuple[float, float]]) -> Floats:
    """Ordinary blocks at variance 1: ``n x C x s x s``, a mosaic's planes put together again."""
    deviation = np.sqrt(_expected(blocks, fits))[..., None, None]
    normal: Floats = np.divide(blocks.noise, deviation)
    strength = (normal**2).mean(axis=(0, -2, -1))
    ordinary = (strength > _ORDINARY[0]) & (strength < _ORDINARY[1])
    kept = normal[:, ordinary].swapaxes(0, 1)
    count, planes, side, _ = kept.shape
    if planes != len(CELL):
        return kept
    mosaic = np.empty((count, 1, 2 * side, 2 * side), np.float32)
    for plane, (row, column) in enumerate(CELL):
        mosaic[:, 0, row::2, column::2] = kept[:, plane]
    return mosaic


def _autocovariance(normal: NDArray[np.floating]) -> Doubles:
    """Mean product by distance down and across, ``s x s``; both diagonals count alike."""
    side = normal.shape[-1]
    spectrum = np.abs(np.fft.rfft2(normal, s=(2 * side, 2 * side))) ** 2
    products = np.fft.irfft2(spectrum.mean(axis=(0, 1)), s=(2 * side, 2 * side))
    left = np.concatenate([products[:side, :1], products[:side, :-side:-1]], axis=1)
    counts = np.arange(side, 0, -1)
    return (products[:side, :side] + left) / 2 / np.outer(counts, counts)


def _lost_to_trends(side: int, planes: int) -> Doubles:
    """What taking mean and slope out of every block of a plane does to white noise's covariance."""
    step = 2 if planes == len(CELL) else 1
    length = side // step
    ramp = np.linspace(-1, 1, length)
    trends = np.stack([np.ones((length, length)), *np.meshgrid(ramp, ramp)]).reshape(3, -1)
    trends /= np.linalg.norm(trends, axis=1, keepdims=True)
    lost = np.zeros((side, side))
    fields = trends.reshape(-1, 1, length, length)
    lost[::step, ::step] = -len(fields) * _autocovariance(fields)
    return lost


def _channel_correlation(normal: Floats) -> Doubles:
    covariance = np.einsum("ncij,ndij->cd", normal, normal).astype(np.float64)
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)
