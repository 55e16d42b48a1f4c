"""What reaches the sensor: the blurred and the sharp frame of a scene, in linear light (torch).

A long exposure is the mean of what is seen at several moments of the camera's and the objects'
paths; the short one, after a gap, is one moment. The sharp frame is the photo's own pixels, and
the long one lies on it as after pairfix's alignment: of the motion in the gap, only the objects'
remains.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pairfix.image import Pixels
from pairfix.synth.draw import Draw
from pairfix.synth.light import srgb_to_linear
from pairfix.synth.motion import camera_path, compose
from pairfix.synth.scene import cut_objects, light_up, scene_light
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Displaced", "Exposed", "displace", "expose", "expose_photo", "largest_size", "margin"]

_STILL = 0.1
"""Share of pairs whose camera hardly moves, as on a tripod."""
_SKEW = 1.5
"""Power by which short paths are more frequent than long ones."""
_REACH = 0.75
"""How far a path leads from its mean position at a corner, over its mean length."""
_TAIL = 5.0
"""Misalignment over its median that the margin provides for."""
_SPREAD = 0.8
"""Deviation of its natural logarithm from pair to pair: mostly little, with a tail."""
_SHARP = 0.1
"""Misalignment of pairs that are not blurred over that of blurred ones."""
_BLURRED = 10.0
"""Length of the camera's path in pixels from which a pair counts as blurred."""
_COMMON = 0.9
"""Share of a displacement's variance in which all corners move together."""
_BORDER = 3
"""Standard deviations of the displacement that a frame's border provides for."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """Both frames as light on the sensor, ``N x 3 x size x size``; white is 1, lamps exceed it."""

    long: Tensor
    sharp: Tensor


@dataclass(frozen=True, slots=True)
class Displaced:
    """A pair as light on the sensor, not aligned."""

    exposed: Exposed
    matrix: NDArray[np.float64]
    """3 x 3, maps (x, y, 1) of the sharp frame's pixels to the long frame's."""


def margin(recipe: SynthRecipe) -> int:
    """Pixels that a photo should be larger than the crop, on each side, to provide for motion."""
    return math.ceil(_REACH * recipe.blur[1] + _TAIL * recipe.misalignment)


@torch.no_grad()
def expose(photos: Tensor, size: int, recipe: SynthRecipe, generator: torch.Generator) -> Exposed:
    """Expose each photo twice.

    Args:
        photos: ``N x 3 x P x P``, sRGB-encoded, 0 to 1; P should be ``size + 2 * margin(recipe)``.
            Beyond its edges the photo is reflected.
        size: Side of the frames in pixels.
        recipe: Ranges of blur, gap, misalignment, and how often there are objects and lights.
        generator: On the photos' device.

    Raises:
        ValueError: The photos are not square, or exceed the frames by an odd number of pixels.
    """
    count, _, height, side = photos.shape
    if height != side or side < size or (side - size) % 2:
        raise ValueError(f"photos of {height} x {side} pixels for frames of {size}")
    draw = Draw(generator)
    scene = scene_light(srgb_to_linear(photos), recipe.unprocessing, draw)
    light = light_up(scene, recipe.lights, draw)
    length = _lengths(count, recipe, draw)
    misalignment = _misalignments(length, recipe, draw)
    camera = camera_path(recipe.samples, length, misalignment, size, draw)
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


def largest_size(
    photo: tuple[int, int], recipe: SynthRecipe, displacement: float
) -> tuple[int, int]:
    """Height and width, both even, of the largest pair that a photo fills whatever moves.

    Neither is positive if the photo is too small.
    """
    edge = 2 * (margin(recipe) + _border(displacement))
    height, width = ((side - edge) // 2 * 2 for side in photo)
    return height, width


def expose_photo(
    photo: Pixels,
    size: tuple[int, int],
    recipe: SynthRecipe,
    displacement: float,
    generator: torch.Generator,
) -> Displaced:
    """Expose a random piece of a photo twice.

    Args:
        photo: ``H x W x 3``, sRGB-encoded, no smaller than `largest_size` asks for.
        size: Height and width of the frames, even.
        recipe: Ranges of blur and gap, and how often there are objects and lights. Its
            misalignment does not apply.
        displacement: Standard deviation of how far each corner moves between the frames, pixels.
        generator: On the CPU.

    Returns:
        A pair of ``1 x 3 x H x W`` frames.
    """
    border = _border(displacement)
    height, width = (side + 2 * border for side in size)
    side = max(height, width)
    reach = margin(recipe)
    piece = _piece(photo, (height + 2 * reach, width + 2 * reach), generator)
    square = _padded(piece, side + 2 * reach)
    light = expose(square, side, replace(recipe, misalignment=0.0), generator)
    top, left = (side - height) // 2, (side - width) // 2
    rows, columns = slice(top, top + height), slice(left, left + width)
    bordered = Exposed(long=light.long[..., rows, columns], sharp=light.sharp[..., rows, columns])
    return displace(bordered, displacement, generator)


def displace(exposed: Exposed, displacement: float, generator: torch.Generator) -> Displaced:
    """Move the long frame by a random homography, and cut off the border that it may uncover.

    Args:
        exposed: One pair, larger on each side by `_BORDER` standard deviations of the displacement.
        displacement: Standard deviation of how far each corner moves, in pixels.
        generator: On the CPU.
    """
    border = _border(displacement)
    height, width = exposed.sharp.shape[-2:]
    inner = slice(border, height - border), slice(border, width - border)
    matrix = _homography((height - 2 * border, width - 2 * border), displacement, generator)
    shift = np.array([[1, 0, border], [0, 1, border], [0, 0, 1]], np.float64)
    moved = cv2.warpPerspective(
        exposed.long[0].permute(1, 2, 0).numpy(),
        shift @ matrix @ np.linalg.inv(shift),
        (width, height),
        borderMode=cv2.BORDER_REFLECT,
    )
    long = torch.from_numpy(moved).permute(2, 0, 1)[None]
    return Displaced(Exposed(long=long[:, :, *inner], sharp=exposed.sharp[:, :, *inner]), matrix)


def _lengths(count: int, recipe: SynthRecipe, draw: Draw) -> Tensor:
    """Lengths of camera paths in pixels: some still, short ones more frequent."""
    shortest, longest = recipe.blur
    beyond_still = ((draw.uniform(count) - _STILL) / (1 - _STILL)).clamp_min(0)
    return shortest + (longest - shortest) * beyond_still**_SKEW


def _misalignments(length: Tensor, recipe: SynthRecipe, draw: Draw) -> Tensor:
    """How far alignment errs, in pixels: the less a pair is blurred, the less."""
    blurred = _SHARP + (1 - _SHARP) * (length / _BLURRED).clamp_max(1)
    return recipe.misalignment * blurred * draw.normal(len(length), deviation=_SPREAD).exp()


def _warp(photos: Tensor, homographies: Tensor, size: int) -> Tensor:
    """Read photos where homographies of the crop's coordinates point, ``N x C x size x size``."""
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


def _border(displacement: float) -> int:
    return int(np.ceil(_BORDER * displacement / 2)) * 2


def _homography(
    size: tuple[int, int], displacement: float, generator: torch.Generator
) -> NDArray[np.float64]:
    height, width = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    common, each = (
        torch.randn(shape, generator=generator).numpy() for shape in ((1, 2), corners.shape)
    )
    move = np.sqrt(_COMMON) * common + np.sqrt(1 - _COMMON) * each
    moved = corners + np.clip(displacement * move, -_border(displacement), _border(displacement))
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32)).astype(np.float64)


def _piece(photo: Pixels, size: tuple[int, int], generator: torch.Generator) -> Pixels:
    top, left = (
        int(torch.randint(there - wanted + 1, (), generator=generator))
        for there, wanted in zip(photo.shape, size, strict=False)
    )
    return photo[top : top + size[0], left : left + size[1]]


def _padded(piece: Pixels, side: int) -> Tensor:
    """The piece in the middle of a square, continued by its reflection; ``1 x 3 x side x side``."""
    edges = [
        ((side - length) // 2, side - length - (side - length) // 2) for length in piece.shape[:2]
    ]
    square = np.pad(piece, (*edges, (0, 0)), mode="symmetric").astype(np.float32)
    square /= np.iinfo(piece.dtype).max
    return torch.from_numpy(square).permute(2, 0, 1)[None].contiguous()
