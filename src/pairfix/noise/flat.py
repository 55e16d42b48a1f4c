"""Noise of any correlation, measured in flat blocks of RGB photos.

Demosaicing, noise reduction and JPEG leave noise that is correlated, with little of it in the
finest detail. So what counts is its variance about the mean of blocks of `BLOCK` x `BLOCK` pixels,
to which all finer scales contribute; for white noise it is the variance of a pixel.

Blocks are flat if there is little variance in the blocks *around* them. Their own variance plays
no part, so that it stays an unbiased measurement however few independent samples it holds. What
texture is left, the long frame tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes
from pairfix.noise.blocks import BLOCK, Blocks, Floats, bands_of, joined, rows_of
from pairfix.noise.curve import LEVELS, Curve, interpolated, near, smoothed
from pairfix.noise.detail import detail_curve

__all__ = ["LEAST", "pair_curves", "single_curve"]

LEAST = 1e-4
"""Least standard deviation of noise that networks are told."""

_FLAT_SHARE = 0.3
"""Share of the blocks of one brightness that are taken to be flat. Half as many hold less texture,
but miss noise that processing has left in some places only. Chosen on the sample pairs as camera
JPEGs (benchmarks/camera_jpegs.py); what follows, on ten photos other than those of
benchmarks/noise_estimates.py."""
_STIFFNESS = 0.3
"""Weight of the curve's squared steps from level to level: few blocks are of one brightness, and
those of one place."""
_FEWEST_FLAT = 8
_FEWEST_BLOCKS = 24
"""Blocks from which a brightness is measured by itself."""
_OUTLIER = 2.0
"""Variance over the median from which a flat block shows more than noise."""
_TEXTURED = 0.2
"""Texture over the flat blocks' variance from which a block tells how much of it was lost."""
_FEWEST_TEXTURED = 16
_USUAL_LOSS = 1.0
"""Texture that the long frame lost, over what both frames show, if too few blocks tell."""
_SHARP = 0.15
"""The same of a sharp long frame, at most: processing leaves more noise in texture."""
_MOST_TEXTURE = 0.8
"""Greatest share of the flat blocks' variance that is ascribed to texture."""
_LONG_SHARE = 0.25
"""Greatest share of the long frame in the noise of both, as in `pairfix.calibration`."""
_POOLED = 64
"""Weight, in blocks, that the other levels have at each."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class _Class:
    """The blocks of one channel and brightness, as means of those that are flat."""

    level: float
    flat: int
    """The number of these."""
    variance: float
    texture: float
    own: float
    average: float
    """Mean variance of all blocks."""
    lost: Floats
    """Additional variance over additional texture of the blocks that are textured."""


def pair_curves(short: Planes, long: Planes, known: NDArray[np.bool_]) -> tuple[Curve, Curve]:
    """The curves of both frames' noise, by channel and brightness.

    Short minus long holds the noise of both frames, and the texture that the long one lost to
    blur. Textured blocks tell how much that is over the texture that both show, and thus how much
    of it is left in the flat ones. If next to none was lost, the long frame is sharp, and all
    blocks are as good as flat. Its own noise is its variance less the texture that both show; that
    is too little where much was lost, but no less than the finest detail tells (`detail`).

    Args:
        short: ``3 x H x W``, encoded.
        long: The same scene, aligned.
        known: By block, ``H // BLOCK x W // BLOCK``: where the long frame shows the scene.

    Returns:
        Of the short and of the long frame.
    """
    if not known.any():
        return _nothing(short), _nothing(long)
    bands = bands_of(known)
    pairs = zip(short, long, strict=True)
    grids = [
        [Blocks.of_pair(*(rows_of(e, band) for e in both)) for band in bands] for both in pairs
    ]
    channels = _classes(grids, [known[band] for band in bands])
    lost = max(_lost_texture(channels) - _SHARP, 0.0)
    both = np.stack([_variances(each, lost) for each in channels])
    own = both * np.stack([_long_shares(each) for each in channels])
    return _deviation(both - own), np.maximum(_deviation(own), detail_curve(long, long))


def single_curve(photo: Planes) -> Curve:
    """The curve of one photo's noise, without another one to tell it from texture.

    Slopes are removed from the blocks, and some widely correlated noise with them.

    Args:
        photo: ``3 x H x W``, encoded.
    """
    known = np.ones([side // BLOCK for side in photo.shape[1:]], np.bool_)
    if not known.size:
        return _nothing(photo)
    bands = bands_of(known)
    grids = [[Blocks.of_photo(rows_of(plane, band)) for band in bands] for plane in photo]
    channels = _classes(grids, [known[band] for band in bands])
    return _deviation(np.stack([_variances(each, _USUAL_LOSS) for each in channels]))


def _nothing(photo: Planes) -> Curve:
    return np.full((len(photo), len(LEVELS)), LEAST, np.float32)


def _deviation(variance: NDArray[np.floating]) -> Curve:
    return np.sqrt(np.maximum(variance, LEAST**2)).astype(np.float32)


def _around(grid: Floats) -> Floats:
    """Mean of the eight blocks around each."""
    ring = np.full((3, 3), 1 / 8, np.float32)
    ring[1, 1] = 0
    return np.asarray(cv2.filter2D(grid, -1, ring))


def _classes(
    grids: Sequence[Sequence[Blocks]], known: Sequence[NDArray[np.bool_]]
) -> list[list[_Class]]:
    """The blocks of every channel by brightness.

    Args:
        grids: By channel and band.
        known: By band, which blocks count.
    """
    counted = np.flatnonzero(joined(known))
    unrest = np.mean([_unrest(bands)[counted] for bands in grids], axis=0)
    calm_first = counted[np.argsort(unrest, kind="stable")]
    return [_by_level(Blocks.of_all(bands).only(calm_first)) for bands in grids]


def _unrest(bands: Sequence[Blocks]) -> Floats:
    """Variance around each block over the median."""
    around = joined([_around(band.variance) for band in bands])
    return np.asarray(around / (np.median(around) + np.float32(_TINY)))


def _by_level(blocks: Blocks) -> list[_Class]:
    """Classes of brightness that hold enough blocks; one for all brightnesses if none does.

    Args:
        blocks: From the calmest surroundings to the busiest.
    """
    members = {float(level): np.flatnonzero(near(blocks.level, level)) for level in LEVELS}
    enough = {level: each for level, each in members.items() if len(each) >= _FEWEST_BLOCKS}
    if not enough and len(blocks.level):
        enough = {0.0: np.arange(len(blocks.level))}
    return [_class(level, blocks.only(each)) for level, each in enough.items()]


def _class(level: float, blocks: Blocks) -> _Class:
    count = max(round(_FLAT_SHARE * len(blocks.level)), _FEWEST_FLAT)
    flat = _inliers(blocks.variance[:count])
    variance, texture, own = (
        float(each[:count][flat].mean()) for each in (blocks.variance, blocks.texture, blocks.own)
    )
    texture = max(texture, 0.0)
    more = blocks.texture[count:] - np.float32(texture)
    textured = more > _TEXTURED * variance + _TINY
    lost = (blocks.variance[count:][textured] - np.float32(variance)) / more[textured]
    average = float(blocks.variance[_inliers(blocks.variance)].mean())
    return _Class(level, int(flat.sum()), variance, texture, own, average, lost)


def _inliers(variance: Floats) -> NDArray[np.bool_]:
    return np.asarray(variance <= _OUTLIER * np.median(variance))


def _lost_texture(channels: Sequence[Sequence[_Class]]) -> float:
    """Texture in the frames' difference over the texture that both show."""
    lost = joined([each.lost for channel in channels for each in channel] or [np.zeros(0)])
    return float(np.median(lost)) if len(lost) >= _FEWEST_TEXTURED else _USUAL_LOSS


def _variances(channel: Sequence[_Class], lost: float) -> NDArray[np.float64]:
    """Variance of the noise at `LEVELS`.

    Args:
        channel: Its classes.
        lost: Texture in the measured variances over `_Class.texture`; 0 if all blocks show noise.
    """
    found = {
        each.level: (
            each.variance - min(lost * each.texture, _MOST_TEXTURE * each.variance)
            if lost
            else each.average,
            each.flat / (each.flat + _POOLED),
        )
        for each in channel
    }
    return smoothed(found or {0.0: (0.0, 1.0)}, _STIFFNESS)


def _long_shares(channel: Sequence[_Class]) -> NDArray[np.float64]:
    """The long frame's share in the noise of both, at `LEVELS`."""
    flat = np.array([each.flat for each in channel])
    shares = np.array([each.own / (each.variance + _TINY) for each in channel])
    pooled = (flat @ shares) / max(flat.sum(), 1)
    shares = np.clip((flat * shares + _POOLED * pooled) / (flat + _POOLED), 0, _LONG_SHARE)
    found = {each.level: share for each, share in zip(channel, shares, strict=True)}
    return interpolated(found or {0.0: 0.0})
