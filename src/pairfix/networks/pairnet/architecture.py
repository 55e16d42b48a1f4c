"""The layers of PairNet (torch)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks.layers import convolve_exactly, double
from pairfix.networks.pairnet import PairNetConfig

__all__ = ["PairNet"]

_UNSHUFFLE = 2
_SLOPE = 0.1


class PairNet(nn.Module):
    """A U-Net of residual blocks that predicts what to add to the short exposure.

    Pixel unshuffling puts the first level at half the planes' resolution, where a convolution
    costs a quarter. Every block begins as the identity and the whole network as the short
    exposure, so that learning starts from a photo.
    """

    def __init__(self, config: PairNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        widths, blocks = config.widths, config.blocks
        unshuffled = config.channels * _UNSHUFFLE**2
        self.head = nn.Conv2d((4 if config.noise else 2) * unshuffled, widths[0], 3, padding=1)
        self.down = nn.ModuleList(map(_level, widths, blocks))
        self.lower = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.lift = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.up = nn.ModuleList(map(_level, widths[:-1], blocks[:-1]))
        self.tail = _zeroed(nn.Conv2d(widths[0], unshuffled, 3, padding=1))

    def forward(
        self,
        short: Tensor,
        long: Tensor,
        short_noise: Tensor | None = None,
        long_noise: Tensor | None = None,
    ) -> Tensor:
        """Fuse two exposures.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of 2 to the number of
                levels.
            long: Blurred exposure, alike.
            short_noise: Standard deviation of the short exposure's noise, alike; None if the
                network takes no noise maps.
            long_noise: The same of the long exposure.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        given = [each for each in (short, long, short_noise, long_noise) if each is not None]
        seen = torch.cat(given, 1).to(self.tail.weight.dtype)
        x = self.head(functional.pixel_unshuffle(seen, _UNSHUFFLE))
        kept = []
        for level, lower in zip(self.down, self.lower, strict=False):
            kept.append(level(x))
            x = lower(kept[-1])
        x = self.down[-1](x)
        for level, lift in zip(reversed(self.up), reversed(self.lift), strict=True):
            x = level(double(lift(x)) + kept.pop())
        return short + functional.pixel_shuffle(convolve_exactly(x, self.tail), _UNSHUFFLE)


class _Residual(nn.Module):
    """Two convolutions beside the identity; the second starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = _zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.leaky_relu(self.first(x), _SLOPE))


def _zeroed(conv: nn.Conv2d) -> nn.Conv2d:
    for parameter in conv.parameters():
        nn.init.zeros_(parameter)
    return conv


def _level(width: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*(_Residual(width) for _ in range(blocks)))
