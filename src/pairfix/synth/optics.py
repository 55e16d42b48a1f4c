"""What reaches the sensor: the blurred and the sharp frame of a scene, in linear light (torch).

A long exposure is the mean of what is seen at several moments of the camera's and the objects'
paths; the short one, after a gap, is one moment. The sharp frame is the photo's own pixels, and
the long one lies on it as pairfix's alignment would leave it: of what happens in the gap, only the
objects' way remains.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth.camera import scene_light
from pairfix.synth.draw import Draw
from pairfix.synth.light import srgb_to_linear
from pairfix.synth.lights import light_up
from pairfix.synth.motion import camera_path, compose
from pairfix.synth.objects import cut_objects
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Exposed", "expose", "margin"]

_STILL = 0.1
"""Share of pairs whose camera hardly moves, as on a tripod."""
_SKEW = 1.5
"""Power by which short paths are more frequent than long ones."""
_REACH = 0.75
"""How far from its mean place a path goes at a corner, over its mean length."""
_TAIL = 2.0
"""Deviations of the misalignment that the margin provides for."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """Both frames as light on the sensor, ``N x 3 x size x size``; white is 1, lamps exceed it."""

    long: Tensor
    sharp: Tensor


def margin(recipe: SynthRecipe) -> int:
    """Pixels that a photo should be larger than the crop, on each side, to provide for motion."""
    return math.ceil(_REACH * recipe.blur[1] + _TAIL * recipe.misalignment)


@torch.no_grad()
def expose(photos: Tensor, size: int, recipe: SynthRecipe, generator: torch.Generator) -> Exposed:
    """Expose each photo twice.

    Args:
        photos: ``N x 3 x P x P``, sRGB-encoded, 0 to 1; P should be ``size + 2 * margin(recipe)``.
            What motion shows beyond is reflected.
        size: Side of the frames in pixels.
        recipe: Ranges of blur, gap, misalignment, and how often there are objects and lights.
        generator: Of the photos' device.

    Raises:
        ValueError: The photos are not square, or exceed the frames by an odd number of pixels.
    """
    count, _, height, side = photos.shape
    if height != side or side < size or (side - size) % 2:
        raise ValueError(f"photos of {height} x {side} pixels for frames of {size}")
    draw = Draw(generator)
    scene = scene_light(srgb_to_linear(photos), recipe.unprocessing, draw)
    light = light_up(scene, recipe.lights, draw)
    camera = camera_path(
        recipe.samples, _lengths(count, recipe, draw), recipe.misalignment, size, draw
    )
    objects = cut_objects(light, size, recipe, draw)
    front = compose(objects.path, camera[: len(objects.path)])
    long = photos.new_zeros(count, 3, size, size)
    for moment in range(recipe.samples):
        view = _warp(light, camera[:, moment], size)
        _cover(view, _warp(objects.layer, front[:, moment], size))
        long.add_(view, alpha=1 / recipe.samples)
    sharp = _centre(light, size).clone()
    _cover(sharp, _centre(objects.layer, size))
    return Exposed(long, sharp)


def _lengths(count: int, recipe: SynthRecipe, draw: Draw) -> Tensor:
    """Lengths of camera paths in pixels: some still, short ones more frequent."""
    shortest, longest = recipe.blur
    beyond_still = ((draw.uniform(count) - _STILL) / (1 - _STILL)).clamp_min(0)
    return shortest + (longest - shortest) * beyond_still**_SKEW


def _warp(photos: Tensor, homographies: Tensor, size: int) -> Tensor:
    """Read photos where homographies of the crop's coordinates say, ``N x C x size x size``."""
    scaled = homographies.clone()
    scaled[:, 2] *= photos.shape[-1] / size
    ramp = (torch.arange(size, device=photos.device) * 2 + (1 - size)) / size
    across = scaled[:, :, 0, None, None] * ramp
    down = scaled[:, :, 1, None, None] * ramp[:, None] + scaled[:, :, 2, None, None]
    x, y, depth = (across + down).unbind(dim=1)
    grid = photos.new_empty(len(photos), size, size, 2)
    torch.div(x, depth, out=grid[..., 0])
    torch.div(y, depth, out=grid[..., 1])
    return functional.grid_sample(photos, grid, padding_mode="reflection", align_corners=False)


def _cover(view: Tensor, layer: Tensor) -> None:
    """Put a layer in front of the first frames, in place."""
    view[: len(layer)].mul_(1 - layer[:, 3:]).add_(layer[:, :3])


def _centre(photos: Tensor, size: int) -> Tensor:
    edge = (photos.shape[-1] - size) // 2
    return photos[..., edge : edge + size, edge : edge + size]
