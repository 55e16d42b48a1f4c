"""The encoder and the decoder of DeblurMerger and DeblurRNN (torch)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks.norms import ConvBlock
from pairfix.networks.strided_unet import StridedUNetConfig

__all__ = ["Decoder", "Encoder"]

_KERNEL = 5
_DROPOUTS = 3
"""Decoder blocks, from the smallest, that drop features in training."""


class Encoder(nn.Module):
    """Halves the size with every block (Section III-A); the first block is not normalised."""

    def __init__(self, inputs: int, config: StridedUNetConfig) -> None:
        """Build an encoder of ``N x inputs x H x W`` pictures, freshly initialised."""
        super().__init__()
        self.blocks = nn.ModuleList()
        for level, width in enumerate(config.widths):
            conv = nn.Conv2d(inputs, width, _KERNEL, stride=2, padding=_KERNEL // 2)
            self.blocks.append(ConvBlock(conv, normalised=level > 0))
            inputs = width

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features from half size to the smallest; height and width halve without rest."""
        features = []
        for block in self.blocks:
            x = block(x)
            features.append(x)
        return features


class Decoder(nn.Module):
    """Doubles the size with every block, and takes in an encoder's features after it.

    The layer that makes the picture has neither normalisation nor activation, so that any range
    can come out of it: noise around black is negative in the raw domain.
    """

    def __init__(self, bottleneck: int, encoders: int, config: StridedUNetConfig) -> None:
        """Build a decoder, freshly initialised.

        Args:
            bottleneck: Channels of the smallest features.
            encoders: How many encoders' features come in at each larger size.
            config: Widths, depth, dropout, and the channels of the picture.
        """
        super().__init__()
        self.blocks = nn.ModuleList()
        inputs = bottleneck
        for i, width in enumerate(reversed(config.widths[:-1])):
            dropout = config.dropout if i < _DROPOUTS else 0
            self.blocks.append(ConvBlock(_doubling(inputs, width), dropout=dropout))
            inputs = (1 + encoders) * width
        self.output = _doubling(inputs, config.channels)

    def forward(self, x: Tensor, *skips: Sequence[Tensor]) -> Tensor:
        """Decode the smallest features.

        Args:
            x: ``N x bottleneck x H x W``.
            skips: Each encoder's features, from half size to the size before the smallest.

        Returns:
            ``N x channels x (H * 2**depth) x (W * 2**depth)`` float32, not clipped.
        """
        for level, block in enumerate(self.blocks, 1):
            x = torch.cat([block(x), *(features[-level] for features in skips)], 1)
        return _double_exactly(x, self.output)


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    padding = _KERNEL // 2
    return nn.ConvTranspose2d(inputs, outputs, _KERNEL, 2, padding, output_padding=1)


def _double_exactly(x: Tensor, conv: nn.ConvTranspose2d) -> Tensor:
    """As `pairfix.networks.layers.convolve_exactly`, in float32 for whatever parameters."""
    bias = None if conv.bias is None else conv.bias.float()
    return functional.conv_transpose2d(
        x.float(), conv.weight.float(), bias, 2, _KERNEL // 2, output_padding=1
    )
