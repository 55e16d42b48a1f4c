"""The noise of a photo as DNGs state it, measured in its finest detail.

A restored photo has little noise left, and no second photo to tell it from texture. Its finest
diagonal detail (`detail`) has nothing of a smooth scene, and the calmest blocks of each brightness
have the least texture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairfix.image import NoiseProfile, Planes
from pairfix.light import decode_planes, encode_planes, encoding_slope
from pairfix.noise.curve import LEVELS
from pairfix.noise.detail import detail_curve

__all__ = ["PhotoNoise", "photo_noise"]

Floats = NDArray[np.float64]

_SATURATED = 0.98
"""Encoded level from which noise is lost to clipping."""
_MOST_SAMPLES = 1 << 20
"""Samples of a plane, about, that are looked at: more would take time and add nothing."""
_BAND = 64
"""Rows that are taken together of larger planes: whole blocks of `detail`."""
_PASSES = 20
"""After these, the line no longer changes."""
_SEEN = (0.01, 0.99)
"""Quantiles of the brightness between which noise counts as measured."""
_LEAST_SHOT, _LEAST_READ = 1e-9, 1 / 12 / 65535**2
"""Least noise that is stated: none in a DNG may be 0 (the specification's noise model), and 16 bits
have that of rounding."""


@dataclass(frozen=True, slots=True)
class PhotoNoise:
    """The noise of a mosaic's planes R, G1, G2 and B, or of a picture's R, G and B."""

    variance: Floats
    """``C x K`` at `LEVELS`, in linear light."""
    seen: NDArray[np.bool_]
    """``C x K``: which of these the photo has; the others follow from them."""

    @property
    def profile(self) -> NoiseProfile:
        """Shot and read noise of R, G and B: a line through the variances."""
        light = decode_planes(LEVELS, "raw").astype(np.float64)
        red, *greens, blue = (
            (light[levels], each[levels])
            for each, levels in zip(self.variance, self.seen, strict=True)
        )
        green = tuple(np.concatenate(parts) for parts in zip(*greens, strict=True))
        return _line(*red), _line(*green), _line(*blue)

    def share_removed(self, before: "PhotoNoise") -> float:
        """By how much the standard deviation fell, 0 to 1: the median over what both have."""
        both = self.seen & before.seen & (before.variance > 0)
        if not both.any():
            return 0.0
        left = np.sqrt(self.variance[both] / before.variance[both])
        return float(np.clip(1 - np.median(left), 0, 1))


def photo_noise(planes: Planes) -> PhotoNoise:
    """Measure the white noise of a mosaic or a picture.

    Args:
        planes: ``4 x h x w`` linear light of a mosaic, not white-balanced, or ``3 x h x w`` of a
            picture: black is 0, saturation 1.
    """
    encoded = encode_planes(_spread(planes), "raw")
    curve = detail_curve(encoded, encoded, encoded < _SATURATED)
    slope = encoding_slope(decode_planes(LEVELS, "raw"), "raw")
    extremes = np.quantile(encoded, _SEEN, axis=(1, 2))
    half = LEVELS[1] / 2
    seen = [(low - half <= LEVELS) & (high + half >= LEVELS) for low, high in extremes.T]
    return PhotoNoise((curve / slope).astype(np.float64) ** 2, np.array(seen))


def _spread(planes: Planes) -> Planes:
    """All of the planes, or of larger ones evenly spread bands."""
    _, height, width = planes.shape
    apart = -(-height * width // _MOST_SAMPLES)
    if apart <= 1:
        return planes
    tops = range(0, max(height - _BAND, 0) + 1, _BAND * apart)
    return np.concatenate([planes[:, top : top + _BAND] for top in tops], axis=1)


def _line(light: Floats, variance: Floats) -> tuple[float, float]:
    """Shot and read noise, neither negative, whose line comes closest to the variances.

    Each deviation counts relative to the line: a variance scatters by its own size.
    """
    terms = np.stack([light, np.ones_like(light)])
    found = np.array([_LEAST_SHOT, variance.mean() if light.size else 0.0])
    for _ in range(_PASSES):
        line = np.maximum(found @ terms, _LEAST_READ)
        found = _least_squares(terms / line, variance / line)
    shot, read = (float(max(pair)) for pair in zip(found, (_LEAST_SHOT, _LEAST_READ), strict=True))
    return min(shot, 1.0), min(read, 1.0)


def _least_squares(terms: Floats, target: Floats) -> Floats:
    """Factors of two terms, neither negative: the better one alone where one would be."""
    both = np.asarray(np.linalg.lstsq(terms.T, target, rcond=None)[0], np.float64)
    if both.size and both.min() >= 0:
        return both
    alone = np.diag(terms @ target / np.maximum((terms**2).sum(axis=1), np.finfo(float).tiny))
    misses = ((alone @ terms - target) ** 2).sum(axis=1)
    return np.asarray(alone[np.argmin(misses)], np.float64)
