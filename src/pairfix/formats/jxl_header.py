"""Headers of JPEG XL codestreams, read before the decoder is trusted (ISO/IEC 18181-1, annex D)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, TypeVar

from pairfix.formats.icc import D65, Chromaticities, Point

__all__ = [
    "CODESTREAM",
    "CONTAINER",
    "SRGB_COLOURS",
    "JxlColours",
    "JxlHeader",
    "coded_colours",
    "parse_header",
]

CODESTREAM = b"\xff\x0a"
"""First bytes of a codestream, which may be a file by itself."""
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
"""First bytes of a file of boxes."""
_LONGEST = 4096
"""Bytes of a codestream that its header is looked for in."""

_T = TypeVar("_T")
_Choice: TypeAlias = tuple[tuple[int, int], ...]
"""Four distributions of a number: so many bits, on top of a least one."""
_SIZES: _Choice = ((9, 1), (13, 1), (18, 1), (30, 1))
_RATIOS = tuple(map(Fraction, ("1", "6/5", "4/3", "3/2", "16/9", "5/4", "2")))
"""Of width to height, where the width itself is not stored."""
_INTEGER_DEPTHS: _Choice = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_DEPTHS: _Choice = ((0, 32), (0, 16), (0, 24), (6, 1))
_PREVIEW_BLOCKS: _Choice = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW_SIZES: _Choice = ((6, 1), (8, 65), (10, 321), (12, 1345))
_TICKS: _Choice = ((0, 100), (0, 1000), (10, 1), (30, 1))
_TICKS_BELOW: _Choice = ((0, 1), (0, 1001), (8, 1), (10, 1))
_LOOPS: _Choice = ((0, 0), (3, 0), (16, 0), (32, 0))
_EXTRA_CHANNELS: _Choice = ((0, 0), (0, 1), (4, 2), (12, 1))
_SHIFTS: _Choice = ((0, 0), (0, 3), (0, 4), (3, 1))
_NAME_LENGTHS: _Choice = ((0, 0), (4, 0), (5, 16), (10, 48))
_ENUM: _Choice = ((0, 0), (0, 1), (4, 2), (6, 18))
_COORDINATES: _Choice = ((19, 0), (19, 1 << 19), (20, 1 << 20), (21, 1 << 21))
_ALPHA = 0
_RGB, _GREY = 0, 1
_WHITE_D65, _CUSTOM, _WHITE_E, _WHITE_DCI = 1, 2, 10, 11
_WHITES: dict[int, Point] = {_WHITE_D65: D65, _WHITE_E: (1 / 3, 1 / 3), _WHITE_DCI: (0.314, 0.351)}
_PRIMARIES: dict[int, tuple[Point, Point, Point]] = {
    1: ((0.639998686, 0.330010138), (0.300003784, 0.600003357), (0.150002046, 0.059997204)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""sRGB's, Rec. 2020's and P3's (table D.8)."""
_SRGB_CURVE, _RELATIVE = 13, 1
_GAMMA_BITS, _GAMMA_SCALE = 24, 1e7
_MILLIONTH = 1e-6
_NEAR = 2e-4
"""Chromaticities that differ less are the same."""


@dataclass(frozen=True, slots=True)
class JxlColours:
    """Colours as numbers."""

    white: Point
    primaries: tuple[Point, Point, Point] | None
    """None of grey."""
    transfer: int | None
    """Code point (H.273, table 3), where it is one."""
    gamma: float | None
    """Exponent from light to code, in the place of a code point."""


SRGB_COLOURS = JxlColours(D65, _PRIMARIES[1], _SRGB_CURVE, None)


@dataclass(frozen=True, slots=True)
class JxlHeader:
    """What a codestream's header says."""

    height: int
    width: int
    """As stored, before the picture is turned."""
    orientation: int = 1
    """As in EXIF, 1 to 8."""
    bits: int = 8
    """Of a sample."""
    floating: bool = False
    """Whether samples are floating-point numbers."""
    animated: bool = False
    multiplied: bool = False
    """Whether transparency was multiplied into the colours."""
    grey: bool = False
    colours: JxlColours | None = SRGB_COLOURS
    """None if an ICC profile tells them, or if they are of another kind than RGB and grey."""
    colours_at: tuple[int, int] = (0, 0)
    """First bit of their description, and that behind it."""


def parse_header(codestream: bytes) -> JxlHeader:
    """The header of a codestream.

    Raises:
        ValueError: There is none, or it is damaged.
    """
    if not codestream.startswith(CODESTREAM):
        raise ValueError("no JPEG XL codestream")
    bits = _Bits(codestream[:_LONGEST])
    bits.number(8 * len(CODESTREAM))
    height, width = _size(bits)
    if bits.flag():  # all other fields have their defaults
        return JxlHeader(height, width)
    orientation, animated = _extra_fields(bits) if bits.flag() else (1, False)
    floating, depth = _depth(bits)
    bits.flag()
    extra = [_is_multiplied(bits) for _ in range(bits.choice(_EXTRA_CHANNELS))]
    bits.flag()
    start = bits.place
    grey, colours = _colours(bits)
    return JxlHeader(
        height,
        width,
        orientation,
        depth,
        floating,
        animated,
        any(extra),
        grey,
        colours,
        (start, bits.place),
    )


def coded_colours(colours: Chromaticities) -> tuple[int, int]:
    """The description of RGB primaries under sRGB's curve: its bits as a number, and how many."""
    bits = _Written()
    bits.add(0, 1)  # not the default
    bits.add(0, 1)  # no ICC profile
    bits.enum(_RGB)
    if _same((colours.white,), (D65,)):
        bits.enum(_WHITE_D65)
    else:
        bits.enum(_CUSTOM)
        bits.point(colours.white)
    points = (colours.red, colours.green, colours.blue)
    known = next((number for number, each in _PRIMARIES.items() if _same(each, points)), _CUSTOM)
    bits.enum(known)
    if known == _CUSTOM:
        for point in points:
            bits.point(point)
    bits.add(0, 1)  # no gamma
    bits.enum(_SRGB_CURVE)
    bits.enum(_RELATIVE)
    return bits.value, bits.count


class _Bits:
    """A stream of bits, the least significant ones first."""

    def __init__(self, data: bytes) -> None:
        self._bits, self._count = int.from_bytes(data, "little"), 8 * len(data)
        self.place = 0

    def number(self, count: int) -> int:
        if self.place + count > self._count:
            raise ValueError("a JPEG XL header ends too early")
        value = (self._bits >> self.place) & ((1 << count) - 1)
        self.place += count
        return value

    def flag(self) -> bool:
        return bool(self.number(1))

    def choice(self, options: _Choice) -> int:
        """A number of one of four distributions (U32)."""
        count, least = options[self.number(2)]
        return least + self.number(count)

    def point(self) -> Point:
        x, y = (self.choice(_COORDINATES) for _ in range(2))
        return _unfolded(x) * _MILLIONTH, _unfolded(y) * _MILLIONTH


class _Written:
    """Bits that are written, the least significant ones first."""

    def __init__(self) -> None:
        self.value = self.count = 0

    def add(self, value: int, count: int) -> None:
        self.value |= value << self.count
        self.count += count

    def choice(self, value: int, options: _Choice) -> None:
        selector = next(
            place
            for place, (count, least) in enumerate(options)
            if least <= value < least + (1 << count)
        )
        count, least = options[selector]
        self.add(selector, 2)
        self.add(value - least, count)

    def enum(self, value: int) -> None:
        self.choice(value, _ENUM)

    def point(self, point: Point) -> None:
        for value in point:
            whole = round(value / _MILLIONTH)
            self.choice(2 * whole if whole >= 0 else -2 * whole - 1, _COORDINATES)


def _known(table: Mapping[int, _T], kind: int) -> _T:
    if kind not in table:
        raise ValueError("colours that JPEG XL does not know")
    return table[kind]


def _unfolded(value: int) -> int:
    """A signed number from one that has its sign in the last bit."""
    return -(value + 1) // 2 if value & 1 else value // 2


def _same(points: tuple[Point, ...], others: tuple[Point, ...]) -> bool:
    pairs = zip(sum(points, ()), sum(others, ()), strict=True)
    return all(abs(value - other) < _NEAR for value, other in pairs)


def _size(bits: _Bits) -> tuple[int, int]:
    blocks = bits.flag()

    def side() -> int:
        return 8 * (1 + bits.number(5)) if blocks else bits.choice(_SIZES)

    height, ratio = side(), bits.number(3)
    return height, int(height * _RATIOS[ratio - 1]) if ratio else side()


def _extra_fields(bits: _Bits) -> tuple[int, bool]:
    """Orientation, and whether there is more than one picture."""
    orientation = 1 + bits.number(3)
    if bits.flag():
        _size(bits)  # that is intended for display
    if bits.flag():
        options = _PREVIEW_BLOCKS if bits.flag() else _PREVIEW_SIZES
        bits.choice(options)
        if not bits.number(3):
            bits.choice(options)
    animated = bits.flag()
    if animated:
        for options in (_TICKS, _TICKS_BELOW, _LOOPS):
            bits.choice(options)
        bits.flag()
    return orientation, animated


def _depth(bits: _Bits) -> tuple[bool, int]:
    floating = bits.flag()
    depth = bits.choice(_FLOAT_DEPTHS if floating else _INTEGER_DEPTHS)
    if floating:
        bits.number(4)  # of the exponent
    return floating, depth


def _is_multiplied(bits: _Bits) -> bool:
    """Whether an extra channel is transparency that the colours were multiplied by."""
    if bits.flag():
        return False
    kind = bits.choice(_ENUM)
    if kind != _ALPHA:
        raise ValueError("a channel that is neither colour nor transparency")
    _depth(bits)
    bits.choice(_SHIFTS)
    bits.number(8 * bits.choice(_NAME_LENGTHS))
    return bits.flag()


def _colours(bits: _Bits) -> tuple[bool, JxlColours | None]:
    """Whether samples are grey, and their colours."""
    if bits.flag():
        return False, SRGB_COLOURS
    by_profile, space = bits.flag(), bits.choice(_ENUM)
    if by_profile or space not in (_RGB, _GREY):
        return space == _GREY, None
    kind = bits.choice(_ENUM)
    white = bits.point() if kind == _CUSTOM else _known(_WHITES, kind)
    primaries = None
    if space == _RGB:
        kind = bits.choice(_ENUM)
        if kind == _CUSTOM:
            primaries = bits.point(), bits.point(), bits.point()
        else:
            primaries = _known(_PRIMARIES, kind)
    gamma = bits.number(_GAMMA_BITS) / _GAMMA_SCALE if bits.flag() else None
    transfer = bits.choice(_ENUM) if gamma is None else None
    bits.choice(_ENUM)  # rendering intent
    return space == _GREY, JxlColours(white, primaries, transfer, gamma)
