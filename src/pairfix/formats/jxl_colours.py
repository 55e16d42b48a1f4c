"""Colours that JPEG XL tells as numbers (ISO/IEC 18181-1, table D.8 and those behind it)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pairfix.formats.icc import D65, Chromaticities, Point
from pairfix.formats.jxl_bits import ENUM, Bits, WrittenBits

__all__ = ["SRGB_COLOURS", "JxlColours", "coded_colours", "read_colours"]

_T = TypeVar("_T")
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


def read_colours(bits: Bits) -> tuple[bool, bool, JxlColours | None]:
    """Whether samples are grey; whether a profile tells their colours; these as numbers.

    Raises:
        ValueError: They are damaged.
    """
    if bits.flag():
        return False, False, SRGB_COLOURS
    by_profile, space = bits.flag(), bits.choice(ENUM)
    if by_profile or space not in (_RGB, _GREY):
        return space == _GREY, by_profile and space in (_RGB, _GREY), None
    kind = bits.choice(ENUM)
    white = bits.point() if kind == _CUSTOM else _known(_WHITES, kind)
    primaries = None
    if space == _RGB:
        kind = bits.choice(ENUM)
        if kind == _CUSTOM:
            primaries = bits.point(), bits.point(), bits.point()
        else:
            primaries = _known(_PRIMARIES, kind)
    gamma = bits.number(_GAMMA_BITS) / _GAMMA_SCALE if bits.flag() else None
    transfer = bits.choice(ENUM) if gamma is None else None
    bits.choice(ENUM)  # rendering intent
    return space == _GREY, False, JxlColours(white, primaries, transfer, gamma)


def coded_colours(colours: Chromaticities) -> tuple[int, int]:
    """The description of RGB primaries under sRGB's curve: its bits as a number, and how many."""
    bits = WrittenBits()
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


def _known(table: Mapping[int, _T], kind: int) -> _T:
    if kind not in table:
        raise ValueError("colours that JPEG XL does not know")
    return table[kind]


def _same(points: tuple[Point, ...], others: tuple[Point, ...]) -> bool:
    pairs = zip(sum(points, ()), sum(others, ()), strict=True)
    return all(abs(value - other) < _NEAR for value, other in pairs)
