"""The estimator's input: small, denoised pictures of a frame's structure.

A short frame is sharp and noisy, a long one blurred and clean. Averaged down to a few hundred
pixels and blurred a little more, both look alike; subtracting the wide surroundings and dividing
by the local contrast keeps a few bright lamps from outweighing everything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Frame, MatchedPair, Planes
from pairfix.light import mean_light
from pairfix.stages.align.warp import Matrix

__all__ = ["Guide", "Level", "make_guides"]

_FINEST = 512
"""Longer side of the finest level, roughly. More adds noise, not accuracy: a real pair with a
20-pixel blur was misaligned at 800, and 12 MP pairs are good to 0.1 of these pixels."""

_COARSEST = 128
"""Least longer side of the coarsest level: an exhaustive search takes 5 ms there."""

_NARROW = 2.0
"""Gaussian sigma in pixels of a level: what is finer is noise, or lost in the long frame's blur."""

_WIDE = 12.0
"""Gaussian sigma in pixels of a level: what is wider is vignetting, sky and glow."""

_EVEN_OUT = 0.5
"""Contrast, relative to the whole picture's, below which surroundings are not amplified."""

_NOISE_ONLY = 0.2
"""Contrast within the band over that of finer detail, below which there is only noise.

White noise has 0.14, the noisiest short frame tried 0.6.
"""

_FLAT = 1e-5
"""Contrast of a picture without any structure at all, in linear light."""


@dataclass(frozen=True, slots=True)
class Level:
    """One size of a guide."""

    picture: NDArray[np.float32]
    """``h x w``, zero-mean structure."""
    to_pixels: Matrix
    """Maps this level's (x, y, 1) to the frame's stored pixels, 3 x 3."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A frame as the estimator takes it."""

    levels: Sequence[Level]
    """From coarse to fine, each twice as large as the one before."""
    structured: bool
    """Whether there is anything but noise to align by."""


def make_guides(pair: MatchedPair) -> tuple[Guide, Guide]:
    """The guides of the short and of the long frame, which have the same levels."""
    longer = max(pair.short_planes.shape[1:] + pair.long_planes.shape[1:])
    ceiling = min(pair.match.short_gain, pair.match.long_gain)
    return (
        _make_guide(pair.short, pair.short_planes, longer, ceiling),
        _make_guide(pair.long, pair.long_planes, longer, ceiling),
    )


def _make_guide(frame: Frame, planes: Planes, longer: int, ceiling: float) -> Guide:
    """Average a frame's planes down and bring out their structure.

    Args:
        frame: The frame, for its geometry.
        planes: Its planes, ``C x h x w``.
        longer: Longer side of the pair's planes; guides made with the same have the same levels.
        ceiling: Level at which the first of the two frames clips; both are cut there, so that a
            lamp looks the same in both.
    """
    factor = max(1, round(longer / _FINEST))
    light = mean_light(np.stack([_shrink(np.minimum(p, ceiling), factor) for p in planes]))
    structured = _is_structured(light)
    levels = [Level(_structure(light), _to_pixels(frame, factor))]
    while longer // factor >= 2 * _COARSEST:
        light, factor = _shrink(light, 2), 2 * factor
        levels.insert(0, Level(_structure(light), _to_pixels(frame, factor)))
    return Guide(levels, structured)


def _shrink(picture: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    height, width = (max(1, side // factor) for side in picture.shape)
    whole = picture[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _to_pixels(frame: Frame, factor: int) -> Matrix:
    """From pixels that average ``factor x factor`` samples (a mosaic's cells) to stored pixels."""
    centre = (factor - 1) / 2
    step, left, top = float(factor), centre, centre
    if frame.bayer is not None:
        red_row, red_column = frame.bayer.red_at
        step = 2.0 * factor
        left, top = 2 * centre + 0.5 - red_column, 2 * centre + 0.5 - red_row
    return np.array([[step, 0.0, left], [0.0, step, top], [0.0, 0.0, 1.0]])


def _blur(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _structure(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Band-pass in square-rooted light, divided by the local contrast."""
    smooth = np.sqrt(np.maximum(_blur(light, _NARROW), 0))
    band = smooth - _blur(smooth, _WIDE)
    contrast = np.sqrt(_blur(band * band, _WIDE))
    return np.asarray(band / (contrast + _EVEN_OUT * band.std() + np.float32(_FLAT)), np.float32)


def _is_structured(light: NDArray[np.float32]) -> bool:
    smooth = _blur(light, _NARROW)
    band = float((smooth - _blur(smooth, _WIDE)).std())
    return band > _FLAT and band > _NOISE_ONLY * float((light - smooth).std())
