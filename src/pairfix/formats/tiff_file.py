"""TIFF files of one or several images, written strip by strip or tile by tile (TIFF 6.0)."""

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.tiff import SUB_IFDS, Directory, Entry, Kind
from pairfix.formats.tiff_write import even, with_header

__all__ = ["Page", "write_image", "write_pages"]

_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTE_COUNTS = 273, 278, 279
_TILE_OFFSETS, _TILE_BYTE_COUNTS = 324, 325
_LARGEST_FILE = 0xFFFFFFFF
"""Bytes that 32-bit offsets reach."""


@dataclass(frozen=True, slots=True)
class Page:
    """One image of a file."""

    directory: Directory
    """All tags except the offsets and sizes of its segments."""
    segments: Iterable[bytes]
    """Its strips or tiles, encoded; taken once, while the file is written."""
    count: int
    """Their number."""
    tiled: bool = False
    """Whether they are tiles."""
    children: tuple["Page", ...] = ()
    """Images of its SubIFDs."""

    def located(self, places: Iterator[tuple[int, int]]) -> Directory:
        """The whole directory, with those of its children; `places` are offsets and sizes."""
        mine = [next(places) for _ in range(self.count)]
        tags = (
            (_TILE_OFFSETS, _TILE_BYTE_COUNTS)
            if self.tiled
            else (_STRIP_OFFSETS, _STRIP_BYTE_COUNTS)
        )
        located: Directory = {
            tag: Entry.of(Kind.LONG, *numbers)
            for tag, numbers in zip(tags, zip(*mine, strict=True), strict=True)
        }
        nested = tuple(child.located(places) for child in self.children)
        return self.directory | located | ({SUB_IFDS: nested} if nested else {})


def write_pages(file: BinaryIO, main: Page) -> None:
    """Write a file of one main image and those of its SubIFDs.

    Args:
        file: The file to write, which must be seekable: directories come first, and are written
            again when the sizes of all segments are known.
        main: The main image; its children must have none themselves.

    Raises:
        OSError: EFBIG if offsets need more than 32 bits.
    """
    pages = main, *main.children
    total = sum(page.count for page in pages)
    place = file.write(with_header(main.located(iter([(0, 0)] * total))))
    places: list[tuple[int, int]] = []
    for page in pages:
        for segment in page.segments:
            if place + len(segment) > _LARGEST_FILE:
                raise _too_large()
            places.append((place, len(segment)))
            place += file.write(even(segment))
    file.seek(0)
    file.write(with_header(main.located(iter(places))))


def write_image(
    file: BinaryIO,
    directory: Directory,
    bands: Iterable[NDArray[np.generic]],
    rows_per_band: int,
    size: tuple[int, int],
) -> None:
    """Write a file of one uncompressed image, one strip per band.

    Args:
        file: The file to write; strips are streamed after the directory.
        directory: All tags except those of the strips.
        bands: The rows, top to bottom, `rows_per_band` at a time.
        rows_per_band: Height of every band but the last.
        size: Rows, and bytes in a row.

    Raises:
        OSError: EFBIG if offsets need more than 32 bits; at once if the rows alone do.
    """
    rows, row_bytes = size
    if rows * row_bytes > _LARGEST_FILE:
        raise _too_large()
    strips = (np.ascontiguousarray(band, band.dtype.newbyteorder("<")).tobytes() for band in bands)
    tags = directory | {_ROWS_PER_STRIP: Entry.of(Kind.LONG, rows_per_band)}
    write_pages(file, Page(tags, strips, -(-rows // rows_per_band)))


def _too_large() -> OSError:
    return OSError(errno.EFBIG, "TIFF and DNG hold at most 4 GB")
