"""Small ICC profiles (ICC.1:2022, version 4.4) from chromaticities and a curve."""

import struct
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BT_709",
    "D50",
    "D65",
    "SRGB",
    "Chromaticities",
    "Curve",
    "Point",
    "adapted_chromaticities",
    "grey_profile",
    "profile_tags",
    "rgb_profile",
    "with_curve",
]

Point: TypeAlias = tuple[float, float]
"""CIE x and y."""

D65: Point = (0.3127, 0.3290)
D50: Point = (0.3457, 0.3585)
_D50 = np.array((0.9642, 1.0, 0.8249))
"""XYZ of the profile connection space's white (ICC.1, 7.2.16)."""
_BRADFORD = np.array(
    ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
)
"""XYZ to the cone responses of the Bradford adaptation (ICC.1, annex E)."""
_FIXED = 65536
_COLORANT, _ADAPTATION = 20, 44
"""Bytes of tags of one XYZ (10.31) and of a matrix (10.22)."""
_LETTERS = (b"r", b"g", b"b")
_SPACES = slice(16, 24)
"""Of a profile's colours and of its connection space, in its header (7.2)."""
_TABLE, _TAG = 128, struct.Struct(">4sII")
"""Place of a profile's table of tags, and each one's name, place and size (7.3)."""
_SMALLEST_Y = 1e-6
_PARAMETRIC = 3
"""Function type of a power law with a straight line below it (ICC.1, 10.18)."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Coded x to linear light, both 0 to 1: ``(a x + b) ^ gamma`` from d on, else ``c x``."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0


SRGB = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1."""
BT_709 = Curve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
"""The inverse of the camera's curve in ITU-R BT.709 and BT.2020."""


@dataclass(frozen=True, slots=True)
class Chromaticities:
    """Of an RGB space's primaries and its white."""

    red: Point
    green: Point
    blue: Point
    white: Point = D65

    def adapted_colorants(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """XYZ of the primaries under D50, as columns, and the adaptation's matrix (both 3 x 3).

        Raises:
            ValueError: The primaries span no space, or a point is impossible.
        """
        points = np.stack([_xyz(each) for each in (self.red, self.green, self.blue)], axis=1)
        white = _xyz(self.white)
        try:
            scaled = points * np.linalg.solve(points, white)
        except np.linalg.LinAlgError as error:
            raise ValueError("the primaries span no space") from error
        gains = (_BRADFORD @ _D50) / (_BRADFORD @ white)
        adaptation = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD
        colorants = adaptation @ scaled
        if not np.isfinite(colorants).all() or np.abs(colorants).max() > 4:  # noqa: PLR2004
            raise ValueError("the primaries span no space")
        return colorants, adaptation


@cache
def rgb_profile(name: str, colours: Chromaticities, curve: Curve) -> bytes:
    """A display profile of an RGB space, always the same bytes.

    Raises:
        ValueError: The chromaticities are impossible.
    """
    colorants, adaptation = colours.adapted_colorants()
    shared = _curve(curve)
    tags = [(b"chad", b"sf32\0\0\0\0" + _numbers(adaptation.ravel()))]
    for letter, colorant in zip(_LETTERS, colorants.T, strict=True):
        tags += [(letter + b"XYZ", _xyz_type(colorant)), (letter + b"TRC", shared)]
    return _profile(name, b"RGB ", tags)


@cache
def grey_profile(name: str, curve: Curve) -> bytes:
    """A display profile of grey, always the same bytes."""
    return _profile(name, b"GRAY", [(b"kTRC", _curve(curve))])


def profile_tags(profile: bytes) -> dict[bytes, memoryview]:
    """A profile's tags (ICC.1, 7.3), not copied; those outside of it are left out."""
    count = int.from_bytes(profile[_TABLE : _TABLE + 4], "big")
    table = profile[_TABLE + 4 :][: count * _TAG.size]
    whole = table[: len(table) // _TAG.size * _TAG.size]
    content = memoryview(profile)
    return {
        name: content[place : place + size]
        for name, place, size in _TAG.iter_unpack(whole)
        if place + size <= len(profile)
    }


def adapted_chromaticities(profile: bytes) -> Chromaticities:
    """The primaries of a display profile, as they are under D50.

    Raises:
        ValueError: It is not one of three primaries.
    """
    red, green, blue = (_chromaticity(colorant) for colorant in _colorants(profile))
    return Chromaticities(red, green, blue, D50)


def with_curve(profile: bytes, curve: Curve) -> bytes:
    """A display profile with the primaries of another one, under a curve of its own.

    Raises:
        ValueError: The other profile is not one of three primaries.
    """
    tags, colorants = profile_tags(profile), _colorants(profile)
    made = [(b"chad", bytes(tags[b"chad"][:_ADAPTATION]))] if b"chad" in tags else []
    for letter, colorant in zip(_LETTERS, colorants, strict=True):
        made += [(letter + b"XYZ", colorant), (letter + b"TRC", _curve(curve))]
    return _profile("Working space", b"RGB ", made)


def _colorants(profile: bytes) -> list[bytes]:
    tags = profile_tags(profile)
    found = [bytes(tags.get(letter + b"XYZ", b"")[:_COLORANT]) for letter in _LETTERS]
    if profile[_SPACES] != b"RGB XYZ " or b"A2B0" in tags:
        raise ValueError("a profile without primaries")
    if any(len(each) < _COLORANT for each in found):
        raise ValueError("a profile without primaries")
    return found


def _chromaticity(colorant: bytes) -> Point:
    """Of a tag of one XYZ."""
    x, y, z = np.frombuffer(colorant, ">i4", 3, 8).tolist()
    if x + y + z <= 0:
        raise ValueError("a primary without light")
    return x / (x + y + z), y / (x + y + z)


def _xyz(point: Point) -> NDArray[np.float64]:
    x, y = point
    if y < _SMALLEST_Y:
        raise ValueError("a chromaticity is impossible")
    return np.array((x / y, 1.0, (1 - x - y) / y))


def _numbers(values: NDArray[np.float64]) -> bytes:
    return np.rint(values * _FIXED).astype(">i4").tobytes()


def _curve(curve: Curve) -> bytes:
    values = np.array((curve.gamma, curve.a, curve.b, curve.c, curve.d))
    return b"para\0\0\0\0" + struct.pack(">HH", _PARAMETRIC, 0) + _numbers(values)


def _xyz_type(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + _numbers(values)


def _text(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    head = struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(coded), 28)
    return head + coded


def _profile(name: str, space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    common = [(b"desc", _text(name)), (b"cprt", _text("CC0")), (b"wtpt", _xyz_type(_D50))]
    table, heap, places = b"", b"", dict[bytes, int]()
    everything = common + tags
    start = 128 + 4 + 12 * len(everything)
    for tag, data in everything:
        if data not in places:
            places[data] = start + len(heap)
            heap += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, places[data], len(data))
    head = struct.pack(
        ">I4xI4s4s4s6H4s28x",
        start + len(heap),
        0x04400000,
        b"mntr",
        space,
        b"XYZ ",
        *(2026, 1, 1, 0, 0, 0),
        b"acsp",
    )
    return (
        (head + _numbers(_D50)).ljust(128, b"\0")
        + struct.pack(">I", len(everything))
        + table
        + heap
    )
