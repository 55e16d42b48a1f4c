"""Lossless JPEG as DNGs have it: 16-bit samples in tiles (ITU-T T.81, process 14).

Neighbouring columns of a mosaic have different filters. So a row counts as half as many samples of
two components, and each sample is predicted from the one of its own filter to the left: the only
predictor that all raw converters decode.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from pairfix.formats.edge import BAND

__all__ = ["Tiling", "encode_tiles"]

_SIDE = BAND
"""Rows and columns of a tile. Of 128, 256, 512 and 1152, restored mosaics become smallest, to a
hundredth, with 128 and 256."""
_STEP = 16
"""What the sides of a tile are multiples of (TIFF 6.0)."""
_LEFT_NEIGHBOUR = 1
_ONE_CODE_FOR_ALL = imagecodecs.JPEG8.CS.UNKNOWN


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a mosaic is cut into tiles."""

    rows: int
    """Of a tile."""
    columns: int
    """Of a tile; even."""
    count: int
    """Number of tiles."""

    @classmethod
    def of(cls, size: tuple[int, int]) -> Self:
        """The tiles of a mosaic of this height and width.

        LibRaw misreads tiles of two components that are wider than the mosaic, which only one of
        less than 16 columns has, or half as wide.
        """
        height, width = size
        rows = min(_SIDE, -(-height // _STEP) * _STEP)
        columns = min(_SIDE, max(width // _STEP * _STEP, _STEP))
        if width == 2 * columns:
            columns = width
        return cls(rows, columns, -(-height // rows) * -(-width // columns))


def encode_tiles(bands: Iterable[NDArray[np.uint16]], tiling: Tiling) -> Iterator[bytes]:
    """Tiles of a mosaic, row by row; those that reach beyond it repeat its last row and column.

    Args:
        bands: Its rows, top to bottom, ``h x W``: as many as a tile has in all but the last. Or
            ``h x W x 3`` of an RGB picture, whose samples have three components.
        tiling: How it is cut.
    """
    rows, columns = tiling.rows, tiling.columns
    for band in bands:
        height, width, *channels = band.shape
        beyond = (0, rows - height), (0, -width % columns), *((0, 0) for _ in channels)
        whole = np.pad(band, beyond, "edge")
        for samples in np.split(whole, range(columns, width, columns), axis=1):
            yield bytes(
                imagecodecs.jpeg_encode(
                    np.ascontiguousarray(samples).reshape(rows, -1, *(channels or (2,))),
                    lossless=True,
                    predictor=_LEFT_NEIGHBOUR,
                    bitspersample=16,
                    colorspace=_ONE_CODE_FOR_ALL,
                    outcolorspace=_ONE_CODE_FOR_ALL,
                )
            )
