"""The layers of SelfIR; parameter names are those of the official release."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks.layers import convolve_exactly, double
from pairfix.networks.selfir import SelfIRConfig

__all__ = ["Baseline", "SelfIR"]

_MEAN = (0.4488, 0.4371, 0.4040)
_DEPTH = 6
_SUFFIXES = {"short": "_2", "long": ""}
"""Suffixes of the encoders' names, by exposure."""


class _UNet(nn.Module):
    """The restoration network of SelfIR (Section 3.4 and the official release).

    Each encoder halves the size five times; the decoder doubles it again, taking the features of
    every encoder at every size, and at full size the exposures themselves.
    """

    def __init__(self, config: SelfIRConfig) -> None:
        super().__init__()
        self.align_corners = config.align_corners
        self.suffixes = [_SUFFIXES[name] for name in config.inputs]
        channels, width = config.channels, config.width
        seen = 2 * channels if config.noise else channels
        for i in range(_DEPTH + 1):
            inputs = seen if i == 0 else width
            for suffix in sorted(self.suffixes):
                self.add_module(f"EB{i}{suffix}", _EncoderBlock(inputs, width))
        skips = len(self.suffixes) * width
        self.DB1 = _DecoderBlock(2 * skips, 2 * width, width)
        self.DB2 = _DecoderBlock(width + skips, 2 * width, width)
        self.DB3 = _DecoderBlock(width + skips, 2 * width, width)
        self.DB4 = _DecoderBlock(width + skips, 2 * width, 2 * width)
        self.DB5 = _OutputBlock(2 * width + len(self.suffixes) * channels, channels)
        self.centred = channels == len(_MEAN)
        self.register_buffer("_mean", torch.tensor(_MEAN).view(1, -1, 1, 1), persistent=False)

    def _restore(self, exposures: list[Tensor], noise_maps: list[Tensor | None]) -> Tensor:
        """Restore from the exposures, in the order of `SelfIRConfig.inputs`."""
        dtype = self.DB5.conv1.weight.dtype
        shifted = [self._shift(x, -1).to(dtype) for x in exposures]
        seen = [
            x if noise_map is None else torch.cat([x, noise_map.to(dtype)], 1)
            for x, noise_map in zip(shifted, noise_maps, strict=True)
        ]
        encoded = [self._encode(*each) for each in zip(seen, self.suffixes, strict=True)]
        skips = list(zip(*reversed(encoded), strict=True))
        x = double(torch.cat(skips[_DEPTH], 1), align_corners=self.align_corners)
        x = self.DB1(torch.cat([x, *skips[4]], 1))
        x = self.DB2(torch.cat([double(x), *skips[3]], 1))
        x = self.DB3(torch.cat([double(x), *skips[2]], 1))
        x = self.DB4(torch.cat([double(x), *skips[1]], 1))
        return self._shift(self.DB5(torch.cat([double(x), *reversed(shifted)], 1)), 1)

    def _shift(self, x: Tensor, means: int) -> Tensor:
        return x + means * self.get_buffer("_mean").float() if self.centred else x

    def _encode(self, x: Tensor, suffix: str) -> list[Tensor]:
        features = []
        for i in range(_DEPTH + 1):
            x = self.get_submodule(f"EB{i}{suffix}")(x)
            if 0 < i < _DEPTH:
                x = functional.max_pool2d(x, 2)
            features.append(x)
        return features


class SelfIR(_UNet):
    """Restores a pair: SelfIR, and Baseline R of the paper."""

    def forward(
        self,
        short: Tensor,
        long: Tensor,
        short_noise: Tensor | None = None,
        long_noise: Tensor | None = None,
    ) -> Tensor:
        """Restore a pair.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of 32.
            long: Blurry exposure, the same shape.
            short_noise: The short exposure's noise map, the same shape; for configurations with
                `SelfIRConfig.noise`.
            long_noise: The long exposure's.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        return self._restore([short, long], [short_noise, long_noise])


class Baseline(_UNet):
    """Restores one exposure by itself: Baseline N of the paper (short) or B (long)."""

    def forward(self, exposure: Tensor, noise: Tensor | None = None) -> Tensor:
        """Restore an exposure.

        Args:
            exposure: Noisy or blurry, ``N x C x H x W``; H and W are multiples of 32.
            noise: Its noise map, the same shape; for configurations with `SelfIRConfig.noise`.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped.
        """
        return self._restore([exposure], [noise])


class _EncoderBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return _activate(self.conv(x))


class _DecoderBlock(nn.Module):
    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, hidden, 3, padding=1)
        self.conv2 = nn.Conv2d(hidden, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return _activate(self.conv2(_activate(self.conv1(x))))


class _OutputBlock(_DecoderBlock):
    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__(inputs, 64, 32)
        self.conv3 = nn.Conv2d(32, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return convolve_exactly(super().forward(x), self.conv3)


def _activate(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.1, inplace=True)
