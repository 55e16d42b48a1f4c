"""How much of a big photo a metric sees: memory stays bounded, and noise remains.

Metrics that judge the statistics of small blocks must see the original pixels, because area
reduction removes the very noise that they judge. Learned metrics were trained on photos of about a
megapixel, and much larger ones are unlike those.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import cast

import cv2

from pairfix.image import Pixels

__all__ = ["REDUCED", "SAMPLINGS", "Sampling"]

_BLOCK = 96
"""Side of NIQE's blocks (Mittal et al. 2013), a multiple of PIQE's 16; tiles keep to them."""
_TILE_BLOCKS = 20
_TILE = _TILE_BLOCKS * _BLOCK
_PATCH = 384
"""About as many pixels as the photos that NRQM was trained on (481 x 321); its features depend on
the size (Ma et al. 2017)."""
_PATCHES_PER_SIDE = 2
_LEARNED = 1024
"""Longest side of KonIQ-10k's photos, on which most learned metrics were trained."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which views of a photo a metric sees; its score is their mean, weighted by area."""

    title: str
    """The rule, for display."""
    views: Callable[[Pixels], list[Pixels]]
    """``H x W x 3`` to parts or a reduction of it."""
    smallest: int = 1
    """Least height and width of a photo."""


def _tiles(pixels: Pixels) -> list[Pixels]:
    rows, columns = (_edges(length) for length in pixels.shape[:2])
    return [
        pixels[top:bottom, left:right]
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def _edges(length: int) -> list[int]:
    """Where an axis is cut: on the grid of blocks, into as few equal parts as possible."""
    blocks = -(-length // _BLOCK)
    parts = -(-blocks // _TILE_BLOCKS)
    return [round(index * blocks / parts) * _BLOCK for index in range(parts)] + [length]


def _patches(pixels: Pixels) -> list[Pixels]:
    rows, columns = (_starts(length) for length in pixels.shape[:2])
    return [pixels[top : top + _PATCH, left : left + _PATCH] for top in rows for left in columns]


def _starts(length: int) -> list[int]:
    """Where patches begin that are evenly spread along an axis without overlap."""
    count = min(_PATCHES_PER_SIDE, max(length // _PATCH, 1))
    free = max(length - _PATCH, 0)
    return [round(free * (index + 0.5) / count) for index in range(count)]


def _reduced(pixels: Pixels) -> list[Pixels]:
    height, width = pixels.shape[:2]
    factor = _LEARNED / max(height, width)
    if factor >= 1:
        return [pixels]
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return [cast("Pixels", cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))]


_TILED = partial(Sampling, f"full resolution, in tiles of {_TILE} px at most", _tiles)
_PATCHED = partial(
    Sampling,
    f"full resolution, {_PATCHES_PER_SIDE**2} patches of {_PATCH} px, evenly spread",
    _patches,
)
REDUCED = Sampling(f"area-reduced to {_LEARNED} px on the longest side", _reduced)
"""For all other metrics; those that resize do so afterwards."""

SAMPLINGS: Mapping[str, Sampling] = {
    "PIQE": _TILED(smallest=16),
    "BRISQUE": _TILED(smallest=16),
    "NIQE": _TILED(smallest=_BLOCK),
    "NRQM": _PATCHED(smallest=96),
    "PI": _PATCHED(smallest=_BLOCK + 8),
}
"""By pyiqa's name of the metric's architecture."""
