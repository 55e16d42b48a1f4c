"""Neighbor2Neighbor's sub-sampler: two pictures of half the size from one (torch)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Neighbours", "draw_neighbours", "pick"]

_CELL = 2


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Which pixels of every 2 x 2 cell the two pictures g1 and g2 take, ``N x H/2 x W/2`` each.

    Pixels are numbered by rows: 0 and 1, then 2 and 3.
    """

    first: Tensor
    second: Tensor


def draw_neighbours(frames: Tensor, generator: torch.Generator) -> Neighbours:
    """Draw two different pixels of every cell that lie side by side or one above the other.

    Source: Huang et al., Neighbor2Neighbor, 2021 (Section 4.1); each of the 8 ordered pairs is
    as likely as the others.

    Args:
        frames: ``N x C x H x W``, H and W even; only their shape counts.
        generator: Where the choices come from, on the frames' device.
    """
    count, _, height, width = frames.shape
    shape = count, height // _CELL, width // _CELL
    choice = torch.randint(8, shape, generator=generator, device=frames.device)
    first = choice & 3
    across = 1 + (choice >> 2)  # 1: the other column, 2: the other row
    return Neighbours(first, first ^ across)


def pick(frames: Tensor, places: Tensor) -> Tensor:
    """Take one pixel of every cell, all planes at the same place.

    Args:
        frames: ``N x C x H x W``.
        places: ``N x H/2 x W/2``, from 0 to 3.

    Returns:
        ``N x C x H/2 x W/2``.
    """
    count, channels = frames.shape[:2]
    cells = functional.pixel_unshuffle(frames, _CELL)
    cells = cells.reshape(count, channels, _CELL**2, *cells.shape[2:])
    index = places[:, None, None].expand(-1, channels, -1, -1, -1)
    return cells.gather(2, index).squeeze(2)
