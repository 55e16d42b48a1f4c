"""How the noise in flat blocks is correlated: neighbours, channels, rows and columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.calibration.blocks import PIXELS, Blocks
from pairfix.errors import PairError
from pairfix.light import CELL

__all__ = ["Correlation", "fit_correlation"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_GREY = 0.18
_NOISELESS = 1e-8
"""Variance at grey below what any sensor has: a deviation of one step in 10,000."""
_TINY = 1e-12
_REACH = 3
"""Pixels over which noise may be correlated."""
_ORDINARY = (0.5, 2.0)
"""Range of a block's variance over the fit, within which it can pass for noise alone."""
_SURE = 3.0
"""Standard errors from which a number counts as significant."""
_NEGLIGIBLE = 0.015
"""Correlation that does not matter."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How noise is correlated."""

    pixels: Doubles
    """Autocorrelation by distance: an odd square, 1 in the middle."""
    channels: Doubles
    """Of the channels at one place: ``C x C``; 1 x 1 of a mosaic."""
    rows: float
    """Variance of what is common to a row, in the blocks' own units."""
    columns: float
    """The same of columns."""
    lines_seen: float
    """Share of `rows` and `columns` that blocks without mean and slope still show."""

    def repetition(self, blocks: Blocks) -> float:
        """By what factor correlation reduces the degrees of freedom of a block's variance.

        For normal noise it is the sum of the squared correlation within its plane.
        """
        middle = len(self.pixels) // 2
        step = _step(len(blocks.noise))
        seen = self.pixels[middle % step :: step, middle % step :: step]
        return float((seen**2).sum())


def fit_correlation(blocks: Sequence[Blocks], fits: Sequence[tuple[float, float]]) -> Correlation:
    """Measure how the noise of all blocks is correlated.

    Every correlation, of near neighbours and of whole rows and columns, adds its part to the
    autocovariance within blocks without mean and slope: least squares separate them.

    Args:
        blocks: Those of pairs with the same noise.
        fits: Shot and read noise, plane by plane.

    Raises:
        PairError: They have no noise, like drawn pictures.
    """
    normal = [each for each in (_normalised(each, fits) for each in blocks) if len(each)]
    if not normal or max(shot * _GREY + read for shot, read in fits) < _NOISELESS:
        raise PairError(
            "no noise can be measured in these pairs", "give photos as the camera made them"
        )
    size = sum(each.size for each in normal)
    precision = np.mean(np.concatenate([(1 / _expected(each, fits)).ravel() for each in blocks]))
    parts = np.stack([*_parts(len(blocks[0].noise))])
    weight = np.sqrt(_pairs_apart()).ravel()
    found = _autocovariance(normal).ravel() * weight
    strengths, *_ = np.linalg.lstsq((parts.reshape(len(parts), -1) * weight).T, found)
    near = strengths[:-2].reshape(_REACH + 1, _REACH + 1)
    rows, columns = np.maximum(strengths[-2:], 0)
    total = near[0, 0] + rows + columns
    near = near / near[0, 0]
    least = max(_SURE / np.sqrt(size), _NEGLIGIBLE)
    near[np.abs(near) < least] = 0
    quarter = np.concatenate([near[:0:-1], near])
    return Correlation(
        pixels=np.concatenate([quarter[:, :0:-1], quarter], axis=1),
        channels=np.eye(1) if normal[0].shape[1] == 1 else _channel_correlation(normal),
        rows=rows / precision if rows / total > least / _SURE else 0.0,
        columns=columns / precision if columns / total > least / _SURE else 0.0,
        lines_seen=float(parts[-1, 0, 0] / parts[0, 0, 0]),
    )


def _step(planes: int) -> int:
    """Distance in pixels of a plane's samples."""
    return 2 if planes == len(CELL) else 1


def _expected(blocks: Blocks, fits: Sequence[tuple[float, float]]) -> Floats:
    """Variance that the fit gives to every block, ``C x n``."""
    shot, read = np.array(fits, np.float32).T[..., None]
    return np.maximum(shot * blocks.level, 0) + read + np.float32(_TINY)


def _normalised(blocks: Blocks, fits: Sequence[tuple[float, float]]) -> Floats:
    """Ordinary blocks at variance 1: ``n x C x s x s``, a mosaic's planes reassembled."""
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


def _autocovariance(normal: Sequence[Floats]) -> Doubles:
    """Mean product by distance down and across, ``s x s``, averaged over both diagonals."""
    side = normal[0].shape[-1]
    twice = (2 * side, 2 * side)
    spectra = [(np.abs(np.fft.rfft2(each, s=twice)) ** 2).sum(axis=(0, 1)) for each in normal]
    blocks = sum(each.shape[0] * each.shape[1] for each in normal)
    products = np.fft.irfft2(np.sum(spectra, axis=0) / blocks, s=twice)
    left = np.concatenate([products[:side, :1], products[:side, :-side:-1]], axis=1)
    counts = np.arange(side, 0, -1)
    return (products[:side, :side] + left) / 2 / np.outer(counts, counts)


def _parts(planes: int) -> Iterator[Doubles]:
    """The part of each correlation in the autocovariance of blocks without mean and slope.

    Yields:
        ``s x s`` for every distance within reach, then for rows, then for columns; all of
        strength 1.
    """
    down, across = _distances()
    kept = np.eye(PIXELS**2) - _trends(_step(planes))
    apart = [
        (down == one) & (across == other)
        for one in range(_REACH + 1)
        for other in range(_REACH + 1)
    ]
    for alike in (*apart, down == 0, across == 0):
        left = kept @ alike @ kept
        sums = np.bincount((down * PIXELS + across).ravel(), left.ravel(), PIXELS**2)
        yield sums.reshape(PIXELS, PIXELS) / _pairs_apart()


def _distances() -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Distances of a block's pixels from each other, down and across."""
    rows, columns = (axis.ravel() for axis in np.indices((PIXELS, PIXELS)))
    return np.abs(rows[:, None] - rows), np.abs(columns[:, None] - columns)


def _pairs_apart() -> Doubles:
    """Number of ordered pairs of a block's pixels by distance, ``s x s``."""
    along = 2.0 * np.arange(PIXELS, 0, -1)
    along[0] /= 2
    return np.outer(along, along)


def _trends(step: int) -> Doubles:
    """The projection of a block's pixels onto mean and slope of each of its planes."""
    projection = np.zeros((PIXELS, PIXELS, PIXELS, PIXELS))
    ramp = np.linspace(-1, 1, PIXELS // step)
    one = np.ones((len(ramp), len(ramp)))
    for trend in (one, *np.meshgrid(ramp, ramp)):
        unit = trend / np.linalg.norm(trend)
        for row in range(step):
            for column in range(step):
                projection[row::step, column::step, row::step, column::step] += np.multiply.outer(
                    unit, unit
                )
    return projection.reshape(PIXELS**2, PIXELS**2)


def _channel_correlation(normal: Sequence[Floats]) -> Doubles:
    products = [np.einsum("ncij,ndij->cd", each, each) for each in normal]
    covariance = np.sum(products, axis=0, dtype=np.float64)
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)
