"""TIFF directories, read and written without loss (TIFF 6.0, section 2).

Values are kept as bytes with their declared type, so that a tag copied from one file to another is
unchanged, including 0/0 rationals, signed rationals and oddly typed tags. (Pillow infers the types
in nested directories again, and tifffile writes no nested directories.) Directories are read in
either byte order and written little-endian.
"""

import errno
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from itertools import accumulate
from typing import BinaryIO, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Directory",
    "Entry",
    "Kind",
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
_HEADER = struct.Struct("<2sHI")
_BIG_TIFF = 43
_SUB_IFDS, _STRIP_OFFSETS, _ROWS_PER_STRIP, _STRIP_BYTE_COUNTS = 330, 273, 278, 279
_LARGEST_VALUE = 1 << 26
"""Bytes of all values of a directory together: tags that share their bytes could multiply them."""
_LARGEST_IMAGE = 0xFFFFFFFF - _LARGEST_VALUE
"""Bytes whose offsets behind a directory fit into 32 bits."""
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


Directory: TypeAlias = dict[int, "Entry | Directory"]
"""Tags and their values; a nested directory stands for its offset."""


def read_header(file: BinaryIO) -> tuple[str, int]:
    """Byte order (``<`` or ``>``) and offset of the first directory.

    Raises:
        ValueError: The file is not structured as TIFF.
    """
    file.seek(0)
    head = file.read(_HEADER.size)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < _HEADER.size or _BIG_TIFF in head[2:4]:
        raise ValueError("no TIFF header")
    return order, struct.unpack(f"{order}I", head[4:])[0]


def read_directory(file: BinaryIO, order: str, offset: int) -> tuple[dict[int, Entry], int]:
    """The directory at `offset` and the offset of the next one (0: none).

    Tags whose values are outside the file or too large, or whose type is unknown, are skipped.

    Raises:
        ValueError: The directory itself is outside the file.
    """
    file.seek(offset)
    count = int.from_bytes(file.read(2), _ENDIAN[order])
    table = file.read(12 * count + 4)
    if not count or len(table) < 12 * count:
        raise ValueError("a TIFF directory is outside the file")
    entries: dict[int, Entry] = {}
    left = _LARGEST_VALUE
    for start in range(0, 12 * count, 12):
        tag, kind, number, place = struct.unpack_from(f"{order}HHI4s", table, start)
        entry = _read_entry(file, order, kind, number, place, left)
        if entry is not None:
            entries[tag] = entry
            left -= len(entry.data)
    return entries, int.from_bytes(table[12 * count :], _ENDIAN[order])


def read_chain(file: BinaryIO, *, longest: int = 64) -> list[dict[int, Entry]]:
    """The file's main directories, each followed by its SubIFDs.

    Raises:
        ValueError: The file is not structured as TIFF.
    """
    order, offset = read_header(file)
    found: list[dict[int, Entry]] = []
    pending, seen = [offset], set()
    while pending and len(found) < longest:
        offset = pending.pop(0)
        if not offset or offset in seen:
            continue
        seen.add(offset)
        entries, following = read_directory(file, order, offset)
        found.append(entries)
        children = entries[_SUB_IFDS].offsets if _SUB_IFDS in entries else ()
        pending[:0] = [*children, following]
    return found


def pack(directory: Directory, start: int = 8) -> bytes:
    """A directory with all its values, for offset `start`; tags sorted, values aligned.

    A nested directory becomes an offset (type LONG) to its own bytes.
    """
    table_size = 2 + 12 * len(directory) + 4
    table, heap = bytearray(struct.pack("<H", len(directory))), bytearray()
    for tag, item in sorted(directory.items()):
        here = start + table_size + len(heap)
        if isinstance(item, Entry):
            kind, count, data = item.kind, item.count, item.data
        else:
            kind, count, data = Kind.LONG, 1, struct.pack("<I", here)
            heap += _even(pack(item, here))
        if len(data) <= _INLINE:
            place = data.ljust(_INLINE, b"\0")
        else:
            place = struct.pack("<I", here)
            heap += _even(data)
        table += struct.pack("<HHI4s", tag, kind, count, place)
    return bytes(table + bytes(4) + heap)


def with_header(directory: Directory) -> bytes:
    """A whole TIFF-structured block: header and one directory."""
    return _HEADER.pack(b"II", 42, _HEADER.size) + pack(directory)


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
        OSError: EFBIG if offsets need more than 32 bits; nothing is written then.
    """
    rows, row_bytes = size
    if rows * row_bytes > _LARGEST_IMAGE:
        raise OSError(errno.EFBIG, "TIFF and DNG hold at most 4 GB")
    heights = [min(rows_per_band, rows - top) for top in range(0, rows, rows_per_band)]
    sizes = [height * row_bytes for height in heights]

    def block(first_strip: int) -> bytes:
        offsets = accumulate(sizes[:-1], initial=first_strip)
        strips: Directory = {
            _STRIP_OFFSETS: Entry.of(Kind.LONG, *offsets),
            _ROWS_PER_STRIP: Entry.of(Kind.LONG, rows_per_band),
            _STRIP_BYTE_COUNTS: Entry.of(Kind.LONG, *sizes),
        }
        return with_header(directory | strips)

    file.write(block(len(block(0))))
    file.writelines(np.ascontiguousarray(band, band.dtype.newbyteorder("<")).data for band in bands)


def _read_entry(
    file: BinaryIO, order: str, kind: int, number: int, place: bytes, largest: int
) -> Entry | None:
    if kind not in Kind.__members__.values():
        return None
    size = number * _size_of(Kind(kind))
    if size > largest:
        return None
    data = place[:size]
    if size > _INLINE:
        file.seek(struct.unpack(f"{order}I", place)[0])
        data = file.read(size)
    return Entry(Kind(kind), _little_endian(data, Kind(kind), order)) if len(data) == size else None


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


def _even(data: bytes) -> bytes:
    return data + bytes(len(data) % 2)
