"""The layers of DeblurRNN; no code was released, so parameter names are ours."""

import torch
from torch import Tensor, nn

from pairfix.networks.strided_unet import StridedUNetConfig
from pairfix.networks.strided_unet_layers import Decoder, Encoder

__all__ = ["DeblurRNN", "State"]

State = tuple[Tensor, Tensor]
"""Hidden state and cell state of a ConvLSTM, ``N x C x h x w`` each."""


class DeblurRNN(nn.Module):
    """The generator of DeblurRNN (Zhang et al., Section III-A1 and Figure 2), plain form.

    Two nets of the same structure and with weights of their own: one denoises the short exposure,
    the other deblurs its result together with the long exposure. A ConvLSTM lies between encoder
    and decoder of both, and its state goes from the first net to the second.
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
        """The restored photo from what `denoise` gives, and the long exposure."""
        *skips, x = self.deblur_encoder(torch.cat([denoised, long], 1).to(self._dtype))
        hidden, _ = self.deblur_lstm(x, state)
        return self.deblur_decoder(hidden, skips)

    @property
    def _dtype(self) -> torch.dtype:
        return self.deblur_decoder.output.weight.dtype


class _ConvLSTM(nn.Module):
    """One step of a convolutional LSTM (Shi et al., 2015, Equation 3).

    Peephole connections are left out, for their weights would fix the photo's size. Kernels are
    3 x 3, which the paper does not say.
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
