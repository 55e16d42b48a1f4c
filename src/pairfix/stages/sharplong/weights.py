"""How much of each band to take from the long frame, by local evidence.

The short frame is an unbiased witness: its noise knows nothing of what the long frame gets wrong.
Its difference from the long frame holds the noise of both, which is known, and what the long frame
gets wrong by blur or motion. The restored photo is no such witness, but where the long frame is
right, its difference from the long frame is what it gets wrong itself. Two estimates whose errors
are known are weighted by these.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Domain, Role
from pairfix.light import encode_planes
from pairfix.noise import LEVELS
from pairfix.noise.curve import near
from pairfix.stages.sharplong.evidence import Cells, Evidence, box, resized
from pairfix.stages.sharplong.pyramid import BAND_GAINS

__all__ = ["weigh"]

_WINDOW = 3
"""Side in cells of the square that evidence is averaged over."""
_TOLERATED = 0.35, 0.8
"""Power that the long frame gets wrong over the restored photo's up to which the long frame is
trusted fully, and from which not at all: where something moved, it is 1."""
_MISTOLD = {"raw": (0.8, 1.1), "srgb": (0.5, np.inf)}
"""Noise in a band over what is expected, within which the expectation is corrected. Cameras'
processing takes the fine noise by which that of RGB is measured, and leaves the coarse."""
_FEWEST_CELLS = 24
"""Cells of one brightness that are needed to correct it."""
_HALF = 0.5
"""Share from which a cell counts."""
_TINY = 1e-12

Variances = NDArray[np.floating]


def weigh(
    evidence: Sequence[Evidence], sharp: Cells, noise: dict[Role, Variances], domain: Domain
) -> list[Cells]:
    """The long frame's weight, 0 to 1, for each band: ``C x h x w`` cells.

    Args:
        evidence: Of each channel.
        sharp: As `sharpness` returns it.
        noise: Variance of each exposure's noise, ``C x h x w`` of the finest band's cells.
        domain: Of the photos.
    """
    level = encode_planes(np.stack([each.level for each in evidence]), domain)
    valid = np.stack([each.valid for each in evidence])
    weights = []
    for band, gain in enumerate(BAND_GAINS):
        shape = evidence[0].short_power[band].shape
        here = resized(sharp, shape)
        known = _boxed(_resized(valid, shape))
        short_noise = np.maximum(_resized(noise["short"], shape), _TINY)
        relative = _resized(noise["long"], shape) / short_noise
        from_short, from_restored = (
            _boxed(power / (gain * short_noise)) / np.maximum(known, _TINY)
            for power in (
                np.stack([each.short_power[band] for each in evidence]),
                np.stack([each.restored_power[band] for each in evidence]),
            )
        )
        correction = _correction(
            from_short / (1 + relative), _resized(level, shape), here > _HALF, domain
        )
        wrong_long = np.maximum(np.mean(from_short / correction - 1 - relative, axis=0), 0)
        wrong = np.maximum(from_restored / correction - relative, 0)
        trust = here * _trust(wrong_long / (wrong.mean(axis=0) + _TINY))
        weight = trust * wrong / (wrong + relative + wrong_long + _TINY)
        weights.append((weight * (known > _HALF)).astype(np.float32))
    return weights


def _trust(ratio: Cells) -> Cells:
    full, none = _TOLERATED
    return np.clip((none - ratio) / (none - full), 0, 1)


def _correction(
    ratio: Variances, level: Variances, where: NDArray[np.bool_], domain: Domain
) -> Variances:
    """Measured noise over the expected, by channel and brightness; 1 where it cannot be measured.

    Args:
        ratio: Power of the exposures' difference over their expected noise, ``C x h x w``.
        level: Encoded brightness.
        where: Cells, ``h x w``, in which the difference is noise for the most part.
        domain: Of the photos.
    """
    corrections = np.ones_like(ratio)
    for each, brightness, out in zip(ratio, level, corrections, strict=True):
        found: dict[float, float] = {}
        for centre in LEVELS:
            inside = each[where & near(brightness, centre)]
            if len(inside) >= _FEWEST_CELLS:
                found[float(centre)] = float(np.median(inside))
        if found:
            out[:] = np.interp(brightness, list(found), list(found.values()))
    return np.clip(corrections, *_MISTOLD[domain])


def _boxed(stack: Variances) -> Variances:
    return np.stack([box(each, _WINDOW) for each in stack])


def _resized(stack: Variances, shape: tuple[int, ...]) -> Variances:
    return np.stack([resized(each, shape) for each in stack])
