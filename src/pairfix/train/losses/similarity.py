"""The structural similarity of pictures, differentiable and in batches (torch)."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["WINDOW", "ssim_map"]

WINDOW = 11
"""Side of the Gaussian window."""
_SIGMA = 1.5
_STABILISERS = 0.01**2, 0.03**2


def ssim_map(first: Tensor, second: Tensor) -> Tensor:
    """SSIM at every pixel whose window lies in the picture, for values from 0 to 1.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
    2004 (Equation 13; Gaussian window of 11 pixels with a standard deviation of 1.5).

    Args:
        first: ``N x C x H x W``, at least `WINDOW` pixels to a side.
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


def _blur(x: Tensor) -> Tensor:
    offsets = torch.arange(WINDOW, device=x.device, dtype=x.dtype) - WINDOW // 2
    window = torch.softmax(-(offsets**2) / (2 * _SIGMA**2), 0)
    channels = x.shape[1]
    column = window.view(1, 1, -1, 1).expand(channels, -1, -1, -1)
    row = window.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
    blurred = functional.conv2d(x, column, groups=channels)
    return functional.conv2d(blurred, row, groups=channels)
