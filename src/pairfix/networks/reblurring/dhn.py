"""The layers of DHN."""

from typing import cast

from torch import Tensor, nn

from pairfix.networks.layers import convolve_exactly
from pairfix.networks.reblurring import DHNConfig
from pairfix.networks.reblurring.blocks import convolution, doubling, residual

__all__ = ["DHN"]

_BLOCKS = 2
_LEVELS = 4
_MIDDLE = 0.5


class DHN(nn.Module):
    """DMPHN's hierarchy 1-2-4-8 without its patches (Sec. S1; Zhang et al. 2019, Sec. 3).

    Each level has its own encoder and decoder, and corrects the result of the level below it:
    with the frame plus that result it comes in, with that level's features it goes on.
    """

    def __init__(self, config: DHNConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        for level in range(1, _LEVELS + 1):
            self.add_module(f"encoder{level}", _encoder(config.channels, config.width))
            self.add_module(f"decoder{level}", _Decoder(config.channels, config.width))

    def forward(self, long: Tensor) -> Tensor:
        """Deblur a frame.

        Args:
            long: Blurry exposure, ``N x C x H x W``; H and W are multiples of 4.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped; the 0.5 that every level
            works without is added back.
        """
        centred = long.float() - _MIDDLE
        features = self._encode(_LEVELS, centred)
        result = self._decode(_LEVELS, features)
        for level in range(_LEVELS - 1, 0, -1):
            features = self._encode(level, centred + result) + features
            result = self._decode(level, features)
        return result + _MIDDLE

    def _encode(self, level: int, x: Tensor) -> Tensor:
        dtype = next(self.parameters()).dtype
        return cast("Tensor", self.get_submodule(f"encoder{level}")(x.to(dtype)))

    def _decode(self, level: int, features: Tensor) -> Tensor:
        return cast("Tensor", self.get_submodule(f"decoder{level}")(features))


class _Decoder(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            residual(4 * width, 3, _BLOCKS),
            doubling(4 * width, 2 * width),
            residual(2 * width, 3, _BLOCKS),
            doubling(2 * width, width),
            residual(width, 3, _BLOCKS),
        )
        self.output = convolution(width, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return convolve_exactly(self.layers(x), self.output)


def _encoder(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        convolution(channels, width, 3),
        residual(width, 3, _BLOCKS),
        convolution(width, 2 * width, 3, stride=2),
        residual(2 * width, 3, _BLOCKS),
        convolution(2 * width, 4 * width, 3, stride=2),
        residual(4 * width, 3, _BLOCKS),
    )
