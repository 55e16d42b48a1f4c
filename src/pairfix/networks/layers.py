"""Layers that several networks share, and those that are normalised in training only (torch).

Networks are built in the plain form, whose parameters are those of the weights file. `add_norms`
makes the form that is trained, `fold_norms` turns its state into the plain form's.
"""

import copy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["ConvBlock", "add_norms", "convolve_exactly", "double", "fold_norms"]

_SLOPE = 0.2


def double(x: Tensor, *, align_corners: bool = False) -> Tensor:
    """Upsample ``N x C x H x W`` bilinearly to ``N x C x 2H x 2W``."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=align_corners)


def convolve_exactly(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Convolve in float32, whatever the parameters' type or autocast; for the output layer.

    A half-precision output layer would leave steps that are visible in a 16-bit photo: the spacing
    below 1 is 1/2048 in half precision, 1/256 in bfloat16.
    """
    if torch.is_autocast_enabled(x.device.type):
        with torch.autocast(x.device.type, enabled=False):
            return convolve_exactly(x, conv)
    bias = None if conv.bias is None else conv.bias.float()
    return functional.conv2d(x.float(), conv.weight.float(), bias, padding=conv.padding)


class ConvBlock(nn.Module):
    """A convolution, its normalisation in training, LeakyReLU and dropout."""

    def __init__(
        self,
        conv: nn.Conv2d | nn.ConvTranspose2d,
        *,
        normalised: bool = True,
        dropout: float = 0,
    ) -> None:
        """Build the plain form.

        Args:
            conv: The convolution, with a bias.
            normalised: Whether it is normalised in training.
            dropout: Share of the features left out in training.
        """
        super().__init__()
        self.conv = conv
        self.norm: nn.Module = nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.normalised = normalised

    def forward(self, x: Tensor) -> Tensor:
        """Map ``N x C x H x W`` features to those of the convolution's output shape."""
        x = functional.leaky_relu(self.norm(self.conv(x)), _SLOPE, inplace=True)
        return cast("Tensor", self.dropout(x))


def add_norms(plain: nn.Module) -> nn.Module:
    """A copy of a network in the form that is trained, in training mode.

    In every normalised `ConvBlock`, spectral normalisation divides the convolution's weight
    by its largest singular value (Miyato et al., 2018), and batch normalisation follows.
    """
    trainable = copy.deepcopy(plain).train()
    for block in _normalised_blocks(trainable).values():
        block.norm = nn.BatchNorm2d(block.conv.out_channels)
        spectral_norm(block.conv)
    return trainable


def fold_norms(trained: nn.Module) -> dict[str, Tensor]:
    """The state of a trained network's plain form, for `torch.nn.Module.load_state_dict`.

    Singular values and running statistics are folded into the weights, so that the plain form
    computes what the trained one does in evaluation mode. A network that was trained in its plain
    form has none.
    """
    trained = copy.deepcopy(trained).eval()
    folded = {
        key: value
        for key, value in trained.state_dict().items()
        if ".norm." not in key and ".parametrizations." not in key
    }
    for path, block in _normalised_blocks(trained).items():
        conv, norm = block.conv, block.norm
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        weight, bias = fuse_conv_bn_weights(
            conv.weight,
            conv.bias,
            cast("Tensor", norm.running_mean),
            cast("Tensor", norm.running_var),
            norm.eps,
            norm.weight,
            norm.bias,
            transpose=isinstance(conv, nn.ConvTranspose2d),
        )
        folded |= {f"{path}.conv.weight": weight.detach(), f"{path}.conv.bias": bias.detach()}
    return folded


def _normalised_blocks(network: nn.Module) -> dict[str, ConvBlock]:
    return {
        path: block
        for path, block in network.named_modules()
        if isinstance(block, ConvBlock) and block.normalised
    }
