"""The layers of D2HNet; parameter names are those of the official release.

Parameters that the official release stores but never uses are left out, and its spectral
normalisation must have been folded into the weights (`pairfix.export.importing`).
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import deform_conv2d

from pairfix.networks.d2hnet import D2HNetConfig
from pairfix.networks.layers import convolve_exactly, double

__all__ = ["DeblurNet", "EnhanceNet"]

_GROUPS = 8
_OFFSET_WIDTH = 32
_RESIDUAL_SCALE = 0.1
_BLOCKS = 4


class DeblurNet(nn.Module):
    """Removes the long exposure's blur at a small size (Section 3.2 and the official release).

    Two Haar wavelet transforms bring the pair to a quarter of its size.
    """

    def __init__(self, config: D2HNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, width = config.channels, config.width
        self.downsample_conv = _Conv(8 * channels, 8 * channels)
        self.fusion_conv = _Conv(32 * channels, 16 * width)
        _add_blocks(self, "deblur_res_block", 16 * width)
        self.upsample_conv = _Conv(4 * width, 4 * width)
        _add_blocks(self, "deblur_res_block2", width)
        self.deblur_layer = _OutputConv(width, channels)

    def forward(self, short: Tensor, long: Tensor) -> Tensor:
        """Deblur a pair.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of 4.
            long: Blurry exposure, the same shape.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        pair = torch.cat([short, long], 1).to(self.deblur_layer.dtype)
        x = self.fusion_conv(_to_haar(self.downsample_conv(_to_haar(pair))))
        x = x + _run_blocks(self, "deblur_res_block", x)
        x = _from_haar(self.upsample_conv(_from_haar(x)))
        x = x + _run_blocks(self, "deblur_res_block2", x)
        return long.float() + cast("Tensor", self.deblur_layer(x))


class EnhanceNet(nn.Module):
    """Restores the pair at full size with DeblurNet's result as a guide (Section 3.3).

    Two pyramids of features; from the smallest level up, the long exposure's features are moved
    onto the short one's by deformable convolutions, and fused with them.
    """

    def __init__(self, config: D2HNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, widths = config.channels, config.widths
        self.levels = len(widths)
        _add_pyramid(self, "downsample_short_conv", 2 * channels, widths)
        _add_pyramid(self, "downsample_long_conv", channels, widths)
        for level, width in enumerate(widths, 1):
            align = _AlignBlock(width, coarsest=level == self.levels)
            self.add_module(f"upsample_alignblock{level}", align)
            self.add_module(f"upsample_comb{level}", _Conv(2 * width, width))
            if level > 1:
                blocks = nn.Sequential(*(_ResBlock(width) for _ in range(_BLOCKS)))
                self.add_module(f"upsample_resblock{level}", blocks)
            if level < self.levels:
                coarser = widths[level] * (1 if level + 1 == self.levels else 2)
                self.add_module(f"upsample_conv{level}", _UpConv(coarser, width))
        self.upsample_conv0 = _Conv(2 * widths[0], widths[0])
        _add_blocks(self, "denoise_res_block2", widths[0])
        self.denoise_layer = _OutputConv(widths[0], channels)

    def forward(self, short: Tensor, long: Tensor, deblur: Tensor) -> Tensor:
        """Enhance a pair.

        Args:
            short: Noisy exposure, ``N x C x H x W``; H and W are multiples of 16.
            long: Blurry exposure, the same shape.
            deblur: DeblurNet's result, bilinearly upsampled to the same shape.

        Returns:
            ``N x C x H x W`` float32 in the inputs' range, not clipped.
        """
        dtype = self.denoise_layer.dtype
        shorts = self._pyramid("downsample_short_conv", torch.cat([short, deblur], 1).to(dtype))
        longs = self._pyramid("downsample_long_conv", long.to(dtype))
        x, offsets = self._fuse(self.levels, shorts.pop(), longs.pop(), None)
        for level in range(self.levels - 1, 0, -1):
            fused, offsets = self._fuse(level, shorts.pop(), longs.pop(), offsets)
            x = torch.cat([self.get_submodule(f"upsample_conv{level}")(x), fused], 1)
        x = self.upsample_conv0(x)
        x = x + _run_blocks(self, "denoise_res_block2", x)
        return deblur.float() + cast("Tensor", self.denoise_layer(x))

    def _pyramid(self, name: str, x: Tensor) -> list[Tensor]:
        features = []
        for level in range(1, self.levels + 1):
            x = self.get_submodule(f"{name}{level}")(x)
            features.append(x)
        return features

    def _fuse(
        self, level: int, short: Tensor, long: Tensor, coarser: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        align = self.get_submodule(f"upsample_alignblock{level}")
        aligned, offsets = align(short, long, coarser)
        x = self.get_submodule(f"upsample_comb{level}")(torch.cat([aligned, short], 1))
        return (self.get_submodule(f"upsample_resblock{level}")(x) if level > 1 else x), offsets


class _Conv(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, *, stride: int = 1, activated: bool = True
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, padding=1))
        self.activated = activated

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)
        return _activate(x) if self.activated else x


class _OutputConv(_Conv):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, activated=False)

    @property
    def dtype(self) -> torch.dtype:
        """The type in which the network computes."""
        return self._conv.weight.dtype

    def forward(self, x: Tensor) -> Tensor:
        return convolve_exactly(x, self._conv)

    @property
    def _conv(self) -> nn.Conv2d:
        return cast("nn.Conv2d", self.layers[0])


class _UpConv(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv2d = _Conv(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.interpolate(x, scale_factor=2, mode="nearest")
        return cast("Tensor", self.conv2d(x))


class _ResBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv2d = nn.Sequential(_Conv(width, width), _Conv(width, width, activated=False))

    def forward(self, x: Tensor) -> Tensor:
        return x + _RESIDUAL_SCALE * cast("Tensor", self.conv2d(x))


class _AlignBlock(nn.Module):
    def __init__(self, width: int, *, coarsest: bool) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(2 * width, width, 1)
        self.offset_conv1 = nn.Conv2d(width, _OFFSET_WIDTH, 3, padding=1)
        if not coarsest:
            self.offset_conv2 = nn.Conv2d(2 * _OFFSET_WIDTH, _OFFSET_WIDTH, 3, padding=1)
        self.offset_conv3 = nn.Conv2d(_OFFSET_WIDTH, _OFFSET_WIDTH, 3, padding=1)
        self.dcnpack = _ModulatedDeformConv(width)

    def forward(self, short: Tensor, long: Tensor, coarser: Tensor | None) -> tuple[Tensor, Tensor]:
        offsets = _activate(self.offset_conv1(self.conv_1(torch.cat([short, long], 1))))
        if coarser is not None:
            offsets = torch.cat([offsets, double(coarser) * 2], 1)
            offsets = _activate(self.offset_conv2(offsets))
        offsets = _activate(self.offset_conv3(offsets))
        return _activate(self.dcnpack(long, offsets)), offsets


class _ModulatedDeformConv(nn.Module):
    """Deformable convolution, in float32: half precision does not resolve coordinates over 1024."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width, width, 3, 3))
        self.bias = nn.Parameter(torch.zeros(width))
        self.conv_offset_mask = nn.Conv2d(_OFFSET_WIDTH, 3 * 9 * _GROUPS, 3, padding=1)
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        nn.init.zeros_(self.conv_offset_mask.weight)
        nn.init.zeros_(cast("Tensor", self.conv_offset_mask.bias))

    def forward(self, x: Tensor, offsets: Tensor) -> Tensor:
        shifts, strengths = (
            self.conv_offset_mask(offsets).float().split([2 * 9 * _GROUPS, 9 * _GROUPS], 1)
        )
        moved = deform_conv2d(
            x.float(),
            shifts,
            self.weight.float(),
            self.bias.float(),
            padding=1,
            mask=torch.sigmoid(strengths),
        )
        return cast("Tensor", moved).to(x.dtype)


def _activate(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2, inplace=True)


def _add_pyramid(parent: nn.Module, name: str, inputs: int, widths: tuple[int, ...]) -> None:
    for level, width in enumerate(widths, 1):
        first = _Conv(inputs, width, stride=1 if level == 1 else 2)
        parent.add_module(f"{name}{level}", nn.Sequential(first, _ResBlock(width)))
        inputs = width


def _add_blocks(parent: nn.Module, name: str, width: int) -> None:
    for i in range(_BLOCKS):
        parent.add_module(f"{name}_{i}", _ResBlock(width))


def _run_blocks(parent: nn.Module, name: str, x: Tensor) -> Tensor:
    for i in range(_BLOCKS):
        x = parent.get_submodule(f"{name}_{i}")(x)
    return x


def _to_haar(x: Tensor) -> Tensor:
    """``N x C x H x W`` to its four Haar sub-bands, ``N x 4C x H/2 x W/2``."""
    x = x / 2
    a, b = x[..., 0::2, 0::2], x[..., 1::2, 0::2]
    c, d = x[..., 0::2, 1::2], x[..., 1::2, 1::2]
    return torch.cat([a + b + c + d, c + d - a - b, b + d - a - c, a + d - b - c], 1)


def _from_haar(x: Tensor) -> Tensor:
    """Undo `_to_haar`."""
    mean, columns, rows, diagonal = (x / 2).chunk(4, 1)
    a = mean - columns - rows + diagonal
    b = mean - columns + rows - diagonal
    c = mean + columns - rows - diagonal
    d = mean + columns + rows + diagonal
    return functional.pixel_shuffle(torch.stack([a, c, b, d], 2).flatten(1, 2), 2)
