"""The layers of SRN, in the form that was released for sRGB."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks.layers import convolve_exactly, double
from pairfix.networks.reblurring import SRNConfig
from pairfix.networks.reblurring.blocks import convolution, doubling, residual

__all__ = ["SRN"]

_BLOCKS = 3
_FACTORS = (4, 2, 1)


class SRN(nn.Module):
    """Deblurs from coarse to fine with one set of weights (Tao et al., Sec. 3; official release).

    At each scale the network sees the blurry frame and what it made of the scale before. The
    LSTM of the paper is left out, as in the release for sRGB, which the reblurring paper took
    for its higher accuracy (Sec. S1).
    """

    def __init__(self, config: SRNConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, width = config.channels, config.width
        self.encoder1 = _Encoder(2 * channels, width)
        self.encoder2 = _Encoder(width, 2 * width, stride=2)
        self.encoder3 = _Encoder(2 * width, 4 * width, stride=2)
        self.decoder3 = _Decoder(4 * width, 2 * width)
        self.decoder2 = _Decoder(2 * width, width)
        self.decoder1 = residual(width, 5, _BLOCKS)
        self.output = convolution(width, channels, 5)

    def forward(self, long: Tensor) -> Tensor:
        """Deblur a frame.

        Args:
            long: Blurry exposure, ``N x C x H x W``; H and W are multiples of 16.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped.
        """
        return self.scales(long)[-1]

    def scales(self, long: Tensor) -> tuple[Tensor, ...]:
        """Deblur a frame at a quarter, a half and the whole of its size, for a loss at each.

        No gradient flows from a scale into the one before (official release).

        Args:
            long: As `forward` takes it.

        Returns:
            What `forward` returns, from coarse to fine.
        """
        outputs: list[Tensor] = []
        for factor in _FACTORS:
            blurry = _shrink(long, factor)
            previous = double(outputs[-1].detach()) if outputs else blurry
            outputs.append(self._deblur(torch.cat([blurry, previous], 1)))
        return tuple(outputs)

    def _deblur(self, pair: Tensor) -> Tensor:
        full = self.encoder1(pair.to(self.output.weight.dtype))
        half = self.encoder2(full)
        x = self.decoder3(self.encoder3(half)) + half
        x = self.decoder2(x) + full
        return convolve_exactly(self.decoder1(x), self.output)


class _Encoder(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv = convolution(inputs, outputs, 5, stride=stride)
        self.blocks = residual(outputs, 5, _BLOCKS)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.blocks(functional.relu(self.conv(x), inplace=True)))


class _Decoder(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.blocks = residual(inputs, 5, _BLOCKS)
        self.up = doubling(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.up(self.blocks(x)), inplace=True)


def _shrink(x: Tensor, factor: int) -> Tensor:
    """Resize bilinearly; each pixel comes from the middle of its own cell, whatever the tile."""
    size = x.shape[2] // factor, x.shape[3] // factor
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
