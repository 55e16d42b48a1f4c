"""TIFF directories, read and written without loss (TIFF 6.0, section 2; BigTIFF is only read).

Values are kept as bytes with their declared type, so that a tag copied from one file to another is
unchanged, including 0/0 rationals, signed rationals and oddly typed tags. (Pillow infers the types
in nested directories again, and tifffile writes no nested directories.) Directories are read in
either byte order and written little-endian.
"""

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import BinaryIO, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BIG_TIFF_HEADS",
    "SUB_IFDS",
    "Directory",
    "Entry",
    "Kind",
    "Layout",
    "even",
    "located_chain",
    "pack",
    "read_chain",
    "read_directory",
    "read_header",
    "with_header",
]


class Kind(IntEnum):
    """Types of a tag's values."""

    BYTE = 1
    ASCII = 2
    SHORT = 3
    LONG = 4
    RATIONAL = 5
    SBYTE = 6
    UNDEFINED = 7
    SSHORT = 8
    SLONG = 9
    SRATIONAL = 10
    FLOAT = 11
    DOUBLE = 12
    IFD = 13


_CODES = {
    Kind.BYTE: "B",
    Kind.SHORT: "H",
    Kind.LONG: "I",
    Kind.RATIONAL: "I",
    Kind.SBYTE: "b",
    Kind.SSHORT: "h",
    Kind.SLONG: "i",
    Kind.SRATIONAL: "i",
    Kind.FLOAT: "f",
    Kind.DOUBLE: "d",
    Kind.IFD: "I",
}
_RATIONALS = (Kind.RATIONAL, Kind.SRATIONAL)
_ENDIAN: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}
_ORDERS: dict[bytes, Literal["<", ">"]] = {b"II": "<", b"MM": ">"}
_HEADER = struct.Struct("<2sHI")
_BIG_TIFF = 43
SUB_IFDS = 330
BIG_TIFF_HEADS = (b"II+\0", b"MM\0+")
"""First bytes of a BigTIFF."""
_STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTE_COUNTS = 273, 278, 279
_LARGEST_VALUE = 1 << 26
"""Bytes of all values of a directory together: tags that share their bytes could multiply them."""
_LONG8, _IFD8 = 16, 18
_LARGEST_OFFSET = (1 << 63) - 1
"""The furthest that a file can be read at."""
_INLINE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag's values: their type and their bytes, little-endian."""

    kind: Kind
    data: bytes

    @classmethod
    def text(cls, value: str) -> Self:
        """ASCII with its terminating zero; other characters are stored as UTF-8."""
        return cls(Kind.ASCII, value.encode() + b"\0")

    @classmethod
    def of(cls, kind: Kind, *values: float) -> Self:
        """Numbers of any type; rationals are accurate to a millionth.

        Integers and rationals beyond their type become its limits, NaN becomes 0.
        """
        if kind in (Kind.FLOAT, Kind.DOUBLE):
            return cls(kind, struct.pack(f"<{len(values)}{_CODES[kind]}", *values))
        code = _CODES.get(kind, "B")
        limits = np.iinfo(code)
        within = [
            0.0 if math.isnan(value) else min(max(value, int(limits.min)), int(limits.max))
            for value in values
        ]
        if kind in _RATIONALS:
            parts = [_fraction(value) for value in within]
            pairs = [n for part in parts for n in (part.numerator, part.denominator)]
            return cls(kind, struct.pack(f"<{len(pairs)}{code}", *pairs))
        return cls(kind, struct.pack(f"<{len(within)}{code}", *map(int, within)))

    @property
    def count(self) -> int:
        """Number of values, as the directory states it."""
        return len(self.data) // _size_of(self.kind)

    @property
    def values(self) -> tuple[float, ...]:
        """The values as numbers; NaN for rationals with denominator 0."""
        code = _CODES.get(self.kind, "B")
        numbers = struct.unpack(f"<{len(self.data) // struct.calcsize(code)}{code}", self.data)
        if self.kind not in _RATIONALS:
            return numbers
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return tuple(top / bottom if bottom else float("nan") for top, bottom in pairs)

    @property
    def number(self) -> float | None:
        """The first value; None if there is none or it is not finite."""
        first = next(iter(self.values), math.nan)
        return first if math.isfinite(first) else None

    @property
    def offsets(self) -> tuple[int, ...]:
        """The values as file offsets; empty if their type is not one of offsets."""
        if self.kind not in (Kind.LONG, Kind.IFD):
            return ()
        return struct.unpack(f"<{self.count}I", self.data)

    @property
    def string(self) -> str:
        """The value as text, up to its terminating zero, without surrounding whitespace."""
        return self.data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


Directory: TypeAlias = dict[int, "Entry | Directory | tuple[Directory, ...]"]
"""Tags and their values; nested directories stand for their offsets."""


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
    head = file.read(_HEADER.size)
    order = _ORDERS.get(head[:2])
    if order is None or len(head) < _HEADER.size:
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
    """As `read_chain`, by the offset of each directory.

    Raises:
        ValueError: The file is not structured as TIFF.
    """
    layout, offset = read_header(file)
    found: dict[int, dict[int, Entry]] = {}
    pending = [offset]
    while pending and len(found) < longest:
        offset = pending.pop(0)
        if not offset or offset in found:
            continue
        entries, following = read_directory(file, layout, offset)
        found[offset] = entries
        children = entries[SUB_IFDS].offsets if SUB_IFDS in entries else ()
        pending[:0] = [*children, following]
    return found


def pack(directory: Directory, start: int = 8) -> bytes:
    """A directory with all its values, for offset `start`; tags sorted, values aligned.

    Nested directories become offsets (type LONG) to their own bytes.
    """
    table_size = 2 + 12 * len(directory) + 4
    table, heap = bytearray(struct.pack("<H", len(directory))), bytearray()
    for tag, item in sorted(directory.items()):
        if isinstance(item, Entry):
            entry = item
        else:
            offsets = []
            for child in [item] if isinstance(item, dict) else item:
                offsets.append(start + table_size + len(heap))
                heap += even(pack(child, offsets[-1]))
            entry = Entry.of(Kind.LONG, *offsets)
        if len(entry.data) <= _INLINE:
            place = entry.data.ljust(_INLINE, b"\0")
        else:
            place = struct.pack("<I", start + table_size + len(heap))
            heap += even(entry.data)
        table += struct.pack("<HHI4s", tag, entry.kind, entry.count, place)
    return bytes(table + bytes(4) + heap)


def with_header(directory: Directory) -> bytes:
    """A whole TIFF-structured block: header and one directory."""
    return _HEADER.pack(b"II", 42, _HEADER.size) + pack(directory)


def _read_entry(
    file: BinaryIO, layout: Layout, kind: int, number: int, place: bytes, largest: int
) -> Entry | None:
    long = kind in (_LONG8, _IFD8)
    if not long and kind not in Kind.__members__.values():
        return None
    size = number * (8 if long else _size_of(Kind(kind)))
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


def _fraction(value: float) -> Fraction:
    """A close fraction with both parts within 31 bits."""
    largest = min(1_000_000, int((2**31 - 1) / max(1.0, abs(value))))
    return Fraction(value).limit_denominator(max(1, largest))


def _little_endian(data: bytes, kind: Kind, order: str) -> bytes:
    width = struct.calcsize(_CODES.get(kind, "B"))
    if order == "<" or width == 1:
        return data
    return np.frombuffer(data, f">u{width}").astype(f"<u{width}").tobytes()


def _size_of(kind: Kind) -> int:
    return struct.calcsize(_CODES.get(kind, "B")) * (2 if kind in _RATIONALS else 1)


def even(data: bytes) -> bytes:
    """The data, ended by a zero if its length is odd: values and segments begin at even offsets."""
    return data + bytes(len(data) % 2)
