"""Operations that several networks share (torch)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["convolve_exactly", "double"]


def double(x: Tensor, *, align_corners: bool = False) -> Tensor:
    """Upsample ``N x C x H x W`` bilinearly to ``N x C x 2H x 2W``."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=align_corners)


def convolve_exactly(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Convolve in float32 whatever the parameters' type or autocast; for the picture's layer.

    A half-precision output layer would leave steps that a 16-bit photo shows: half's spacing
    below 1 is 1/2048, bfloat16's 1/256.
    """
    if torch.is_autocast_enabled(x.device.type):
        with torch.autocast(x.device.type, enabled=False):
            return convolve_exactly(x, conv)
    bias = None if conv.bias is None else conv.bias.float()
    return functional.conv2d(x.float(), conv.weight.float(), bias, padding=conv.padding)
