"""What the networks of the reblurring paper are made of (torch)."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ResBlock", "convolution", "doubling", "residual"]


class ResBlock(nn.Module):
    """Convolution, ReLU, convolution, added to what came in (``N x C x H x W``)."""

    def __init__(self, width: int, kernel: int) -> None:
        """Build a block of `width` channels, freshly initialised."""
        super().__init__()
        self.conv1 = convolution(width, width, kernel)
        self.conv2 = convolution(width, width, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Refine features; the shape stays."""
        return x + cast("Tensor", self.conv2(functional.relu(self.conv1(x), inplace=True)))


def residual(width: int, kernel: int, count: int) -> nn.Sequential:
    """`count` ResBlocks in a row."""
    return nn.Sequential(*(ResBlock(width, kernel) for _ in range(count)))


def convolution(inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size, or divides it by `stride`, for odd kernels."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)


def doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """The 4x4 transposed convolution with which SRN and DHN double the size."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
