"""The terms of SelfIR's self-supervised loss (torch).

Source: Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022. What
the paper leaves open follows the official release: the sharp patches count by their similarity,
and the auxiliary loss is divided by what they count plus 1.
"""

import torch
from torch import Tensor

from pairfix.train.losses.pixel import l2
from pairfix.train.losses.similarity import ssim_map

__all__ = [
    "PATCH",
    "SIMILARITY",
    "auxiliary_loss",
    "reconstruction_loss",
    "regularisation_loss",
    "sharp_patches",
]

PATCH = 64
"""Side of a patch, as a rule."""
SIMILARITY = 0.99
"""SSIM from which a patch is sharp, as a rule (epsilon_s)."""
_LEAST_EXCESS = 1e-5
_LUMINANCE = {3: (0.2989, 0.5870, 0.1140), 4: (0.25, 0.25, 0.25, 0.25)}
"""Weights of the planes: of RGB, and of a mosaic's R, G1, G2, B."""


def reconstruction_loss(restored: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """L_rec: the restored sub-sampled pair against the short exposure's other pixels (Eq. 10).

    Args:
        restored: ``N x C x h x w``, from the pixels that g1 took.
        target: What g2 took of the short exposure, the same shape.
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
    """L_reg: the same, less what the two places differ by in the restored whole (Eq. 11).

    Args:
        restored: ``N x C x h x w``, from the pixels that g1 took.
        target: What g2 took of the short exposure, the same shape.
        first: What g1 takes of the restored whole pair, without gradient.
        second: What g2 takes of it.
        weight: As `pairfix.train.losses.l2` takes it.
    """
    return l2(restored - target, first - second, weight)


def sharp_patches(
    long: Tensor, restored: Tensor, patch: int = PATCH, similarity: float = SIMILARITY
) -> Tensor:
    """The mask m: how far each patch of the long exposure is sharp (Eq. 8).

    A patch is sharp if it resembles the restored picture by its SSIM, and has more variance than
    that (by more than 1e-5), both in luminance; a mosaic's is the mean of its planes.

    Args:
        long: ``N x C x h x w``, C = 3 (RGB) or 4 (mosaic), from 0 to 1; at least 11 pixels to a
            side.
        restored: The same shape, without gradient.
        patch: Side of a patch, or the picture's shorter side if that is less; what is left at
            the right and at the bottom belongs to none.
        similarity: SSIM above which a patch may be sharp.

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
    patch: int = PATCH,
) -> Tensor:
    """L_aux: the restored picture against the long exposure where that is sharp (Eq. 9).

    Args:
        restored: ``N x C x h x w``.
        long: The same shape.
        mask: What `sharp_patches` gave.
        weight: As `pairfix.train.losses.l2` takes it, but of the pictures' shape.
        patch: As in `sharp_patches`.

    Returns:
        The patches' mean squared differences, summed as they count, over the sum of the mask + 1.
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
