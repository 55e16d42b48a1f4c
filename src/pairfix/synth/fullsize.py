"""Whole photos exposed, not crops: pairs of any size, displaced as a hand leaves them (torch)."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pairfix.image import Pixels
from pairfix.synth.optics import Exposed, expose, margin
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Displaced", "displace", "expose_photo", "largest_size"]

_COMMON = 0.9
"""Share of a displacement's variance in which all corners move together."""
_REACH = 3
"""Standard deviations of the displacement that a frame's border provides for."""


@dataclass(frozen=True, slots=True)
class Displaced:
    """A pair as light on the sensor, not aligned."""

    exposed: Exposed
    matrix: NDArray[np.float64]
    """3 x 3, maps (x, y, 1) of the sharp frame's pixels to the long frame's."""


def largest_size(
    photo: tuple[int, int], recipe: SynthRecipe, displacement: float
) -> tuple[int, int]:
    """Height and width, both even, of the largest pair in which a photo fills all that moves.

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
    """Expose a piece of a photo, taken anywhere from it, twice.

    Args:
        photo: ``H x W x 3``, sRGB-encoded, no smaller than `largest_size` asks for.
        size: Height and width of the frames, even.
        recipe: Ranges of blur and gap, and how often there are objects and lights. Its
            misalignment, the rest that an alignment leaves, does not apply.
        displacement: Standard deviation of how far each corner moves between the frames, pixels.
        generator: Of the CPU.

    Returns:
        ``1 x 3 x H x W`` each.
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
        exposed: One pair, larger on each side by `_REACH` standard deviations of the displacement.
        displacement: Standard deviation of how far each corner moves, in pixels.
        generator: Of the CPU.
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


def _border(displacement: float) -> int:
    return int(np.ceil(_REACH * displacement / 2)) * 2


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
