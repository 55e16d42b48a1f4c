"""Numbers in JPEG XL headers, bit by bit (ISO/IEC 18181-1, annex B)."""

from typing import TypeAlias

from pairfix.formats.icc import Point

__all__ = ["ENUM", "Bits", "Choice", "Span", "WrittenBits"]

Choice: TypeAlias = tuple[tuple[int, int], ...]
"""Four distributions of a number: so many bits, on top of a least one."""
Span: TypeAlias = tuple[int, int]
"""A field's first bit, and that behind it."""

ENUM: Choice = ((0, 0), (0, 1), (4, 2), (6, 18))
_COORDINATES: Choice = ((19, 0), (19, 1 << 19), (20, 1 << 20), (21, 1 << 21))
_MILLIONTH = 1e-6


class Bits:
    """A stream of bits, the least significant ones first."""

    def __init__(self, data: bytes) -> None:
        self._bits, self._count = int.from_bytes(data, "little"), 8 * len(data)
        self.place = 0

    def number(self, count: int) -> int:
        """A number of so many bits.

        Raises:
            ValueError: The stream ends before it.
        """
        if self.place + count > self._count:
            raise ValueError("a JPEG XL header ends too early")
        value = (self._bits >> self.place) & ((1 << count) - 1)
        self.place += count
        return value

    def flag(self) -> bool:
        """One bit."""
        return bool(self.number(1))

    def choice(self, options: Choice) -> int:
        """A number of one of four distributions (U32)."""
        count, least = options[self.number(2)]
        return least + self.number(count)

    def point(self) -> Point:
        """A chromaticity."""
        x, y = (self.choice(_COORDINATES) for _ in range(2))
        return _unfolded(x) * _MILLIONTH, _unfolded(y) * _MILLIONTH


class WrittenBits:
    """Bits that are written, the least significant ones first."""

    def __init__(self) -> None:
        self.value = self.count = 0

    def add(self, value: int, count: int) -> None:
        """Append a number of so many bits."""
        self.value |= value << self.count
        self.count += count

    def choice(self, value: int, options: Choice) -> None:
        """Append a number of one of four distributions (U32)."""
        selector = next(
            place
            for place, (count, least) in enumerate(options)
            if least <= value < least + (1 << count)
        )
        count, least = options[selector]
        self.add(selector, 2)
        self.add(value - least, count)

    def enum(self, value: int) -> None:
        """Append an enumerator."""
        self.choice(value, ENUM)

    def point(self, point: Point) -> None:
        """Append a chromaticity."""
        for value in point:
            whole = round(value / _MILLIONTH)
            self.choice(2 * whole if whole >= 0 else -2 * whole - 1, _COORDINATES)


def _unfolded(value: int) -> int:
    """A signed number from one that has its sign in the last bit."""
    return -(value + 1) // 2 if value & 1 else value // 2
