"""Noise maps of synthetic pairs: `pairfix.noise` for batches (torch)."""

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.image import Domain
from pairfix.light import decode_planes, encoding_slope
from pairfix.noise import LEVELS, SMOOTHING

__all__ = ["affine_curve", "measured_curve", "noise_planes"]

_PRIOR = 4.0
"""Weight of the whole picture's variance in that of each level, in cells."""


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

    As in `pairfix.noise.measured_curve` the finest diagonal detail is measured, but in every cell,
    since the two pictures differ by noise alone.

    Returns:
        ``N x C x K``: standard deviation at `pairfix.noise.LEVELS`, in encoded units.
    """
    kernel = torch.tensor([[0.5, -0.5], [-0.5, 0.5]]).to(noisy).expand(noisy.shape[1], 1, 2, 2)
    detail = functional.conv2d(noisy - clean, kernel, stride=2, groups=noisy.shape[1])
    variance = detail.square().flatten(2)
    count = len(LEVELS)
    level = functional.avg_pool2d(clean, 2).flatten(2)
    index = (level * (count - 1)).round().long().clamp(0, count - 1)
    shape = (*variance.shape[:2], count)
    total = variance.new_zeros(shape).scatter_add_(2, index, variance)
    cells = variance.new_zeros(shape).scatter_add_(2, index, torch.ones_like(variance))
    overall = variance.mean(dim=2, keepdim=True)
    return ((total + _PRIOR * overall) / (cells + _PRIOR)).sqrt()


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
