"""PNG files of RGB pixels, written band by band (PNG, third edition, W3C 2025).

ISA-L deflates them; with zlib, a picture of 16 bits takes three times as long, and is as large
(`benchmarks/png_writing.py`).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from pairfix.formats.png import SIGNATURE
from pairfix.image import Pixels

__all__ = ["png_chunk", "png_pieces"]

_RGB = 2
_AVERAGE = 3
"""The filter type (9.2)."""
_LEVEL = 1
"""Of Deflate; higher ones do not make photos smaller."""


def png_pieces(
    bands: Iterable[Pixels], size: tuple[int, int], bits: int, chunks: bytes
) -> Iterator[bytes]:
    """The pieces of a file, in order.

    Args:
        bands: The rows, top to bottom, some at a time; ``R x W x 3`` each.
        size: Height and width of the picture.
        bits: Bits per channel, those of the bands' type.
        chunks: What stands between the header and the pixels, such as a profile.
    """
    height, width = size
    header = struct.pack(">IIBB3x", width, height, bits, _RGB)
    yield SIGNATURE + png_chunk(b"IHDR", header) + chunks
    pixel = 3 * bits // 8
    deflate = isal_zlib.compressobj(_LEVEL)
    above = np.zeros(width * pixel, np.uint8)
    for band in bands:
        ordered = np.ascontiguousarray(band, band.dtype.newbyteorder(">"))
        rows = ordered.view(np.uint8).reshape(len(band), -1)
        yield png_chunk(b"IDAT", deflate.compress(_filtered(rows, above, pixel)))
        above = rows[-1]
    yield png_chunk(b"IDAT", deflate.flush()) + png_chunk(b"IEND", b"")


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk (5.3)."""
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], pixel: int) -> NDArray[np.uint8]:
    """Rows less the mean of what is left of each byte and above it, behind the filter's number.

    Args:
        rows: ``R x B`` bytes.
        above: The row above, B bytes; zeros above the first.
        pixel: Bytes of a pixel.
    """
    up = np.concatenate([above[None], rows[:-1]])
    left = np.zeros_like(rows)
    left[:, pixel:] = rows[:, :-pixel]
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _AVERAGE
    np.subtract(rows, (left & up) + ((left ^ up) >> 1), out=filtered[:, 1:])
    return filtered
