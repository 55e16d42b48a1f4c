"""The layers of DeblurMerger and DeblurRNN; no code was released, so parameter names are ours."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks.layers import ConvBlock
from pairfix.networks.strided_unet import StridedUNetConfig

__all__ = ["DeblurMerger", "DeblurRNN", "Decoder", "Encoder", "State"]

State = tuple[Tensor, Tensor]
"""Hidden state and cell state of a ConvLSTM, ``N x C x h x w`` each."""

_KERNEL = 5
_DROPOUTS = 3
"""Decoder blocks, from the smallest, that drop features in training."""


class DeblurMerger(nn.Module):
    """The generator of DeblurMerger (Zhang et al., Section III-A2 and Figure 3), plain form.

    The text has the bottlenecks of both encoders concatenated and does not say whose features
    skip to the decoder: here those of both, since the short exposure has the edges and the long
    one the colours.
    """

    def __init__(self, config: StridedUNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        self.short_encoder = Encoder(config.channels, config)
        self.long_encoder = Encoder(config.channels, config)
        self.decoder = Decoder(2 * config.widths[-1], 2, config)

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Restore a pair.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of ``2**depth``.
            long: Blurry exposure, the same shape.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        dtype = self.decoder.output.weight.dtype
        *shorts, short = self.short_encoder(short.to(dtype))
        *longs, long = self.long_encoder(long.to(dtype))
        return self.decoder(torch.cat([short, long], 1), shorts, longs)


class DeblurRNN(nn.Module):
    """The generator of DeblurRNN (Zhang et al., Section III-A1 and Figure 2), plain form.

    Two nets of the same structure, each with its own weights: one denoises the short exposure,
    the other deblurs the result together with the long exposure. In both, a ConvLSTM lies between
    encoder and decoder; its state passes from the first net to the second.
    """

    def __init__(self, config: StridedUNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, bottleneck = config.channels, config.widths[-1]
        self.denoise_encoder = Encoder(channels, config)
        self.denoise_lstm = _FirstConvLSTM(bottleneck)
        self.denoise_decoder = Decoder(bottleneck, 1, config)
        self.deblur_encoder = Encoder(2 * channels, config)
        self.deblur_lstm = _ConvLSTM(bottleneck)
        self.deblur_decoder = Decoder(bottleneck, 1, config)

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Restore a pair.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of ``2**depth``.
            long: Blurry exposure, the same shape.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        denoised, state = self.denoise(short)
        return self.deblur(denoised, long, state)

    def denoise(self, short: Tensor) -> tuple[Tensor, State]:
        """The denoised short exposure in its own range, which is trained by itself, and a state."""
        *skips, x = self.denoise_encoder(short.to(self._dtype))
        state = self.denoise_lstm(x)
        return self.denoise_decoder(state[0], skips), state

    def deblur(self, denoised: Tensor, long: Tensor, state: State) -> Tensor:
        """The restored photo, from what `denoise` returns and the long exposure."""
        *skips, x = self.deblur_encoder(torch.cat([denoised, long], 1).to(self._dtype))
        hidden, _ = self.deblur_lstm(x, state)
        return self.deblur_decoder(hidden, skips)

    @property
    def _dtype(self) -> torch.dtype:
        return self.deblur_decoder.output.weight.dtype


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
        """Features from half size to the smallest; height and width are multiples of 2 ** depth."""
        features = []
        for block in self.blocks:
            x = block(x)
            features.append(x)
        return features


class Decoder(nn.Module):
    """Doubles the size with every block, after which the encoders' features are appended.

    The output layer has neither normalisation nor activation, so that its values can have any
    range: noise around black is negative in the raw domain.
    """

    def __init__(self, bottleneck: int, encoders: int, config: StridedUNetConfig) -> None:
        """Build a decoder, freshly initialised.

        Args:
            bottleneck: Channels of the smallest features.
            encoders: How many encoders' features are appended at each larger size.
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


class _ConvLSTM(nn.Module):
    """One step of a convolutional LSTM (Shi et al., 2015, Equation 3).

    Peephole connections are left out because their weights would fix the photo's size. Kernels
    are 3 x 3, which the paper does not state.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * width, 4 * width, 3, padding=1)

    def forward(self, x: Tensor, state: State) -> State:
        hidden, cell = state
        gates = self.gates(torch.cat([x, hidden], 1)).chunk(4, 1)
        input_gate, forget_gate, output_gate, candidate = gates
        cell = torch.sigmoid(forget_gate) * cell + torch.sigmoid(input_gate) * torch.tanh(candidate)
        return torch.sigmoid(output_gate) * torch.tanh(cell), cell


class _FirstConvLSTM(nn.Module):
    """The first step, from a state of zeros: nothing to forget, and no weights for the state."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(width, 3 * width, 3, padding=1)

    def forward(self, x: Tensor) -> State:
        input_gate, output_gate, candidate = self.gates(x).chunk(3, 1)
        cell = torch.sigmoid(input_gate) * torch.tanh(candidate)
        return torch.sigmoid(output_gate) * torch.tanh(cell), cell


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    padding = _KERNEL // 2
    return nn.ConvTranspose2d(inputs, outputs, _KERNEL, 2, padding, output_padding=1)


def _double_exactly(x: Tensor, conv: nn.ConvTranspose2d) -> Tensor:
    """As `pairfix.networks.layers.convolve_exactly`: in float32, whatever the parameters' type."""
    bias = None if conv.bias is None else conv.bias.float()
    return functional.conv_transpose2d(
        x.float(), conv.weight.float(), bias, 2, _KERNEL // 2, output_padding=1
    )
