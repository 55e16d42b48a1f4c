"""The layers of the reblurring paper's networks: the U-Net, the reblurring module, SRN and DHN."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks.layers import convolve_exactly, double
from pairfix.networks.reblurring import DHNConfig, ReblurModuleConfig, SRNConfig, UNetConfig

__all__ = ["DHN", "SRN", "ReblurModule", "UNet"]

_UNET_BLOCKS = 8
_SRN_BLOCKS = 3
_SRN_FACTORS = (4, 2, 1)
_DHN_BLOCKS = 2
_DHN_LEVELS = 4
_DHN_MIDDLE = 0.5


class UNet(nn.Module):
    """The paper's baseline deblurring module, a light residual U-Net (Table S1 and Figure S1).

    The table leaves three points open. Layers 20 and 21 double the size, and the paper speaks of
    "deconvolution artifacts" (Sec. S1): they are transposed convolutions. The features of layers
    1 and 2 are added where their size comes back, since concatenation would change the widths.
    Only the ResBlocks have activations, as in the first author's earlier network with the same
    widths (Nah et al., Deep Multi-scale Convolutional Neural Network for Dynamic Scene
    Deblurring, 2017, official PyTorch release).
    """

    def __init__(self, config: UNetConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, width = config.channels, config.width
        self.conv1 = _convolution(channels, width, 5)
        self.conv2 = _convolution(width, 2 * width, 3, stride=2)
        self.conv3 = _convolution(2 * width, 3 * width, 3, stride=2)
        self.blocks = _residual(3 * width, 3, _UNET_BLOCKS)
        self.up2 = _double_in_unet(3 * width, 2 * width)
        self.up1 = _double_in_unet(2 * width, width)
        self.output = _convolution(width, channels, 5)

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


class ReblurModule(nn.Module):
    """Amplifies the blur that is left in a deblurred picture, M_R (Sec. 3.1, Table S3, Figure S1).

    A sharp picture should come out unchanged. Nothing is strided, so that no artefacts of
    upsampling enter the loss (Sec. S1); the quartered size of the ResBlocks in the table is a slip.
    """

    def __init__(self, config: ReblurModuleConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        self.input = _convolution(config.channels, config.width, 5)
        self.blocks = _residual(config.width, 5, config.blocks)
        self.output = _convolution(config.width, config.channels, 5)

    def forward(self, picture: Tensor) -> Tensor:
        """Reblur a picture.

        Args:
            picture: Deblurred or sharp, ``N x C x H x W`` of any size.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped.
        """
        x = self.input(picture.to(self.output.weight.dtype))
        return convolve_exactly(self.blocks(x), self.output)


class SRN(nn.Module):
    """Deblurs from coarse to fine with one set of weights (Tao et al., Sec. 3; official release).

    At each scale the network sees the blurry frame and its own result at the previous scale. The
    LSTM of the paper is left out, as in the release for sRGB, which the reblurring paper took
    for its higher accuracy (Sec. S1).
    """

    def __init__(self, config: SRNConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        channels, width = config.channels, config.width
        self.encoder1 = _SRNEncoder(2 * channels, width)
        self.encoder2 = _SRNEncoder(width, 2 * width, stride=2)
        self.encoder3 = _SRNEncoder(2 * width, 4 * width, stride=2)
        self.decoder3 = _SRNDecoder(4 * width, 2 * width)
        self.decoder2 = _SRNDecoder(2 * width, width)
        self.decoder1 = _residual(width, 5, _SRN_BLOCKS)
        self.output = _convolution(width, channels, 5)

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

        No gradient flows from a scale into the previous one (official release).

        Args:
            long: As `forward` takes it.

        Returns:
            What `forward` returns, from coarse to fine.
        """
        outputs: list[Tensor] = []
        for factor in _SRN_FACTORS:
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


class _SRNEncoder(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv = _convolution(inputs, outputs, 5, stride=stride)
        self.blocks = _residual(outputs, 5, _SRN_BLOCKS)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.blocks(functional.relu(self.conv(x), inplace=True)))


class _SRNDecoder(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.blocks = _residual(inputs, 5, _SRN_BLOCKS)
        self.up = _doubling(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.up(self.blocks(x)), inplace=True)


def _shrink(x: Tensor, factor: int) -> Tensor:
    """Resize bilinearly; each pixel is sampled at the middle of its own cell, whatever the tile."""
    size = x.shape[2] // factor, x.shape[3] // factor
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


class DHN(nn.Module):
    """DMPHN's hierarchy 1-2-4-8 without its patches (Sec. S1; Zhang et al. 2019, Sec. 3).

    Each level has its own encoder and decoder, and corrects the result of the level below it: its
    encoder sees the frame plus that result, and that level's features are added to its own.
    """

    def __init__(self, config: DHNConfig) -> None:
        """Build the network, freshly initialised."""
        super().__init__()
        for level in range(1, _DHN_LEVELS + 1):
            self.add_module(f"encoder{level}", _dhn_encoder(config.channels, config.width))
            self.add_module(f"decoder{level}", _DHNDecoder(config.channels, config.width))

    def forward(self, long: Tensor) -> Tensor:
        """Deblur a frame.

        Args:
            long: Blurry exposure, ``N x C x H x W``; H and W are multiples of 4.

        Returns:
            ``N x C x H x W`` float32 in the input's range, not clipped; the 0.5 that is
            subtracted for all levels is added back.
        """
        centred = long.float() - _DHN_MIDDLE
        features = self._encode(_DHN_LEVELS, centred)
        result = self._decode(_DHN_LEVELS, features)
        for level in range(_DHN_LEVELS - 1, 0, -1):
            features = self._encode(level, centred + result) + features
            result = self._decode(level, features)
        return result + _DHN_MIDDLE

    def _encode(self, level: int, x: Tensor) -> Tensor:
        dtype = next(self.parameters()).dtype
        return cast("Tensor", self.get_submodule(f"encoder{level}")(x.to(dtype)))

    def _decode(self, level: int, features: Tensor) -> Tensor:
        return cast("Tensor", self.get_submodule(f"decoder{level}")(features))


class _DHNDecoder(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _residual(4 * width, 3, _DHN_BLOCKS),
            _doubling(4 * width, 2 * width),
            _residual(2 * width, 3, _DHN_BLOCKS),
            _doubling(2 * width, width),
            _residual(width, 3, _DHN_BLOCKS),
        )
        self.output = _convolution(width, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return convolve_exactly(self.layers(x), self.output)


def _dhn_encoder(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        _convolution(channels, width, 3),
        _residual(width, 3, _DHN_BLOCKS),
        _convolution(width, 2 * width, 3, stride=2),
        _residual(2 * width, 3, _DHN_BLOCKS),
        _convolution(2 * width, 4 * width, 3, stride=2),
        _residual(4 * width, 3, _DHN_BLOCKS),
    )


class _ResBlock(nn.Module):
    """Convolution, ReLU, convolution, added to the input (``N x C x H x W``)."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = _convolution(width, width, kernel)
        self.conv2 = _convolution(width, width, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return x + cast("Tensor", self.conv2(functional.relu(self.conv1(x), inplace=True)))


def _residual(width: int, kernel: int, count: int) -> nn.Sequential:
    """`count` ResBlocks in a row."""
    return nn.Sequential(*(_ResBlock(width, kernel) for _ in range(count)))


def _convolution(inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size, or divides it by `stride`, for odd kernels."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """The 4x4 transposed convolution with which SRN and DHN double the size."""
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)


def _double_in_unet(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
