"""Objects that move by themselves (torch)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pairfix.synth.draw import Draw
from pairfix.synth.motion import INSTANTS, path_length, sample_times, smooth_paths
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Objects", "cut_objects"]

_RADIUS = (0.1, 0.5)
"""An object's mean radius, in half the crop's side."""
_STRETCH = (0.6, 1.7)
"""Its breadth over its height."""
_HARMONICS = 5
"""Harmonics of its outline."""
_BUMPS = 0.3
"""Deviation of the first harmonic over the radius; the others fall with their frequency."""
_WAIST = 0.2
"""Least radius of the outline over the mean one."""
_EDGE = 1.5
"""Width of its edge in pixels."""
_LONGER = 1.5
"""The longest way of an object, over the longest path of the camera."""
_WAVES = 0.3
"""Waves of its way: steadier than a hand's."""
_TURN = 0.3
"""Rotation and growth per way gone."""


@dataclass(frozen=True, slots=True)
class Objects:
    """What moves in front of the first n photos of a batch."""

    layer: Tensor
    """``n x 4 x P x P``: light times opacity, then opacity, as the sharp frame shows it."""
    path: Tensor
    """``n x S x 3 x 3``: from the sharp frame's coordinates to those of the layer, per moment."""


def cut_objects(photos: Tensor, size: int, recipe: SynthRecipe, draw: Draw) -> Objects:
    """Cut a blob out of another photo for as many photos as the recipe wants objects.

    Photos come in random order, so that the first may have the objects: their number is known
    to the host, which need not wait for the device.

    Args:
        photos: ``N x 3 x P x P`` linear light.
        size: The crop's side in pixels.
        recipe: How often, how far, how many moments, and when the sharp frame is taken.
        draw: Randomness.
    """
    expected = len(photos) * recipe.objects
    count = math.ceil(expected)
    present = draw.happens(count, 1, 1, 1, probability=expected / max(count, 1))
    centre = draw.uniform(count, 2, low=-1, high=1)
    opacity = _blobs(centre, size, photos.shape[-1], draw) * present
    texture = photos.roll(1, dims=0)[:count].flip(3)
    layer = torch.cat([texture * opacity, opacity], dim=1)
    return Objects(layer, _paths(centre, size, recipe, draw))


def _blobs(centre: Tensor, size: int, side: int, draw: Draw) -> Tensor:
    """Opacity of one smooth random shape each, ``n x 1 x P x P``."""
    count = len(centre)
    ramp = (torch.arange(side, device=centre.device) + (1 - side) / 2) * (2 / size)
    stretch = draw.log_uniform(count, 1, low=_STRETCH[0], high=_STRETCH[1]).sqrt()
    x = ((ramp - centre[:, :1]) / stretch)[:, None, :]
    y = ((ramp - centre[:, 1:]) * stretch)[:, :, None]
    offset = torch.complex(x.expand(count, side, side), y.expand(count, side, side))
    distance = offset.abs()
    turn = offset / distance.clamp_min(1e-6)
    bumps = torch.zeros_like(offset)
    for order in range(_HARMONICS, 0, -1):
        sine, cosine = draw.normal(2, count, 1, 1, deviation=_BUMPS / order)
        bumps = (bumps + torch.complex(cosine, sine)) * turn
    radius = draw.log_uniform(count, 1, 1, low=_RADIUS[0], high=_RADIUS[1])
    inside = radius * (1 + bumps.real).clamp_min(_WAIST) - distance
    return (inside * (size / 2 / _EDGE) + 0.5).clamp(0, 1)[:, None]


def _paths(centre: Tensor, size: int, recipe: SynthRecipe, draw: Draw) -> Tensor:
    count = len(centre)
    shortest, longest = recipe.blur
    length = draw.uniform(count, low=shortest, high=_LONGER * longest) * (2 / size)
    end = 1 + draw.uniform(count, 1, low=recipe.gap[0], high=recipe.gap[1])
    times = sample_times(recipe.samples, centre.device).expand(count, -1)
    way = smooth_paths(torch.cat([times, end], dim=1), 4, draw, waves=_WAVES)
    way = way * (length / path_length(way[:, :INSTANTS, None, :2]))[:, None, None]
    way = way[:, INSTANTS:-1] - way[:, -1:]
    turn, growth = _TURN * way[..., 2], _TURN * way[..., 3]
    x, y = centre[:, None].unbind(dim=-1)
    shift_x = way[..., 0] - growth * x + turn * y
    shift_y = way[..., 1] - turn * x - growth * y
    zero = torch.zeros_like(turn)
    rows = [growth, -turn, shift_x, turn, growth, shift_y, zero, zero, zero]
    change = torch.stack(rows, dim=-1).view(count, recipe.samples, 3, 3)
    return torch.eye(3, device=centre.device) + change
