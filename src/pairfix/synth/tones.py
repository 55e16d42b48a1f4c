"""Tones of short frames that were stored dark, matched as photos' are (torch)."""

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth.light import encode_planes, linear_to_srgb

__all__ = ["matched_tones"]

_WINDOW = 17
"""Side in pixels of the square over which the local brightness is taken."""
_FLAT_VARIANCE = 2.0
"""Local variance over its lower quartile up to which it is taken for noise."""
_KNOTS = 32
"""Of a curve, evenly spaced in the square root of display values: closer in the dark."""
_PRIOR = 64.0
"""Weight of the whole picture's change in that of each knot, in pixels."""
_TINY = 1e-12


def matched_tones(short: Tensor, truth: Tensor) -> Tensor:
    """Bring each channel's local brightness onto the truth's by a curve, like whole photos'.

    Noise that was cut off at black lifts the shadows. `pairfix.stages.tones` undoes that by curves
    through the blocks of the long frame, of which a crop has too few.

    Args:
        short: ``N x C x H x W``, linear light, brightened.
        truth: The same without noise.

    Returns:
        ``N x C x H x W`` display values of 0 to 1.
    """
    levels, wanted = (linear_to_srgb(_boxed(each).clamp(0, 1)) for each in (short, truth))
    curve = _means_by_level(wanted - levels, levels, weights=(truth < 1).float())
    place = _place(linear_to_srgb(_local_brightness(short).clamp(0, 1))).flatten(2)
    lower = place.floor().long().clamp(max=_KNOTS - 1)
    shift = torch.lerp(curve.gather(2, lower), curve.gather(2, lower + 1), place - lower)
    return (encode_planes(short, "srgb") + shift.view_as(short)).clamp(0, 1)


def _means_by_level(values: Tensor, levels: Tensor, weights: Tensor) -> Tensor:
    """Means of the values about each knot, ``N x C x (K + 1)``."""
    index = _place(levels).round().long().flatten(2)
    empty = values.new_zeros(*index.shape[:2], _KNOTS + 1)
    counts = empty.scatter_add(2, index, weights.flatten(2))
    sums = empty.scatter_add(2, index, (weights * values).flatten(2))
    overall = sums.sum(dim=2, keepdim=True) / counts.sum(dim=2, keepdim=True).clamp_min(1)
    return (sums + _PRIOR * overall) / (counts + _PRIOR)


def _place(levels: Tensor) -> Tensor:
    """Where display values of 0 to 1 lie among the knots."""
    return levels.sqrt() * _KNOTS


def _local_brightness(light: Tensor) -> Tensor:
    """A guided filter, its own guide, as in `pairfix.stages.tones`."""
    mean = _boxed(light)
    variance = (_boxed(light * light) - mean * mean).clamp_min(_TINY)
    calm = variance.flatten(2).quantile(0.25, dim=2)[..., None, None]
    follow = (1 - _FLAT_VARIANCE * calm / variance).clamp_min(0)
    return _boxed(follow) * light + _boxed(mean - follow * mean)


def _boxed(light: Tensor) -> Tensor:
    """Mean over the square around each pixel."""
    edge = _WINDOW // 2
    padded = functional.pad(light, (edge,) * 4, mode="reflect")
    rows = functional.avg_pool2d(padded, (1, _WINDOW), stride=1)
    return functional.avg_pool2d(rows, (_WINDOW, 1), stride=1)
