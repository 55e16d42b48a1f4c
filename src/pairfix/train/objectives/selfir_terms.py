"""The terms of SelfIR's self-supervised loss, and its sub-sampler (torch).

Source: Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022. What
the paper leaves open follows the official release: sharp patches are weighted by their similarity,
and the auxiliary loss is divided by the sum of the weights plus 1.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.train.losses import l2, ssim_map

__all__ = [
    "Neighbours",
    "auxiliary_loss",
    "draw_neighbours",
    "pick",
    "reconstruction_loss",
    "regularisation_loss",
    "sharp_patches",
]

_CELL = 2
_PATCH = 64
_LEAST_EXCESS = 1e-5
_LUMINANCE = {3: (0.2989, 0.5870, 0.1140), 4: (0.25, 0.25, 0.25, 0.25)}
"""Weights of the planes: of RGB, and of a mosaic's R, G1, G2, B."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which pixels of every 2 x 2 cell the sub-sampled pictures g1 and g2 take.

    ``N x H/2 x W/2`` each. Pixels are numbered by rows: 0 and 1, then 2 and 3.
    """

    first: Tensor
    second: Tensor


def draw_neighbours(frames: Tensor, generator: torch.Generator) -> Neighbours:
    """Draw two different pixels of every cell that lie side by side or one above the other.

    Source: Huang et al., Neighbor2Neighbor, 2021 (Section 4.1); the 8 ordered pairs
    are equally likely.

    Args:
        frames: ``N x C x H x W``, H and W even; only their shape counts.
        generator: Source of the choices, on the frames' device.
    """
    count, _, height, width = frames.shape
    shape = count, height // _CELL, width // _CELL
    choice = torch.randint(8, shape, generator=generator, device=frames.device)
    first = choice & 3
    across = 1 + (choice >> 2)  # 1: the other column, 2: the other row
    return Neighbours(first, first ^ across)


def pick(frames: Tensor, places: Tensor) -> Tensor:
    """Take one pixel of every cell, the same one in all planes.

    Args:
        frames: ``N x C x H x W``.
        places: ``N x H/2 x W/2``, from 0 to 3.

    Returns:
        ``N x C x H/2 x W/2``.
    """
    count, channels = frames.shape[:2]
    cells = functional.pixel_unshuffle(frames, _CELL)
    cells = cells.reshape(count, channels, _CELL**2, *cells.shape[2:])
    index = places[:, None, None].expand(-1, channels, -1, -1, -1)
    return cells.gather(2, index).squeeze(2)


def reconstruction_loss(restored: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """L_rec: the restored sub-sampled pair against the short exposure's other pixels (Eq. 10).

    Args:
        restored: ``N x C x h x w``, from the pixels that g1 picked.
        target: What g2 picked from the short exposure, the same shape.
        weight: As `pairfix.train.losses.l2` takes it.
    """
    return l2(restored, target, weight)


def regularisation_loss(
    restored: Tensor,
    target: Tensor,
    first: Tensor,
    second: Tensor,
    weight: Tensor | None = None,
) -> Tensor:
    """L_reg: the same, less the difference of the two positions in the restored whole (Eq. 11).

    Args:
        restored: ``N x C x h x w``, from the pixels that g1 picked.
        target: What g2 picked from the short exposure, the same shape.
        first: What g1 picks from the restored whole pair, without gradient.
        second: What g2 picks from it.
        weight: As `pairfix.train.losses.l2` takes it.
    """
    return l2(restored - target, first - second, weight)


def sharp_patches(
    long: Tensor, restored: Tensor, *, similarity: float, patch: int = _PATCH
) -> Tensor:
    """The mask m: how far each patch of the long exposure is sharp (Eq. 8).

    A patch is sharp if its SSIM with the restored picture is high, and its variance exceeds that
    picture's by more than 1e-5, both in luminance; a mosaic's is the mean of its planes.

    Args:
        long: ``N x C x h x w``, C = 3 (RGB) or 4 (mosaic), from 0 to 1; at least 11 pixels to a
            side.
        restored: The same shape, without gradient.
        similarity: SSIM above which a patch may be sharp (the paper's epsilon_s).
        patch: Side of a patch, or the picture's shorter side if that is less; a remainder at the
            right and at the bottom belongs to no patch.

    Returns:
        ``N x rows x columns``: SSIM where sharp, else 0.
    """
    blurry, reference = (_patches(_luminance(x), patch) for x in (long, restored))
    grid, planes = blurry.shape[:3], (-1, 1, *blurry.shape[-2:])
    structure = ssim_map(blurry.reshape(planes), reference.reshape(planes))
    structure = structure.mean(dim=(1, 2, 3)).view(grid)
    excess = (blurry.var(dim=(3, 4, 5)) - reference.var(dim=(3, 4, 5))).view(grid)
    return structure * ((structure > similarity) & (excess > _LEAST_EXCESS))


def auxiliary_loss(
    restored: Tensor,
    long: Tensor,
    mask: Tensor,
    weight: Tensor | None = None,
    patch: int = _PATCH,
) -> Tensor:
    """L_aux: the restored picture against the long exposure where that is sharp (Eq. 9).

    Args:
        restored: ``N x C x h x w``.
        long: The same shape.
        mask: As `sharp_patches` returns it.
        weight: As `pairfix.train.losses.l2` takes it, but of the pictures' shape.
        patch: As in `sharp_patches`.

    Returns:
        The sum of the patches' mean squared differences, weighted by the mask, over its sum + 1.
    """
    squares = (restored - long).square()
    squares = squares if weight is None else squares * weight
    means = _patches(squares, patch).mean(dim=(3, 4, 5))
    return (mask * means).sum() / (mask.sum() + 1)


def _luminance(x: Tensor) -> Tensor:
    planes = zip(_LUMINANCE[x.shape[1]], x.float().unbind(1), strict=True)
    return torch.stack([weight * plane for weight, plane in planes], 1).sum(1, keepdim=True)


def _patches(x: Tensor, side: int) -> Tensor:
    """``N x rows x columns x C x side x side``."""
    count, channels, height, width = x.shape
    side = min(side, height, width)
    rows, columns = height // side, width // side
    x = x[..., : rows * side, : columns * side]
    cells = x.reshape(count, channels, rows, side, columns, side)
    return cells.permute(0, 2, 4, 1, 3, 5)
