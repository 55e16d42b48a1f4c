"""Colour filter array: RGB to packed mosaics and back (torch)."""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.light import CELL

__all__ = ["demosaic", "filter_colours", "packed_gains"]

_COLOURS = (0, 1, 1, 2)
"""Channels that the planes R, G1, G2, B sample."""

_GREEN_AT_OTHERS = (
    (0, 0, -1, 0, 0),
    (0, 0, 2, 0, 0),
    (-1, 2, 4, 2, -1),
    (0, 0, 2, 0, 0),
    (0, 0, -1, 0, 0),
)
_BESIDE_IN_ROW = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_DIAGONAL = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)
_EIGHTHS = 8
"""The three kernels above are in eighths (Malvar et al. 2004, Fig. 2)."""


def filter_colours(rgb: Tensor) -> Tensor:
    """What a sensor under an RGGB array samples, packed as `pairfix.light` packs mosaics.

    Plane i samples its own sub-pixel position. Other phases of the array need no case of their
    own: pairfix shifts every mosaic until R stands in the cell's corner, so that to a network
    they differ in where the cells lie on the scene, which a crop's random place covers.

    Args:
        rgb: ``N x 3 x H x W``, H and W even.

    Returns:
        ``N x 4 x H/2 x W/2``: R, G1, G2, B.
    """
    planes = [
        rgb[:, colour, row::2, column::2]
        for colour, (row, column) in zip(_COLOURS, CELL, strict=True)
    ]
    return torch.stack(planes, dim=1)


def packed_gains(gains: Tensor) -> Tensor:
    """``N x 3 x 1 x 1`` per colour to ``N x 4 x 1 x 1`` per plane."""
    return gains[:, list(_COLOURS)]


def demosaic(planes: Tensor) -> Tensor:
    """Gradient-corrected linear interpolation (Malvar, He and Cutler, ICASSP 2004).

    Args:
        planes: ``N x 4 x h x w`` as from `filter_colours`, white-balanced.

    Returns:
        ``N x 3 x 2h x 2w``, not clipped.
    """
    padded = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    return functional.pixel_shuffle(functional.conv2d(padded, _interpolation(planes.device)), 2)


@cache
def _interpolation(device: torch.device) -> Tensor:
    """Malvar's 5 x 5 kernels as one convolution of packed planes.

    Returns:
        ``12 x 4 x 3 x 3``: colour by position in the cell, from each plane and its neighbours.
    """
    weights = torch.zeros(3, len(CELL), len(CELL), 3, 3)
    planes = {place: plane for plane, place in enumerate(CELL)}
    for colour in range(3):
        for position, (row, column) in enumerate(CELL):
            for i, taps in enumerate(_kernel(colour, position)):
                for j, tap in enumerate(taps):
                    y, x = row + i - 2, column + j - 2
                    plane = planes[y % 2, x % 2]
                    weights[colour, position, plane, y // 2 + 1, x // 2 + 1] += tap
    return weights.flatten(0, 1).to(device)


def _kernel(colour: int, position: int) -> list[list[float]]:
    """The 5 x 5 kernel that gives `colour` at the cell's `position`."""
    own = _COLOURS[position]
    if own == colour:
        kernel = torch.zeros(5, 5)
        kernel[2, 2] = 1
    elif colour == 1:
        kernel = torch.tensor(_GREEN_AT_OTHERS) / _EIGHTHS
    elif own == 1:
        beside = torch.tensor(_BESIDE_IN_ROW) / _EIGHTHS
        in_row = CELL[position][0] == CELL[_COLOURS.index(colour)][0]
        kernel = beside if in_row else beside.T
    else:
        kernel = torch.tensor(_DIAGONAL) / _EIGHTHS
    rows: list[list[float]] = kernel.tolist()
    return rows
