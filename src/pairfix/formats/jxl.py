"""JPEG XL: its header, read before the decoder is trusted (ISO/IEC 18181-1, annex D), and samples.

A codestream stands alone or in boxes (ISO/IEC 18181-2).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, cast

import imagecodecs
import numpy as np
from numpy.typing import NDArray

__all__ = ["CODESTREAM", "CONTAINER", "Jxl", "decoded_jxl", "read_jxl"]

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_BOX_HEAD, _LARGE_BOX_HEAD, _PART_NUMBER = 8, 16, 4
_HEADER_BYTES = 4096
"""Of a codestream that its header is looked for in."""
_Choice: TypeAlias = tuple[tuple[int, int], ...]
"""Four distributions of a number: so many bits, on top of a least one."""
_SIZES: _Choice = ((9, 1), (13, 1), (18, 1), (30, 1))
_RATIOS = tuple(map(Fraction, ("1", "6/5", "4/3", "3/2", "16/9", "5/4", "2")))
"""Of width to height, where the width itself is not stored."""
_INTEGER_DEPTHS = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_DEPTHS = ((0, 32), (0, 16), (0, 24), (6, 1))
_PREVIEW_BLOCKS = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW_SIZES = ((6, 1), (8, 65), (10, 321), (12, 1345))
_TICKS, _TICKS_BELOW = ((0, 100), (0, 1000), (10, 1), (30, 1)), ((0, 1), (0, 1001), (8, 1), (10, 1))
_LOOPS = ((0, 0), (3, 0), (16, 0), (32, 0))


@dataclass(frozen=True, slots=True)
class Jxl:
    """What a codestream's header says."""

    height: int
    width: int
    """As stored, before the picture is turned."""
    orientation: int
    """As in EXIF, 1 to 8."""
    bits: int
    """Of a sample."""
    floating: bool
    """Whether samples are floating-point numbers."""
    animated: bool


def read_jxl(data: bytes) -> Jxl:
    """The header of a file or codestream.

    Raises:
        ValueError: There is none, or it is damaged.
    """
    bits = _Bits(_codestream(data))
    height, width = _size(bits)
    if bits.flag():  # all other fields have their defaults
        return Jxl(height, width, 1, 8, floating=False, animated=False)
    orientation, animated = _extra_fields(bits) if bits.flag() else (1, False)
    floating = bits.flag()
    depth = bits.choice(_FLOAT_DEPTHS if floating else _INTEGER_DEPTHS)
    return Jxl(height, width, orientation, depth, floating, animated)


def decoded_jxl(data: bytes) -> NDArray[np.generic]:
    """The first picture as stored, ``H x W`` or ``H x W x samples``, on its own depth's scale.

    Its header must have been checked: the decoder takes memory for whatever it claims.

    Raises:
        ValueError: It is damaged.
    """
    try:
        return cast("NDArray[np.generic]", imagecodecs.jpegxl_decode(data, keeporientation=True))
    except (imagecodecs.JpegxlError, RuntimeError) as error:
        raise ValueError(str(error)) from error


class _Bits:
    """A stream of bits, the least significant ones first."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def number(self, count: int) -> int:
        if count > self._left:
            raise ValueError("a JPEG XL header ends too early")
        value = self._bits & ((1 << count) - 1)
        self._bits >>= count
        self._left -= count
        return value

    def flag(self) -> bool:
        return bool(self.number(1))

    def choice(self, options: _Choice) -> int:
        """A number of one of four distributions (U32)."""
        count, least = options[self.number(2)]
        return least + self.number(count)


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
        _skip_preview(bits)
    animated = bits.flag()
    if animated:
        for options in (_TICKS, _TICKS_BELOW, _LOOPS):
            bits.choice(options)
        bits.flag()
    return orientation, animated


def _skip_preview(bits: _Bits) -> None:
    options = _PREVIEW_BLOCKS if bits.flag() else _PREVIEW_SIZES
    bits.choice(options)
    if not bits.number(3):
        bits.choice(options)


def _codestream(data: bytes) -> bytes:
    """The begin of the codestream, behind its signature."""
    if data.startswith(CODESTREAM):
        return data[2:_HEADER_BYTES]
    if not data.startswith(CONTAINER):
        raise ValueError("no JPEG XL")
    place = 0
    while len(data) - place >= _BOX_HEAD:
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        start = place + _BOX_HEAD
        if length == 1:
            length = int.from_bytes(data[start : start + 8], "big")
            start = place + _LARGE_BOX_HEAD
        if kind in (b"jxlc", b"jxlp"):
            start += _PART_NUMBER if kind == b"jxlp" else 0
            found = data[start : start + _HEADER_BYTES]
            if not found.startswith(CODESTREAM):
                break
            return found[2:]
        if length < start - place:
            break
        place += length
    raise ValueError("no JPEG XL codestream")
