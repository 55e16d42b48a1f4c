"""Where the long frame is sharp, use it: on a tripod, of a scene at rest, in a part of the photo.

No network that was trained on blurred long frames makes full use of a sharp one. So after the
network the long frame is blended in, band by band and place by place, as far as the evidence goes
(`weights`). SelfIR finds sharp areas of the long frame likewise, in training (its Equations 7 and
8).
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from pairfix.image import AlignedPair, Frame, Fused, Planes
from pairfix.noise import noise_variances
from pairfix.progress import Stage
from pairfix.stages.sharplong.evidence import Cells, Channel, gather
from pairfix.stages.sharplong.pyramid import Plane, collapse, decompose
from pairfix.stages.sharplong.sharpness import sharpness
from pairfix.stages.sharplong.weights import weigh

__all__ = ["SHARP_LONG", "SHARP_LONG_REACH", "use_sharp_long"]

SHARP_LONG = Stage("sharp", "Using the sharp long photo")

SHARP_LONG_REACH = 128
"""Samples on each side from which the result at a place is computed, but for what is counted over
the whole photo. The widest squares that structure is averaged over reach as far."""
_SATURATED = 0.97
"""Share of the saturation level from which a sample says nothing about the light."""
_STRUCTURE = {"raw": (1, 2), "srgb": (0, 1, 2)}
"""Channels in which structure is looked for: of a mosaic the greens, the cleanest."""
_LEAST_SHARE = 1e-3
"""Share of the photo below which nothing is taken: a few cells are chance."""


def use_sharp_long(pair: AlignedPair, fused: Fused, whole: AlignedPair | None = None) -> Fused:
    """Blend the long frame into the restored photo where it is sharp and agrees with the short one.

    Moving objects, blur, saturation, and frames that lie more than a few tenths of a sample off
    are left as the network restored them.

    Args:
        pair: What was restored.
        fused: The restored photo, in the short frame's geometry.
        whole: The pair in which noise is measured, if `pair` is a part of it.

    Returns:
        The photo with `Fused.long_share`, the share of every place that comes from the long frame.
    """
    domain = pair.reference.domain
    channels = _channels(pair, fused.planes)
    sharp = sharpness([channels[index] for index in _STRUCTURE[domain]], domain)
    if sharp.mean() < _LEAST_SHARE:
        return replace(fused, long_share=np.zeros_like(sharp))
    evidence = [gather(each) for each in channels]
    level = np.stack([each.level for each in evidence])
    weights = weigh(evidence, sharp, noise_variances(whole or pair, level), domain)
    share = weights[0].mean(axis=0)
    if share.mean() < _LEAST_SHARE:
        return replace(fused, long_share=np.zeros_like(share))
    planes = np.stack(
        [
            _blended(channel, [band[index] for band in weights])
            for index, channel in enumerate(channels)
        ]
    )
    return replace(fused, planes=planes, long_share=share)


def _channels(pair: AlignedPair, restored: Planes) -> list[Channel]:
    planes = zip(pair.short_planes, pair.long_planes, restored, strict=True)
    limits = zip(
        _saturation(pair.short, pair.match.short_gain),
        _saturation(pair.long, pair.match.long_gain),
        strict=True,
    )
    return [Channel(*each, limit) for each, limit in zip(planes, limits, strict=True)]


def _saturation(frame: Frame, gain: float) -> list[float]:
    whites = frame.bayer.gains if frame.bayer else (1.0, 1.0, 1.0)
    return [_SATURATED * gain * white for white in whites]


def _blended(channel: Channel, weights: Sequence[Cells]) -> Plane:
    bands = decompose(channel.less_long(channel.restored))
    for band, weight in zip(bands, weights, strict=True):
        band *= cv2.resize(weight, band.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return channel.restored - collapse(bands)
