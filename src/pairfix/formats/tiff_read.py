"""TIFF directories read, in either byte order and from BigTIFF too (TIFF 6.0, section 2)."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.tiff import SUB_IFDS, Entry, Kind

__all__ = [
    "BIG_TIFF_HEADS",
    "Layout",
    "located_chain",
    "read_chain",
    "read_directory",
    "read_header",
]

BIG_TIFF_HEADS = (b"II+\0", b"MM\0+")
"""First bytes of a BigTIFF."""

_ENDIAN: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}
_ORDERS: dict[bytes, Literal["<", ">"]] = {b"II": "<", b"MM": ">"}
_HEADER_SIZE = 8
_BIG_TIFF = 43
_LARGEST_VALUE = 1 << 26
"""Bytes of all values of a directory together: tags that share their bytes could multiply them."""
_LONG8, _IFD8 = 16, 18
_LARGEST_OFFSET = (1 << 63) - 1
"""The furthest that a file can be read at."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's directories are stored."""

    order: Literal["<", ">"]
    big: bool
    """Whether counts and offsets have 64 bits (BigTIFF)."""

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, number of values, and the values or their place."""
        return struct.Struct(f"{self.order}HH{'Q8s' if self.big else 'I4s'}")

    @property
    def place_size(self) -> int:
        """Bytes of an offset: as many as values may have that stand in the directory itself."""
        return 8 if self.big else 4

    def integer(self, data: bytes) -> int:
        """An unsigned number of any width."""
        return int.from_bytes(data, _ENDIAN[self.order])


def read_header(file: BinaryIO) -> tuple[Layout, int]:
    """How the directories are stored, and the offset of the first one.

    Raises:
        ValueError: The file is not structured as TIFF.
    """
    file.seek(0)
    head = file.read(_HEADER_SIZE)
    order = _ORDERS.get(head[:2])
    if order is None or len(head) < _HEADER_SIZE:
        raise ValueError("no TIFF header")
    layout = Layout(order, _BIG_TIFF in head[2:4])
    return layout, layout.integer(file.read(8) if layout.big else head[4:])


def read_directory(file: BinaryIO, layout: Layout, offset: int) -> tuple[dict[int, Entry], int]:
    """The directory at `offset` and the offset of the next one (0: none).

    Tags whose values are outside the file or too large, or whose type is unknown, are skipped.

    Raises:
        ValueError: The directory itself is outside the file.
    """
    if offset > _LARGEST_OFFSET:
        raise ValueError("a TIFF directory is outside the file")
    file.seek(offset)
    count, form = layout.integer(file.read(8 if layout.big else 2)), layout.entry
    size = form.size * count
    if size > _LARGEST_VALUE:
        raise ValueError("a TIFF directory is outside the file")
    table = file.read(size + layout.place_size)
    if not count or len(table) < size:
        raise ValueError("a TIFF directory is outside the file")
    entries: dict[int, Entry] = {}
    left = _LARGEST_VALUE
    for tag, kind, number, place in form.iter_unpack(table[:size]):
        entry = _read_entry(file, layout, kind, number, place, left)
        if entry is not None:
            entries[tag] = entry
            left -= len(entry.data)
    return entries, layout.integer(table[size:])


def read_chain(file: BinaryIO) -> list[dict[int, Entry]]:
    """The file's main directories, each followed by its SubIFDs.

    Raises:
        ValueError: The file is not structured as TIFF.
    """
    return [*located_chain(file).values()]


def located_chain(file: BinaryIO, *, longest: int = 64) -> dict[int, dict[int, Entry]]:
    """As `read_chain`, by the offset of each directory; damaged ones after the first are left out.

    Raises:
        ValueError: The file is not structured as TIFF, or has no first directory.
    """
    layout, offset = read_header(file)
    found: dict[int, dict[int, Entry]] = {}
    pending = [offset]
    while pending and len(found) < longest:
        offset = pending.pop(0)
        if not offset or offset in found:
            continue
        try:
            entries, following = read_directory(file, layout, offset)
        except ValueError:
            if not found:
                raise
            continue
        found[offset] = entries
        children = entries[SUB_IFDS].offsets if SUB_IFDS in entries else ()
        pending[:0] = [*children, following]
    return found


def _read_entry(
    file: BinaryIO, layout: Layout, kind: int, number: int, place: bytes, largest: int
) -> Entry | None:
    long = kind in (_LONG8, _IFD8)
    if not long and kind not in Kind.__members__.values():
        return None
    size = number * (8 if long else Kind(kind).size)
    if size > largest:
        return None
    data = place[:size]
    if size > layout.place_size:
        offset = layout.integer(place)
        if offset > _LARGEST_OFFSET:
            return None
        file.seek(offset)
        data = file.read(size)
    if len(data) != size:
        return None
    if long:
        return _narrowed(np.frombuffer(data, f"{layout.order}u8"))
    return Entry(Kind(kind), _little_endian(data, Kind(kind), layout.order))


def _narrowed(values: NDArray[np.uint64]) -> Entry | None:
    """BigTIFF's 64-bit integers and offsets as 32-bit ones; None if they do not fit."""
    if values.size and values.max() > np.iinfo(np.uint32).max:
        return None
    return Entry(Kind.LONG, values.astype("<u4").tobytes())


def _little_endian(data: bytes, kind: Kind, order: str) -> bytes:
    width = struct.calcsize(kind.code)
    if order == "<" or width == 1:
        return data
    return np.frombuffer(data, f">u{width}").astype(f"<u{width}").tobytes()
