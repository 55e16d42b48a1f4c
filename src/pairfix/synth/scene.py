"""The scene in front of the camera: a photo's light, lamps, objects that move (torch)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pairfix.synth.camera import untone
from pairfix.synth.draw import Draw
from pairfix.synth.motion import INSTANTS, path_length, sample_times, smooth_paths
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Objects", "cut_objects", "light_up", "scene_light"]

_CLIPPED = 0.9
"""Mean of the channels above which a photo is taken to have lost light (Brooks: inflection)."""
_HEADROOM = (1.0, 10.0)
"""Light that was there where the photo shows white."""

_STRENGTH = (1.0, 30.0)
"""Light of a source, white being 1."""
_SURROUNDINGS = 31
"""Side in pixels of the square that a source must outshine."""
_OUTSHINING = (0.35, 0.6)
"""Light above the square's mean at which a place begins to look like a source, and surely is."""
_LAMPS = (0.05, 30.0)
"""The same of small lamps, stars among them."""
_SPOTS = 8
"""Most lamps that are added to a photo."""
_LAMP_RADIUS = (0.5, 3.0)
"""A lamp's standard deviation in pixels."""
_TINT = 0.3
"""Deviation of a lamp's colour channels, in natural logarithms."""

_RADIUS = (0.1, 0.5)
"""An object's mean radius, in half the crop's side."""
_STRETCH = (0.6, 1.7)
"""Its width over its height."""
_HARMONICS = 5
"""Harmonics of its outline."""
_BUMPS = 0.3
"""Deviation of the first harmonic over the radius; the others fall with their frequency."""
_WAIST = 0.2
"""Least radius of the outline over the mean one."""
_EDGE = 1.5
"""Width of its edge in pixels."""
_LONGER = 1.5
"""Longest path of an object over the camera's longest."""
_WAVES = 0.3
"""Waves of its path, which is steadier than a hand's."""
_TURN = 0.3
"""Rotation and growth per length of the path."""


def scene_light(light: Tensor, probability: float, draw: Draw) -> Tensor:
    """Undo what a camera did to the light of the scene, before anything is averaged over time.

    The tone curve is undone, and clipped highlights get back light above 1, so that they saturate
    again however dark the pair is exposed. Brooks do so by a gain that fades out towards white
    (their Section 3.4), which would come too late here: blur spreads that light.

    Args:
        light: ``N x 3 x H x W``, a photo's linear sRGB, 0 to 1.
        probability: Of either, for each photo.
        draw: On the light's device.
    """
    shape = (len(light), 1, 1, 1)
    toned = draw.happens(*shape, probability=probability) > 0
    lifted = draw.happens(*shape, probability=probability)
    headroom = draw.log_uniform(*shape, low=_HEADROOM[0], high=_HEADROOM[1]) - 1
    light = torch.where(toned, untone(light), light)
    grey = light.mean(dim=1, keepdim=True)
    clipped = ((grey - _CLIPPED) / (1 - _CLIPPED)).clamp_min(0) ** 2
    return light * (1 + lifted * headroom * clipped)


def light_up(photos: Tensor, probability: float, draw: Draw) -> Tensor:
    """Lift small bright areas far above white, and add small lamps at random places.

    What outshines its surroundings is taken for a lamp, a lit window or a glint, whose light the
    photo clipped. Moved and clipped again, they leave streaks.

    Args:
        photos: ``N x 3 x P x P`` linear light, 0 to 1.
        probability: That a photo has light sources.
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


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects that move in front of the first n photos of a batch."""

    layer: Tensor
    """``n x 4 x P x P``: light times opacity, then opacity, as the sharp frame shows it."""
    path: Tensor
    """``n x S x 3 x 3``: from the sharp frame's coordinates to those of the layer, per moment."""


def cut_objects(photos: Tensor, size: int, recipe: SynthRecipe, draw: Draw) -> Objects:
    """Cut a blob out of another photo, for as many photos as the recipe wants objects.

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


def _sources(photos: Tensor) -> Tensor:
    """How much each place looks like a light source, ``N x 1 x P x P`` in 0 to 1."""
    light = photos.mean(dim=1, keepdim=True)
    around = _running_mean(_running_mean(light, 2), 3)
    low, high = _OUTSHINING
    return ((light - around - low) / (high - low)).clamp(0, 1)


def _running_mean(light: Tensor, dim: int) -> Tensor:
    """Mean over `_SURROUNDINGS` places of an axis around each, over fewer at its ends."""
    side = light.shape[dim]
    place = torch.arange(side, device=light.device)
    first = (place - _SURROUNDINGS // 2).clamp_min(0)
    last = (place + _SURROUNDINGS // 2).clamp_max(side - 1)
    sums = light.cumsum(dim)
    total = sums.index_select(dim, last) - (sums - light).index_select(dim, first)
    return total / (last - first + 1).view([-1 if axis == dim else 1 for axis in range(light.ndim)])


def _lamps(count: int, side: int, draw: Draw) -> Tensor:
    """Round spots, ``N x 3 x P x P``: a Gaussian is the product of one down and one across."""
    radius = draw.log_uniform(count, 1, _SPOTS, 1, low=_LAMP_RADIUS[0], high=_LAMP_RADIUS[1])
    ramp = torch.arange(side, device=radius.device)
    down, across = (
        torch.exp(((ramp - draw.uniform(count, 1, _SPOTS, 1, high=side)) / radius) ** 2 / -2)
        for _ in range(2)
    )
    switched_on = (draw.uniform(count, 1, _SPOTS) < draw.uniform(count, 1, 1)).float()
    strength = draw.log_uniform(count, 1, _SPOTS, low=_LAMPS[0], high=_LAMPS[1]) * switched_on
    colour = strength * draw.normal(count, 3, _SPOTS, deviation=_TINT).exp()
    return (colour[..., None] * down).transpose(2, 3) @ across


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
    """The objects' homographies at every moment, ``n x S x 3 x 3``."""
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
