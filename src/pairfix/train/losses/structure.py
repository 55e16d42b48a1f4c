"""Losses of DeblurMerger and DeblurRNN that look at a pixel's surroundings (torch).

Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019.
"""

from torch import Tensor
from torch.nn import functional

from pairfix.train.losses.pixel import l2

__all__ = ["dark_channel", "dark_channel_loss", "gradient_loss", "sobel"]

_PATCH = 15
"""Side of the dark channel's patches; the paper does not say. He et al. (2009) took 15."""


def gradient_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of the horizontal gradients plus that of the vertical (Eq. 6).

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
        Two of ``N x C x (H - 2) x (W - 2)``: where the filters do not leave the picture.
    """
    down = x[..., :-2, :] + 2 * x[..., 1:-1, :] + x[..., 2:, :]
    across = x[..., :-2] + 2 * x[..., 1:-1] + x[..., 2:]
    return down[..., 2:] - down[..., :-2], across[..., 2:, :] - across[..., :-2, :]


def dark_channel_loss(restored: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of the dark channels, ``N x C x H x W`` each (Eq. 2).

    The paper writes an L2 norm. Its mean square, rather than its sum's root, puts the terms "in
    the similar scale" under the weights of Table I, as they were picked.
    """
    return l2(dark_channel(restored), dark_channel(target))


def dark_channel(x: Tensor, patch: int = _PATCH) -> Tensor:
    """The least value of any plane within a patch around each pixel.

    Args:
        x: ``N x C x H x W``; of a mosaic all 4 planes count, red, twice green, and blue.
        patch: Side of the patch, odd; patches are cut off at the picture's edges.

    Returns:
        ``N x 1 x H x W``.
    """
    dark = -x.float().amin(dim=1, keepdim=True)
    for kernel in ((patch, 1), (1, patch)):
        padding = kernel[0] // 2, kernel[1] // 2
        dark = functional.max_pool2d(dark, kernel, stride=1, padding=padding)
    return -dark
