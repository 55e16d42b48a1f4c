"""Waves from row to row, found by least squares.

A row's gain also follows gradients, and what blur, a shift or a curve does to the scene's own
structure: those are fitted together with the wave, so that a facade's floors are not taken for
bands.
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.stages.flicker.rows import Floats, Rows

__all__ = ["Coefficients", "Drift", "find_wave", "fit_wave", "wave"]

_FEWEST = 1.75
"""Periods per frame below which bands cannot be told from a gradient."""
_BLOCKS_PER_PERIOD = 6
_STEP, _FINE_STEP = 0.1, 0.01
"""Periods per frame between the waves tried: everywhere, and around the best."""
_NARROW, _WIDE = 1.0, 4.0
"""Sigmas in blocks between which the scene's own structure is taken."""
_FLOOR = 0.01
"""Deviation of the row gains besides noise."""
_DARK = 1e-4
"""Added to the light before its logarithm is taken."""
_TINY = 1e-12

Coefficients = NDArray[np.float64]
"""``C x H x 2``: cosine and sine of each harmonic, of the logarithm of the gain."""


class Drift(NamedTuple):
    """What else may change from row to row."""

    degree: int
    """Of the polynomial that a gradient may be."""
    by_level: bool
    """Whether the ratio may follow the scene's brightness, as it does where noise was cut off at
    black or a camera applied a curve."""


def find_wave(rows: Rows, drift: Drift) -> tuple[float, float]:
    """The sine that explains most of the rows' variation beside the scene.

    Returns:
        Its periods per frame, and the share that it explains of all that gradients leave, 0 to 1.
    """
    most = rows.gain.shape[1] / _BLOCKS_PER_PERIOD
    tried = np.arange(_FEWEST, most, _STEP)
    best = tried[np.argmax(_explained(rows, tried, drift))]
    near = np.arange(max(best - _STEP, _FEWEST), best + _STEP, _FINE_STEP)
    explained = _explained(rows, near, drift)
    return float(near[np.argmax(explained)]), float(np.max(explained))


def fit_wave(rows: Rows, count: float, drift: Drift, harmonics: int = 1) -> Coefficients:
    """The wave of a frequency with its harmonics, each shrunk by its uncertainty (Wiener).

    Args:
        rows: What the rows show.
        count: Periods per frame.
        drift: What else is fitted.
        harmonics: How many, the fundamental included.
    """
    waves = _basis(count, rows.gain.shape[1], harmonics)
    fitted = np.zeros((len(rows.gain), harmonics, 2))
    for (gain, scale, known), found in zip(_channels(rows, drift), fitted, strict=True):
        design = np.concatenate([waves, known]).T * scale[:, None]
        inverse = np.linalg.pinv(design.T @ design)
        solution = inverse @ design.T @ (gain * scale)
        residual = gain * scale - design @ solution
        freedom = max(len(gain) - design.shape[1], 1)
        variance = np.diag(inverse)[: 2 * harmonics] * (residual @ residual) / freedom
        found[:] = solution[: 2 * harmonics].reshape(harmonics, 2)
        power = (found**2).sum(axis=1)
        noise = variance.reshape(harmonics, 2).sum(axis=1)
        found *= np.maximum(1 - noise / (power + _TINY), 0)[:, None]
    return fitted


def wave(coefficients: Coefficients, count: float, length: int) -> Floats:
    """The logarithm of the gain at each of `length` rows, ``C x length``; 0 on average."""
    harmonics = coefficients.shape[1]
    basis = _basis(count, length, harmonics)
    return np.asarray(coefficients.reshape(len(coefficients), -1) @ basis)


def _basis(count: float, length: int, harmonics: int) -> Floats:
    """Cosine and sine of each harmonic in turn, ``2 H x length``."""
    phase = 2 * np.pi * count * (np.arange(length) + 0.5) / length
    turns = np.arange(1, harmonics + 1)[:, None] * phase
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).reshape(-1, length)


def _explained(rows: Rows, counts: Floats, drift: Drift) -> Floats:
    """Share of the rows' variation that a sine of each number of periods explains."""
    length = rows.gain.shape[1]
    turns = 2 * np.pi * np.outer((np.arange(length) + 0.5) / length, counts)
    total, explained = np.float64(_TINY), np.zeros(len(counts))
    for gain, scale, known in _channels(rows, drift):
        span, _ = np.linalg.qr((known * scale).T)
        left = gain * scale
        gradient = span[:, : drift.degree + 1]
        total += np.sum((left - gradient @ (gradient.T @ left)) ** 2)
        left -= span @ (span.T @ left)
        cosine, sine = (each * scale[:, None] for each in (np.cos(turns), np.sin(turns)))
        cosine -= span @ (span.T @ cosine)
        sine -= span @ (span.T @ sine)
        explained += _projected(left, cosine, sine)
    return explained / total


def _projected(values: Floats, cosines: Floats, sines: Floats) -> Floats:
    """Squared length of the values' projections onto the plane of each pair of columns."""
    along, across = cosines.T @ values, sines.T @ values
    cc, ss, cs = (
        np.sum(a * b, axis=0) for a, b in ((cosines, cosines), (sines, sines), (cosines, sines))
    )
    return (ss * along**2 - 2 * cs * along * across + cc * across**2) / (cc * ss - cs**2 + _TINY)


def _channels(rows: Rows, drift: Drift) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Gain, scale by certainty, and what is no flicker (``N x K``), of each channel."""
    for gain, certainty, light in zip(*rows, strict=True):
        scale = np.sqrt(certainty / (1 + certainty * _FLOOR**2))
        yield gain, scale, _known(light, drift)


def _known(light: Floats, drift: Drift) -> Floats:
    """What may change from row to row without flicker, ``N x K``.

    A gradient first; then the first and second derivative of the scene's light, which is what a
    shift and a blur of the long frame leave in the ratio.
    """
    rows = np.linspace(-1, 1, len(light))
    profile = np.log(light + _DARK)
    smooth, wide = (_smoothed(profile, sigma) for sigma in (_NARROW, _WIDE))
    gradient = [rows**power for power in range(drift.degree + 1)]
    level = [smooth] if drift.by_level else []
    return np.stack([*gradient, np.gradient(smooth), smooth - wide, *level])


def _smoothed(values: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(values[None], (0, 1), sigmaX=sigma)[0])
