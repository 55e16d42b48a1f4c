"""Tags of TIFF directories and their values (TIFF 6.0, section 2).

Values are kept as bytes with their declared type, so that a tag copied from one file to another is
unchanged, including 0/0 rationals, signed rationals and oddly typed tags. (Pillow infers the types
in nested directories again, and tifffile writes no nested directories.)
"""

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Self, TypeAlias

import numpy as np

__all__ = ["SUB_IFDS", "Directory", "Entry", "Kind"]

SUB_IFDS = 330


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

    @property
    def code(self) -> str:
        """The letter that `struct` has for the values' numbers; of text and undefined, bytes'."""
        return _CODES.get(self, "B")

    @property
    def size(self) -> int:
        """Bytes of a value."""
        return struct.calcsize(self.code) * (2 if self in _RATIONALS else 1)


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
            return cls(kind, struct.pack(f"<{len(values)}{kind.code}", *values))
        code = kind.code
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
        return len(self.data) // self.kind.size

    @property
    def values(self) -> tuple[float, ...]:
        """The values as numbers; NaN for rationals with denominator 0."""
        code = self.kind.code
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


def _fraction(value: float) -> Fraction:
    """A close fraction with both parts within 31 bits."""
    largest = min(1_000_000, int((2**31 - 1) / max(1.0, abs(value))))
    return Fraction(value).limit_denominator(max(1, largest))
