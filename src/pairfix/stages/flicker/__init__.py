"""Remove bands of flickering light from the short frame by comparing it with the long one.

Lamps on mains pulse a hundred times a second or more. A rolling shutter exposes row after row, so
a short exposure shows the pulses as bands across the frame, while a long one averages over them.
Only what repeats is taken out: a wave from row to row and its harmonics, of one frequency in all
channels, that all parts of the frame show alike. Differences of scene, lens and blur do not.
"""

from dataclasses import replace

import numpy as np

from pairfix.image import AlignedPair, Flicker, Planes
from pairfix.progress import Stage
from pairfix.stages.flicker.bands import Bands, find_bands, saturation
from pairfix.stages.flicker.rows import SATURATED
from pairfix.stages.flicker.waves import wave

__all__ = ["FLICKER", "remove_flicker"]

FLICKER = Stage("flicker", "Removing flicker")

_GAINS = (1 / 3, 3.0)
"""Range of the gains that are taken out."""
_CLIPPED = 0.95
"""Share of the saturation level from which samples stay as they are."""


def remove_flicker(pair: AlignedPair) -> AlignedPair:
    """Divide the short planes by each row's gain where the rows show bands.

    Args:
        pair: Aligned. The bands of a raw are horizontal; those of RGB, which may have been turned
            upright, horizontal or vertical.

    Returns:
        The pair with other short planes and `flicker` set, or itself where there are no bands.
        Bands that are not certain stay, with a note.
    """
    directions = (False,) if pair.short.bayer else (False, True)
    waves = [found for vertical in directions if (found := find_bands(pair, vertical=vertical))]
    likely = [bands for bands in waves if bands.likely]
    if not likely:
        return pair
    bands = max(likely, key=lambda each: each.explained)
    gains = _gains(bands, pair.short_planes.shape)
    common = gains.mean(axis=0)
    depth = 1 - float(common.min() / common.max())
    if bands.certain:
        note = f"bands of flickering light, {depth:.0%} deep, were taken out of the short photo"
        pair = replace(pair, short_planes=_divided(pair, gains))
    else:
        note = "the short photo may show bands of flickering light, which were left in it"
    return replace(pair, flicker=Flicker(bands.count, depth, bands.certain, note))


def _gains(bands: Bands, shape: tuple[int, ...]) -> Planes:
    """The bands' gains, ``C x h x 1`` or, if they are vertical, ``C x 1 x w``; 1 on average."""
    length = shape[2 if bands.vertical else 1]
    gains = np.exp(wave(bands.coefficients, bands.count, length))
    gains = np.clip(gains / gains.mean(axis=1, keepdims=True), *_GAINS)
    return np.expand_dims(gains.astype(np.float32), 1 if bands.vertical else 2)


def _divided(pair: AlignedPair, gains: Planes) -> Planes:
    """The short planes without the bands.

    Towards saturation, samples stay more and more as they are: darkened, clipped highlights would
    turn grey.
    """
    divided = np.empty_like(pair.short_planes)
    limits = saturation(pair) * pair.match.short_gain
    for plane, gain, limit, out in zip(pair.short_planes, gains, limits, divided, strict=True):
        kept = np.clip((plane / limit - SATURATED) / (_CLIPPED - SATURATED), 0, 1)
        np.multiply(plane, (1 - kept) / gain + kept, out=out)
    return divided
