"""Losses that compare two pictures pixel by pixel (torch)."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from torch import Tensor

__all__ = ["PIXEL_LOSSES", "PixelLoss", "PixelLossName", "charbonnier", "l1", "l2"]

PixelLoss = Callable[[Tensor, Tensor], Tensor]
"""Takes a restored picture and the one that it ought to be, ``N x C x H x W`` each; a scalar."""
PixelLossName = Literal["l1", "l2", "charbonnier"]

_CHARBONNIER = 1e-3


def l1(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference."""
    return _difference(restored, target).abs().mean()


def l2(restored: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared difference.

    Args:
        restored: ``N x C x H x W``.
        target: The same shape.
        weight: What each square counts, of a shape that broadcasts; None for 1.
    """
    square = _difference(restored, target).square()
    return (square if weight is None else square * weight).mean()


def charbonnier(restored: Tensor, target: Tensor) -> Tensor:
    """Mean of ``sqrt(difference**2 + 0.001**2)``, an L1 loss that is smooth at 0.

    Source: Lai et al., Deep Laplacian Pyramid Networks, 2017 (Equation 3).
    """
    return (_difference(restored, target).square() + _CHARBONNIER**2).sqrt().mean()


def _difference(restored: Tensor, target: Tensor) -> Tensor:
    return restored.float() - target.float()


PIXEL_LOSSES: Mapping[PixelLossName, PixelLoss] = dict(
    zip(get_args(PixelLossName), (l1, l2, charbonnier), strict=True)
)
