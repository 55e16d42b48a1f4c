"""Decide whether a pair's short frame shows bands of flickering light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair
from pairfix.stages.flicker.rows import Rows, measure_blocks, measure_rows
from pairfix.stages.flicker.waves import Coefficients, Drift, find_wave, fit_wave

__all__ = ["Bands", "find_bands", "saturation"]

_CERTAIN, _LIKELY = 0.4, 0.3
"""Share of the rows' variation that a wave must explain to be taken out, and to be noted.

Set where 105 pairs without flicker had no wave of more than 0.15; 120 others had none either
(benchmarks/flicker.py detect).
"""
_ALIKE, _SIMILAR = 0.4, 0.7
"""Difference of the waves in two halves of the frame, over their mean, up to which they are one:
for certain, and perhaps.

What moved or lit up is no wave: its halves differ by 1 to 2.
"""
_FAINT = 0.02
"""Amplitude, as a logarithm, below which bands are hardly seen: 4 % from dark to bright."""
_GRADIENT = 2
"""Degree of the polynomial that a gradient over the whole frame may be, such as vignetting."""
_HARMONICS = 3
"""Harmonics taken out; the light of lamps is no sine."""


@dataclass(frozen=True, slots=True)
class Bands:
    """The strongest wave from row to row, or from column to column, of a short frame."""

    vertical: bool
    """Whether the gain changes from column to column instead of from row to row."""
    count: float
    """Periods per frame."""
    explained: float
    """Share of the rows' variation, 0 to 1."""
    disagreement: float
    """Difference of the waves in halves of the frame, over their mean."""
    coefficients: Coefficients

    @property
    def certain(self) -> bool:
        """Whether they may be taken out."""
        return self.explained >= _CERTAIN and self.disagreement <= _ALIKE

    @property
    def likely(self) -> bool:
        """Whether they deserve to be mentioned."""
        strength = np.hypot(*self.coefficients.mean(axis=0)[0])
        return self.explained >= _LIKELY and self.disagreement <= _SIMILAR and strength >= _FAINT


def find_bands(pair: AlignedPair, *, vertical: bool) -> Bands | None:
    """The strongest wave in one direction, bands or not.

    Args:
        pair: Aligned.
        vertical: Look for a gain that changes from column to column, not from row to row.

    Returns:
        None if the frame is too small.
    """
    axes = (0, 2, 1) if vertical else (0, 1, 2)
    short, long = (each.transpose(axes) for each in (pair.short_planes, pair.long_planes))
    limits, match = saturation(pair), pair.match
    blocks = measure_blocks(short, long, limits * match.short_gain, limits * match.long_gain)
    if blocks is None:
        return None
    rows = measure_rows(blocks)
    drift = Drift(_GRADIENT, by_level=pair.short.bayer is None)
    count, explained = find_wave(rows, drift)
    left, right = (measure_rows(half) for half in blocks.halves())
    disagreement = max(
        _disagreement(one, other, count, drift) for one, other in ((left, right), rows.halves())
    )
    coefficients = fit_wave(rows, count, drift, _HARMONICS)
    return Bands(vertical, count, explained, disagreement, coefficients)


def _disagreement(one: Rows, other: Rows, count: float, drift: Drift) -> float:
    """Difference of the waves in two parts of the frame, over their mean.

    There gradients are straight: a parabola could be most of the one wave that half a frame holds.
    """
    drift = drift._replace(degree=1)
    ours, theirs = (fit_wave(rows, count, drift).mean(axis=0)[0] for rows in (one, other))
    mean = float(np.hypot(*(ours + theirs))) / 2
    return float(np.hypot(*(ours - theirs))) / mean if mean else np.inf


def saturation(pair: AlignedPair) -> NDArray[np.float32]:
    """Level at which each plane saturates, before it was brightened."""
    bayer = pair.short.bayer
    return np.array(bayer.gains if bayer else (1.0, 1.0, 1.0), np.float32)
