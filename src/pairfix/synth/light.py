"""`pairfix.light` for batches on the training device (torch)."""

import math

import torch
from torch import Tensor

from pairfix.image import Domain

__all__ = ["decode_planes", "encode_planes", "linear_to_srgb", "srgb_to_linear"]

_SRGB_KNEE = 0.04045
_LINEAR_KNEE = 0.0031308
_COMPANDING = 0.05


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """Undo the sRGB transfer function (IEC 61966-2-1); any shape; the curve goes on beyond 1."""
    curve = ((encoded.clamp_min(_SRGB_KNEE) + 0.055) / 1.055) ** 2.4
    return torch.where(encoded <= _SRGB_KNEE, encoded / 12.92, curve)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Apply the sRGB transfer function (IEC 61966-2-1); any shape, 0 to 1."""
    curve = 1.055 * linear.clamp_min(_LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear <= _LINEAR_KNEE, linear * 12.92, curve)


def encode_planes(planes: Tensor, domain: Domain) -> Tensor:
    """Linear light to the network's range, as `pairfix.light.encode_planes` does; any shape."""
    if domain == "srgb":
        return linear_to_srgb(planes.clamp(0, 1))
    return _arcsinh(planes.clamp_max(1) / _COMPANDING) / math.asinh(1 / _COMPANDING)


def decode_planes(planes: Tensor, domain: Domain) -> Tensor:
    """Undo `encode_planes`; any shape, float32.

    Unlike `pairfix.light.decode_planes` this does not clip: the curves go on beyond 0 and 1, so
    that gradients are nowhere zero.
    """
    planes = planes.float()
    if domain == "srgb":
        return srgb_to_linear(planes)
    return _COMPANDING * torch.sinh(planes * math.asinh(1 / _COMPANDING))


def _arcsinh(values: Tensor) -> Tensor:
    """Eight times as fast as `torch.asinh` on the CPU; absolute error below 3e-7 up to 20."""
    size = values.abs()
    return torch.log(size + torch.sqrt(size * size + 1)).copysign(values)
