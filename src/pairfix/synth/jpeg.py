"""What JPEG leaves of a picture, in batches on the training device (torch).

Lossless steps are left out. The rest follows ITU-T T.81 and the Independent JPEG Group's library:
its scaling of the example tables, colours as in JFIF, chroma averaged over 2 x 2 pixels and
interpolated by a triangle.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["compress"]

_BLOCK = 8
_UNIT = 16
_EVEN = 50
"""Quality at which the tables hold as they stand."""
"""Sides are padded to whole blocks of subsampled chroma."""
_PEAK = 255
_CENTRE = 128

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
"""RGB to Y, Cb, Cr (JFIF)."""


def compress(pictures: Tensor, quality: Tensor, *, subsampled: Tensor) -> Tensor:
    """Compress and decompress.

    Args:
        pictures: ``N x 3 x H x W``, 0 to 1; made 8-bit first.
        quality: ``N x 1 x 1 x 1``, 1 to 100, as the library counts.
        subsampled: ``N x 1 x 1 x 1``, boolean: chroma at half the size (4:2:0), else 4:4:4.

    Returns:
        ``N x 3 x H x W`` in steps of 1/255.
    """
    height, width = pictures.shape[2:]
    edges = (0, -width % _UNIT, 0, -height % _UNIT)
    levels = (functional.pad(pictures, edges, mode="replicate").clamp(0, 1) * _PEAK).round()
    to_ycc = torch.tensor(_TO_YCC, device=pictures.device)
    ycc = (_mixed(to_ycc, levels)).round()
    luma = _coded(ycc[:, :1], _table(_LUMA_TABLE, quality))
    table = _table(_CHROMA_TABLE, quality)
    full = _coded(ycc[:, 1:], table)
    half = _coded(functional.avg_pool2d(ycc[:, 1:], 2).round(), table)
    smooth = functional.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)
    decoded = torch.cat([luma, torch.where(subsampled, smooth, full)], dim=1)
    rgb = _mixed(torch.linalg.inv(to_ycc), decoded).round().clamp(0, _PEAK) / _PEAK
    return rgb[..., :height, :width]


def _coded(planes: Tensor, table: Tensor) -> Tensor:
    """Planes of 8-bit levels, centred at 0 or 128, after their coefficients were rounded."""
    transform = _cosines(planes.device)
    offset = _CENTRE if planes.shape[1] == 1 else 0
    columns = (planes - offset).unflatten(3, (-1, _BLOCK)) @ transform.T
    rows = transform @ columns.flatten(3).unflatten(2, (-1, _BLOCK))
    blocks = rows.unflatten(4, (-1, _BLOCK))
    blocks = (blocks / table).round_() * table
    columns = (transform.T @ blocks.flatten(4)).flatten(2, 3)
    decoded = (columns.unflatten(3, (-1, _BLOCK)) @ transform).flatten(3)
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


def _mixed(matrix: Tensor, colours: Tensor) -> Tensor:
    """``3 x 3`` applied to every pixel of ``N x 3 x H x W``."""
    return torch.matmul(matrix, colours.flatten(2)).view_as(colours)
