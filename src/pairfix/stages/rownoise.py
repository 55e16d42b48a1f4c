"""Remove row noise from the short frame by comparing it with the long one.

A CMOS sensor reads row by row, and an offset common to a row shows as a stripe that no network
trained on pixel-wise noise removes. The long frame hardly has it: the mean difference of the two
along a row is that offset, up to the scene's own difference (blur, motion), which is kept out by
weight and, since it changes slowly from row to row, by a high-pass.
"""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair
from pairfix.progress import Stage
from pairfix.threads import in_threads

__all__ = ["ROW_NOISE", "remove_row_noise"]

ROW_NOISE = Stage("clean", "Removing row noise")

_SATURATED = 0.9
"""Share of the saturation level above which the short frame says nothing about offsets."""
_NOISE_RADIUS = 6.0
"""Sigma in pixels over which the noise's variance is averaged."""
_SLOW = 32.0
"""Sigma in rows above which a change of the mean difference is the scene's, not the sensor's."""
_ROW_PAIRS = (slice(0, 2), slice(2, 4))
"""Planes that share a sensor row: R with G1, G2 with B."""
_BAND = 128
"""Rows of cells measured at once: what is in between then stays in the processor's cache."""
_HALO = 32
"""Rows of cells that a band sees beyond its edges, more than the averages reach."""
_GREEN = 1
"""Plane by which the strength of row noise is measured."""

_TINY = 1e-12
"""Prevents a division by zero in empty rows."""

Floats = NDArray[np.float32]


def remove_row_noise(pair: AlignedPair) -> AlignedPair:
    """Subtract each sensor row's offset from the short frame of a raw pair.

    Args:
        pair: Aligned; RGB pairs, whose rows a camera has processed already, are left alone.

    Returns:
        The pair with other short planes, or itself where no row noise stands out.
    """
    if pair.short.bayer is None:
        return pair
    gains = np.array(pair.short.bayer.gains, np.float32)[:, None, None]
    measure = partial(_measure_band, pair, gains)
    means, variances = np.hstack(in_threads(measure, range(0, len(pair.short_planes[0]), _BAND)))
    offsets = _significant(means, variances)
    if not offsets.any():
        return pair
    corrected = pair.short_planes.copy()
    for start, rows in enumerate(_ROW_PAIRS):
        corrected[rows] -= offsets[start::2, None] * gains[rows]
    removed = pair.short_planes[_GREEN, :, 0] - corrected[_GREEN, :, 0]
    white = pair.match.short_gain * pair.short.bayer.gains[_GREEN]
    return replace(pair, short_planes=corrected, row_noise=float(removed.std()) / white)


def _measure_band(pair: AlignedPair, gains: Floats, top: int) -> Floats:
    """Offsets of the sensor rows of a band, and their variances by noise: ``2 x 2 b``."""
    seen = slice(max(top - _HALO, 0), top + _BAND + _HALO)
    own = slice(top - seen.start, top - seen.start + _BAND)
    offsets = []
    for planes in _ROW_PAIRS:
        short = pair.short_planes[planes, seen] / gains[planes]
        difference = short - pair.long_planes[planes, seen] / gains[planes]
        usable = short < _SATURATED * pair.match.short_gain
        offsets.append(_row_offsets(difference, usable)[:, own])
    return np.stack(offsets, axis=-1).reshape(2, -1)


def _row_offsets(difference: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Weighted mean of ``2 x h x w`` differences along each row, and its variance; ``2 x h``."""
    total = np.zeros(difference.shape[1], np.float32)
    weighted, spread = total.copy(), total.copy()
    for plane, mask in zip(difference, usable, strict=True):
        smooth = cv2.GaussianBlur(plane, (0, 0), 1)
        noise = cv2.GaussianBlur((plane - smooth) ** 2, (0, 0), _NOISE_RADIUS)
        mismatch = cv2.GaussianBlur(smooth**2, (0, 0), 2)
        weight = mask / (noise + mismatch + _TINY)
        total += weight.sum(axis=1)
        weighted += (weight * plane).sum(axis=1)
        spread += (weight**2 * noise).sum(axis=1)
    total += _TINY
    return np.stack([weighted / total, spread / total**2])


def _significant(offsets: Floats, variances: Floats) -> Floats:
    """The offsets that change from row to row, shrunk by what noise alone would show (Wiener)."""
    slow = cv2.GaussianBlur(offsets[None], (0, 1), _SLOW)[0]
    fast = offsets - slow
    share = 1 - float(np.mean(variances)) / (float(np.var(fast)) + _TINY)
    return fast * np.float32(max(share, 0))
