"""Light sources far above white (torch)."""

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth.draw import Draw

__all__ = ["light_up"]

_STRENGTH = (1.0, 30.0)
"""Light of a source, white being 1."""
_SURROUNDINGS = 31
"""Side in pixels of the square that a source must outshine."""
_OUTSHINING = (0.35, 0.6)
"""Light above the square's mean from which a place looks like a source, and surely is one."""
_SPOTS = 8
"""Lamps that are added to a photo at most."""
_RADIUS = (0.5, 3.0)
"""A lamp's standard deviation in pixels."""
_TINT = 0.3
"""Deviation of a lamp's colour channels, in natural logarithms."""


def light_up(photos: Tensor, probability: float, draw: Draw) -> Tensor:
    """Lift compact bright places far above white, and add small lamps at random places.

    What outshines its surroundings is taken for a lamp, a lit window or a glint, whose light the
    photo clipped. Moved and clipped again, they leave streaks.

    Args:
        photos: ``N x 3 x P x P`` linear light, 0 to 1.
        probability: Of each photo to have light sources.
        draw: Randomness.

    Returns:
        ``N x 3 x P x P`` linear light, white still being 1.
    """
    if probability <= 0:
        return photos
    count, _, _, side = photos.shape
    lit = draw.happens(count, 1, 1, 1, probability=probability)
    low, high = _STRENGTH
    strength = draw.log_uniform(count, 1, 1, 1, low=low, high=high) * lit
    return photos + photos * _sources(photos) * strength + _lamps(count, side, draw) * lit


def _sources(photos: Tensor) -> Tensor:
    """How much each place looks like a light source, ``N x 1 x P x P`` in 0 to 1."""
    light = around = photos.mean(dim=1, keepdim=True)
    for window in ((_SURROUNDINGS, 1), (1, _SURROUNDINGS)):
        edge = window[0] // 2, window[1] // 2
        around = functional.avg_pool2d(around, window, 1, edge, count_include_pad=False)
    low, high = _OUTSHINING
    return ((light - around - low) / (high - low)).clamp(0, 1)


def _lamps(count: int, side: int, draw: Draw) -> Tensor:
    """Round spots, ``N x 3 x P x P``: a Gaussian is the product of one down and one across."""
    radius = draw.log_uniform(count, 1, _SPOTS, 1, low=_RADIUS[0], high=_RADIUS[1])
    ramp = torch.arange(side, device=radius.device)
    down, across = (
        torch.exp(((ramp - draw.uniform(count, 1, _SPOTS, 1, high=side)) / radius) ** 2 / -2)
        for _ in range(2)
    )
    switched_on = (draw.uniform(count, 1, _SPOTS) < draw.uniform(count, 1, 1)).float()
    strength = draw.log_uniform(count, 1, _SPOTS, low=_STRENGTH[0], high=_STRENGTH[1]) * switched_on
    colour = strength * draw.normal(count, 3, _SPOTS, deviation=_TINT).exp()
    return (colour[..., None] * down).transpose(2, 3) @ across
