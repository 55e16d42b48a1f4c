"""The paper's baseline deblurring module."""

from typing import cast

from torch import Tensor, nn

from pairfix.networks.layers import convolve_exactly
from pairfix.networks.reblurring import UNetConfig
from pairfix.networks.reblurring.blocks import convolution, residual

__all__ = ["UNet"]

_BLOCKS = 8


class UNet(nn.Module):
    """The light residual U-Net (Table S1 and Figure S1).

    The table leaves three things open. Layers 20 and 21 double the size, and the paper speaks of
    "deconvolution artifacts" (Sec. S1): they are transposed convolutions. The features of layers
    1 and 2 are added where their size comes back, since concatenation would change the widths.
    Only the ResBlocks hold activations, as in the first author's earlier network with the same
    widths (Nah et al., Deep Multi-scale Convolutional Neural Network for Dynamic Scene
    Deblurring, 2017, official PyTorch release).
    """

    def __init__(self, config: UNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, width = config.channels, config.width
        self.conv1 = convolution(channels, width, 5)
        self.conv2 = convolution(width, 2 * width, 3, stride=2)
        self.conv3 = convolution(2 * width, 3 * width, 3, stride=2)
        self.blocks = residual(3 * width, 3, _BLOCKS)
        self.up2 = _doubling(3 * width, 2 * width)
        self.up1 = _doubling(2 * width, width)
        self.output = convolution(width, channels, 5)

    def forward(self, long: Tensor) -> Tensor:
        """Deblur a frame.

        Args:
            long: Blurry exposure, ``N x C x H x W``; H and W are multiples of 4.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped.
        """
        full = self.conv1(long.to(self.output.weight.dtype))
        half = self.conv2(full)
        x = self.blocks(self.conv3(half))
        x = self.up2(x) + half
        x = cast("Tensor", self.up1(x) + full)
        return convolve_exactly(x, self.output)


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
