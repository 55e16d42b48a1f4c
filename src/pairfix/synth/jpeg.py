"""Pictures as files hold them: in 8 bits, or as JPEG (torch).

Of JPEG, lossless steps are left out. The rest follows ITU-T T.81 and the Independent JPEG Group's
library: its scaling of the example tables, colours as in JFIF, chroma averaged over 2 x 2 pixels
and interpolated by a triangle.
"""

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth.draw import Draw
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Storage", "compress"]

_SUBSAMPLED = 0.7
"""Probability that a JPEG has chroma at half the size."""
_BLOCK = 8
_UNIT = 16
"""Sides are padded to whole blocks of subsampled chroma."""
_EVEN = 50
"""Quality at which the tables apply unscaled."""
_PEAK = 255
_CENTRE = 128
_ROUNDING = (0.25, 0.5)
"""Added in turn along a row before subsampled chroma, in quarters, is cut to whole levels."""

_LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""ITU-T T.81, Table K.1."""
_CHROMA_TABLE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)
"""ITU-T T.81, Table K.2."""
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
"""RGB to Y, Cb, Cr, and back (JFIF)."""


@dataclass(frozen=True, slots=True)
class Storage:
    """How N pairs are stored; each field is ``N x 1 x 1 x 1``."""

    jpeg: Tensor | None
    """Which pairs are compressed; None where the recipe has no JPEG, which saves the work."""
    quality: Tensor
    subsampled: Tensor

    @classmethod
    def draw(cls, count: int, recipe: SynthRecipe, draw: Draw) -> "Storage":
        """Draw how each of `count` pairs is stored, both frames alike."""
        shape = (count, 1, 1, 1)
        low, high = recipe.jpeg_quality
        return cls(
            jpeg=draw.happens(*shape, probability=recipe.jpeg) > 0 if recipe.jpeg else None,
            quality=draw.uniform(*shape, low=low, high=high).round(),
            subsampled=draw.happens(*shape, probability=_SUBSAMPLED) > 0,
        )

    def store(self, display: Tensor) -> Tensor:
        """Display values, ``N x 3 x H x W``, as read back: 0 to 1 in steps of 1/255."""
        plain = (display.clamp(0, 1) * _PEAK).round() / _PEAK
        if self.jpeg is None:
            return plain
        compressed = compress(plain, self.quality, subsampled=self.subsampled)
        return torch.where(self.jpeg, compressed, plain)


def compress(pictures: Tensor, quality: Tensor, *, subsampled: Tensor) -> Tensor:
    """Compress and decompress.

    Args:
        pictures: ``N x 3 x H x W``, 0 to 1; made 8-bit first.
        quality: ``N x 1 x 1 x 1``, 1 to 100, on the library's scale.
        subsampled: ``N x 1 x 1 x 1``, boolean: chroma at half the size (4:2:0), else 4:4:4.

    Returns:
        ``N x 3 x H x W`` in steps of 1/255.
    """
    height, width = pictures.shape[2:]
    edges = (0, -width % _UNIT, 0, -height % _UNIT)
    levels = (functional.pad(pictures, edges, mode="replicate").clamp(0, 1) * _PEAK).round()
    ycc = _mixed(_TO_YCC, levels).round()
    luma = _coded(ycc[:, :1], _table(_LUMA_TABLE, quality))
    table = _table(_CHROMA_TABLE, quality)
    full = _coded(ycc[:, 1:], table)
    half = _coded(_halved(ycc[:, 1:]), table)
    smooth = functional.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)
    decoded = torch.cat([luma, torch.where(subsampled, smooth, full)], dim=1)
    rgb = _mixed(_TO_RGB, decoded).round().clamp(0, _PEAK) / _PEAK
    return rgb[..., :height, :width]


def _halved(chroma: Tensor) -> Tensor:
    """The means of 2 x 2 levels, rounded as the library does: up and down in turn."""
    means = functional.avg_pool2d(chroma, 2)
    return (means + means.new_tensor(_ROUNDING).repeat(means.shape[3] // 2)).floor_()


def _coded(planes: Tensor, table: Tensor) -> Tensor:
    """Planes of 8-bit levels, centred at 0 or 128, after their coefficients were rounded."""
    transform = _cosines(planes.device)
    offset = _CENTRE if planes.shape[1] == 1 else 0
    count, channels, height, width = planes.shape
    down, across = height // _BLOCK, width // _BLOCK
    blocks = (planes - offset).view(count, channels, height, across, _BLOCK) @ transform.T
    blocks = transform @ blocks.view(count, channels, down, _BLOCK, width)
    blocks = blocks.view(count, channels, down, _BLOCK, across, _BLOCK)
    blocks = (blocks / table).round_().mul_(table)
    blocks = transform.T @ blocks.view(count, channels, down, _BLOCK, width)
    decoded = (blocks.view(count, channels, height, across, _BLOCK) @ transform).view_as(planes)
    return (decoded.round_() + offset).clamp_(offset - _CENTRE, offset + _CENTRE - 1)


def _table(base: tuple[tuple[int, ...], ...], quality: Tensor) -> Tensor:
    """Quantisation steps at a quality, ``N x 1 x 1 x 8 x 1 x 8``, as the library scales them."""
    scale = torch.where(quality < _EVEN, (5000 / quality).floor(), 200 - 2 * quality)
    steps = torch.tensor(base, device=quality.device)[:, None, :]
    scaled = (steps * scale[..., None, None] + 50) / 100
    return scaled.floor().clamp(1, _PEAK)


@cache
def _cosines(device: torch.device) -> Tensor:
    """The orthonormal discrete cosine transform of 8 samples."""
    order = torch.arange(_BLOCK)[:, None]
    angle = math.pi * order * (2 * torch.arange(_BLOCK) + 1) / (2 * _BLOCK)
    scale = torch.where(order == 0, 1 / _BLOCK, 2 / _BLOCK).sqrt()
    return (scale * angle.cos()).to(device)


def _mixed(matrix: tuple[tuple[float, ...], ...], colours: Tensor) -> Tensor:
    """``3 x 3`` applied to every pixel of ``N x 3 x H x W``."""
    weights = torch.tensor(matrix, device=colours.device)
    return torch.matmul(weights, colours.flatten(2)).view_as(colours)
