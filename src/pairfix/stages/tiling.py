"""Cut a photo into tiles that a network can take, and put the results together without seams.

The photo is padded (reflected) at the bottom and right to the network's size multiple; every tile
starts on that multiple's grid, so that pooling sees the same cells as in an untiled run, and
tiles at the photo's border touch the padded border, so that the convolutions' own padding falls
in the same place. Neighbours overlap by the context that both need and a strip in the middle
where they fade into each other.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Planes

__all__ = ["Axis", "TilePlan", "pad_to_multiple", "plan_tiles", "smallest_tile"]

_FADE = 16
"""Pixels over which neighbours fade into each other, in the middle of what they share."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The tiles along one axis; all have the same length."""

    length: int
    starts: tuple[int, ...]
    weights: tuple[NDArray[np.float32], ...]
    """Blending weights of each tile, `length` long; at every pixel they sum to 1."""


@dataclass(frozen=True, slots=True)
class TilePlan:
    """Where the tiles of one photo lie, and how they blend."""

    size: tuple[int, int]
    """Height and width of the photo."""
    rows: Axis
    columns: Axis

    def __len__(self) -> int:
        """The number of tiles."""
        return len(self.rows.starts) * len(self.columns.starts)

    @property
    def tile_size(self) -> tuple[int, int]:
        """Height and width of every tile."""
        return self.rows.length, self.columns.length

    def cut(self, planes: Planes, index: int) -> Planes:
        """Tile number `index` of ``C x H x W`` planes, padded by reflection past the border."""
        top, left = self._corner(index)
        height, width = self.tile_size
        inside = planes[:, top : top + height, left : left + width]
        missing = height - inside.shape[1], width - inside.shape[2]
        return np.ascontiguousarray(_pad(inside, missing))

    def paste(self, tile: Planes, index: int, canvas: Planes) -> None:
        """Add tile number `index`, weighted, to a ``C x H x W`` canvas that began as zeros."""
        top, left = self._corner(index)
        height = min(tile.shape[1], canvas.shape[1] - top)
        width = min(tile.shape[2], canvas.shape[2] - left)
        row, column = divmod(index, len(self.columns.starts))
        weight = self.rows.weights[row][:height, None] * self.columns.weights[column][:width]
        canvas[:, top : top + height, left : left + width] += tile[:, :height, :width] * weight

    def _corner(self, index: int) -> tuple[int, int]:
        row, column = divmod(index, len(self.columns.starts))
        return self.rows.starts[row], self.columns.starts[column]


def plan_tiles(size: tuple[int, int], tile: int, multiple: int, overlap: int) -> TilePlan:
    """Lay tiles of at most `tile` pixels a side over a photo.

    Args:
        size: Height and width of the photo.
        tile: Longest side of a tile; raised to the smallest that works (`smallest_tile`).
        multiple: The network's size multiple.
        overlap: Pixels of context that a tile needs on each side.
    """
    height, width = size
    return TilePlan(
        size,
        _plan_axis(height, tile, multiple, overlap),
        _plan_axis(width, tile, multiple, overlap),
    )


def smallest_tile(multiple: int, overlap: int) -> int:
    """The shortest side at which a tile still has something of its own between its overlaps."""
    return _shared(multiple, overlap) + multiple


def pad_to_multiple(planes: Planes, multiple: int) -> Planes:
    """Reflect ``C x H x W`` planes at the bottom and right up to multiples of `multiple`."""
    _, height, width = planes.shape
    return _pad(planes, (-height % multiple, -width % multiple))


def _pad(planes: Planes, missing: tuple[int, int]) -> Planes:
    if missing == (0, 0):
        return planes
    mode = "reflect" if min(planes.shape[1:]) > 1 else "edge"
    return np.pad(planes, ((0, 0), (0, missing[0]), (0, missing[1])), mode=mode)  # type: ignore[call-overload]


def _plan_axis(size: int, tile: int, multiple: int, overlap: int) -> Axis:
    padded = _round_up(size, multiple)
    shared = _shared(multiple, overlap)
    longest = max(tile // multiple * multiple, smallest_tile(multiple, overlap))
    count = 1 if padded <= longest else -(-(padded - shared) // (longest - shared))
    length = _round_up(-(-(padded + (count - 1) * shared) // count), multiple)
    step = (padded - length) / max(count - 1, 1) / multiple
    starts = tuple(round(step * i) * multiple for i in range(count))
    return Axis(length, starts, _weights(starts, length))


def _weights(starts: tuple[int, ...], length: int) -> tuple[NDArray[np.float32], ...]:
    """A step up where each tile begins less a step up where the next one does: 1 in all.

    A tile begins in the middle of what it shares with the one before; before that it has weight 0.
    """
    shared = [left + length - right for left, right in pairwise(starts)]

    def begun(index: int, places: NDArray[np.floating]) -> NDArray[np.floating] | float:
        if index in (0, len(starts)):
            return float(index == 0)
        middle = starts[index] + shared[index - 1] / 2
        return np.clip((places - middle) / _FADE + 0.5, 0, 1)

    weights = []
    for index, start in enumerate(starts):
        places = start + np.arange(length) + 0.5
        weight = np.broadcast_to(begun(index, places) - begun(index + 1, places), length)
        weights.append(weight.astype(np.float32))
    return tuple(weights)


def _shared(multiple: int, overlap: int) -> int:
    """What neighbours share: the context of both, and the strip where they fade."""
    return _round_up(2 * overlap + _FADE, multiple)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
