"""Losses between pictures, and those of a discriminator (torch).

They compute in float32 also where the networks are trained in half precision.
"""

from collections.abc import Callable, Mapping
from typing import get_args

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.train.objectives.spec import PixelLossName

__all__ = [
    "PIXEL_LOSSES",
    "PixelLoss",
    "charbonnier",
    "dark_channel",
    "dark_channel_loss",
    "discriminator_loss",
    "generator_loss",
    "gradient_loss",
    "l1",
    "l2",
    "sobel",
    "ssim_map",
]

PixelLoss = Callable[[Tensor, Tensor], Tensor]
"""Takes a restored picture and its target, ``N x C x H x W`` each; returns a scalar."""

_CHARBONNIER = 1e-3
_DARK_PATCH = 15
"""Side of the dark channel's patches; the paper does not state it. He et al. (2009) took 15."""
_WINDOW = 11
_SIGMA = 1.5
_STABILISERS = 0.01**2, 0.03**2


def l1(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference."""
    return _difference(restored, target).abs().mean()


def l2(restored: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared difference.

    Args:
        restored: ``N x C x H x W``.
        target: The same shape.
        weight: Of each square, of a shape that broadcasts; None for 1.
    """
    square = _difference(restored, target).square()
    return (square if weight is None else square * weight).mean()


def charbonnier(restored: Tensor, target: Tensor) -> Tensor:
    """Mean of ``sqrt(difference**2 + 0.001**2)``, an L1 loss that is smooth at 0.

    Source: Lai et al., Deep Laplacian Pyramid Networks, 2017 (Equation 3).
    """
    return (_difference(restored, target).square() + _CHARBONNIER**2).sqrt().mean()


PIXEL_LOSSES: Mapping[PixelLossName, PixelLoss] = dict(
    zip(get_args(PixelLossName), (l1, l2, charbonnier), strict=True)
)


def gradient_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of the horizontal gradients plus that of the vertical ones.

    Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019 (Eq. 6).

    Args:
        restored: ``N x C x H x W``, at least 3 pixels to a side.
        target: The same shape.
    """
    horizontal, vertical = sobel(restored.float() - target.float())
    return horizontal.abs().mean() + vertical.abs().mean()


def sobel(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical gradients by Sobel's filters, with weights of 1, 2, 1.

    Args:
        x: ``N x C x H x W``.

    Returns:
        Two of ``N x C x (H - 2) x (W - 2)``: where the filters stay inside the picture.
    """
    down = x[..., :-2, :] + 2 * x[..., 1:-1, :] + x[..., 2:, :]
    across = x[..., :-2] + 2 * x[..., 1:-1] + x[..., 2:]
    return down[..., 2:] - down[..., :-2], across[..., 2:, :] - across[..., :-2, :]


def dark_channel_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of the dark channels of pictures, ``N x C x H x W`` each.

    Source: Zhang et al., 2019 (Eq. 2). The paper writes an L2 norm. The mean square, rather than
    the root of the sum, puts the terms "in the similar scale" under the weights of Table I, for
    which they were picked.
    """
    return l2(dark_channel(restored), dark_channel(target))


def dark_channel(x: Tensor, patch: int = _DARK_PATCH) -> Tensor:
    """The minimum over all planes and a patch around each pixel.

    Args:
        x: ``N x C x H x W``; of a mosaic all 4 planes count, red, twice green, and blue.
        patch: Side of the patch, odd; patches are cropped at the picture's edges.

    Returns:
        ``N x 1 x H x W``.
    """
    dark = -x.float().amin(dim=1, keepdim=True)
    for kernel in ((patch, 1), (1, patch)):
        padding = kernel[0] // 2, kernel[1] // 2
        dark = functional.max_pool2d(dark, kernel, stride=1, padding=padding)
    return -dark


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises: ``-log D(real) - log(1 - D(fake))``, means over batches.

    Source: Zhang et al., 2019 (Eq. 4). Scores before the sigmoid lose no precision:
    ``log sigmoid(s) = -softplus(-s)``, ``log(1 - sigmoid(s)) = -softplus(s)``.

    Args:
        real: Scores of sharp pictures before the sigmoid, any shape.
        fake: Scores of restored ones.
    """
    return functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """What the generator minimises: ``log(1 - D(fake))``, the mean over the batch.

    It is the second term of the paper's Equation 4 as it stands, not the non-saturating
    ``-log D(fake)`` that is common elsewhere: it is at most 0, and its gradient vanishes where the
    discriminator is certain.

    Args:
        fake: Scores of restored pictures before the sigmoid, any shape.
    """
    return -functional.softplus(fake.float()).mean()


def ssim_map(first: Tensor, second: Tensor) -> Tensor:
    """SSIM at every pixel whose window lies in the picture, for values from 0 to 1.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
    2004 (Equation 13; Gaussian window of 11 pixels with a standard deviation of 1.5).

    Args:
        first: ``N x C x H x W``, at least 11 pixels to a side.
        second: The same shape.

    Returns:
        ``N x C x (H - 10) x (W - 10)`` float32.
    """
    with torch.autocast(first.device.type, enabled=False):
        x, y = first.float(), second.float()
        moments = _blur(torch.cat([x, y, x * x, y * y, x * y], 1))
        mean_x, mean_y, square_x, square_y, product = moments.chunk(5, 1)
        c1, c2 = _STABILISERS
        variances = square_x - mean_x**2 + square_y - mean_y**2
        covariance = product - mean_x * mean_y
        luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
        return luminance * (2 * covariance + c2) / (variances + c2)


def _difference(restored: Tensor, target: Tensor) -> Tensor:
    return restored.float() - target.float()


def _blur(x: Tensor) -> Tensor:
    offsets = torch.arange(_WINDOW, device=x.device, dtype=x.dtype) - _WINDOW // 2
    window = torch.softmax(-(offsets**2) / (2 * _SIGMA**2), 0)
    channels = x.shape[1]
    column = window.view(1, 1, -1, 1).expand(channels, -1, -1, -1)
    row = window.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
    blurred = functional.conv2d(x, column, groups=channels)
    return functional.conv2d(blurred, row, groups=channels)
