"""Noise maps of synthetic pairs: `pairfix.noise` for batches (torch)."""

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.image import Domain
from pairfix.light import decode_planes, encoding_slope
from pairfix.noise import LEVELS, SMOOTHING
from pairfix.noise.blocks import BLOCK

__all__ = ["affine_curve", "measured_curve", "noise_planes"]

_TEXTURE = 0.02
"""Standard deviation of the display values in a block from which it counts as textured."""
_PRIOR = 16.0
"""Weight of the whole picture's variance in that of each level, in pixels."""


def affine_curve(shot: Tensor, read: Tensor, domain: Domain) -> Tensor:
    """The curve of noise whose variance is affine in linear light.

    Args:
        shot: ``N x C``, variance per unit of linear light of the white-balanced planes.
        read: ``N x C``, variance in the dark.
        domain: Which encoding.

    Returns:
        ``N x C x K``: standard deviation at `pairfix.noise.LEVELS`, in encoded units.
    """
    light = decode_planes(LEVELS, domain)
    levels, slope = (
        torch.from_numpy(each).to(shot) for each in (light, encoding_slope(light, domain))
    )
    return (shot[..., None] * levels + read[..., None]).sqrt() * slope


def measured_curve(noisy: Tensor, clean: Tensor) -> Tensor:
    """The curve of the noise between two encoded pictures, ``N x C x H x W`` each.

    As in `pairfix.noise.flat` it is the deviation from the mean of blocks, so that noise that
    processing has made coarse counts; flat blocks count most.

    Returns:
        ``N x C x K``: standard deviation at `pairfix.noise.LEVELS`, in encoded units.
    """
    noise, level = _blocks(noisy - clean), _blocks(clean)
    area = noise.shape[-1]
    squares = (noise - noise.mean(dim=-1, keepdim=True)).square() * (area / (area - 1))
    weight = 1 / (1 + level.var(dim=-1, keepdim=True) / _TEXTURE**2)
    count = len(LEVELS)
    index = (level * (count - 1)).round().long().clamp(0, count - 1).flatten(2)
    shape = (*index.shape[:2], count)
    total = squares.new_zeros(shape).scatter_add_(2, index, (weight * squares).flatten(2))
    weights = squares.new_zeros(shape).scatter_add_(2, index, weight.expand_as(squares).flatten(2))
    overall = total.sum(dim=2, keepdim=True) / weights.sum(dim=2, keepdim=True)
    return ((total + _PRIOR * overall) / (weights + _PRIOR)).sqrt()


def noise_planes(photo: Tensor, curve: Tensor) -> Tensor:
    """The noise map: at every pixel, the curve's value at the local brightness.

    Args:
        photo: ``N x C x H x W``, encoded.
        curve: ``N x C x K``.
    """
    edge = SMOOTHING // 2
    padded = functional.pad(photo, (edge, edge, edge, edge), mode="reflect")
    brightness = functional.avg_pool2d(padded, SMOOTHING, stride=1)
    place = (brightness * (len(LEVELS) - 1)).clamp(0, len(LEVELS) - 1).flatten(2)
    lower = place.floor().long().clamp(max=len(LEVELS) - 2)
    left, right = curve.gather(2, lower), curve.gather(2, lower + 1)
    return torch.lerp(left, right, place - lower).view_as(photo)


def _blocks(pictures: Tensor) -> Tensor:
    """``N x C x H x W`` cut into blocks: ``N x C x blocks x pixels``; what is left over is lost."""
    count, channels, height, width = pictures.shape
    side = min(BLOCK, height, width)
    down, across = height // side, width // side
    cut = pictures[..., : down * side, : across * side]
    blocks = cut.reshape(count, channels, down, side, across, side).transpose(3, 4)
    return blocks.reshape(count, channels, down * across, side * side)
