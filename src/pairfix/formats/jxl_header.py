"""Headers of JPEG XL codestreams, read before the decoder is trusted (ISO/IEC 18181-1, annex D)."""

from dataclasses import dataclass
from fractions import Fraction

from pairfix.formats.jxl_bits import ENUM, Bits, Choice, Span
from pairfix.formats.jxl_colours import SRGB_COLOURS, JxlColours, read_colours

__all__ = ["CODESTREAM", "CONTAINER", "ForeignChannelError", "JxlHeader", "parse_header"]

CODESTREAM = b"\xff\x0a"
"""First bytes of a codestream, which may be a file by itself."""
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
"""First bytes of a file of boxes."""
_LONGEST = 4096
"""Bytes of a codestream that its header is looked for in."""
_SIZES: Choice = ((9, 1), (13, 1), (18, 1), (30, 1))
_RATIOS = tuple(map(Fraction, ("1", "6/5", "4/3", "3/2", "16/9", "5/4", "2")))
"""Of width to height, where the width itself is not stored."""
_INTEGER_DEPTHS: Choice = ((0, 8), (0, 10), (0, 12), (6, 1))
_FLOAT_DEPTHS: Choice = ((0, 32), (0, 16), (0, 24), (6, 1))
_PREVIEW_BLOCKS: Choice = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW_SIZES: Choice = ((6, 1), (8, 65), (10, 321), (12, 1345))
_TICKS: Choice = ((0, 100), (0, 1000), (10, 1), (30, 1))
_TICKS_BELOW: Choice = ((0, 1), (0, 1001), (8, 1), (10, 1))
_LOOPS: Choice = ((0, 0), (3, 0), (16, 0), (32, 0))
_EXTRA_CHANNELS: Choice = ((0, 0), (0, 1), (4, 2), (12, 1))
_SHIFTS: Choice = ((0, 0), (0, 3), (0, 4), (3, 1))
_NAME_LENGTHS: Choice = ((0, 0), (4, 0), (5, 16), (10, 48))
_ALPHA = 0
_HALF = 16
"""Bits of a number as a half float."""
_NO_EXTENSIONS = 2
"""Bits that say that there are none."""


class ForeignChannelError(ValueError):
    """There is a channel that is neither colour nor transparency."""


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
    xyb: bool = True
    """Whether light was coded (XYB), and not samples of the colours that are told."""
    by_profile: bool = False
    """Whether an ICC profile behind the header tells the colours of RGB or grey."""
    colours: JxlColours | None = SRGB_COLOURS
    """None if a profile tells them, or if they are of another kind than RGB and grey."""
    depth_at: Span = (0, 0)
    """Place of the samples' depth; as the other places, (0, 0) in a header of defaults."""
    colours_at: Span = (0, 0)
    extensions_at: Span = (0, 0)
    """Place of the number that says which extensions there are, if there are none."""


def parse_header(codestream: bytes) -> JxlHeader:
    """The header of a codestream.

    Raises:
        ForeignChannelError: There is such a channel.
        ValueError: There is no header, or it is damaged.
    """
    if not codestream.startswith(CODESTREAM):
        raise ValueError("no JPEG XL codestream")
    bits = Bits(codestream[:_LONGEST])
    bits.number(8 * len(CODESTREAM))
    height, width = _size(bits)
    if bits.flag():  # all other fields have their defaults
        return JxlHeader(height, width)
    extra_fields = bits.flag()
    orientation, animated = _extra_fields(bits) if extra_fields else (1, False)
    depth_from = bits.place
    floating, depth = _depth(bits)
    depth_to = bits.place
    bits.flag()
    extra = [_is_multiplied(bits) for _ in range(bits.choice(_EXTRA_CHANNELS))]
    xyb, colours_from = bits.flag(), bits.place
    grey, by_profile, colours = read_colours(bits)
    colours_to = bits.place
    if extra_fields:
        _tone_mapping(bits)
    extensions_from = bits.place
    return JxlHeader(
        height,
        width,
        orientation,
        depth,
        floating,
        animated,
        multiplied=any(extra),
        grey=grey,
        xyb=xyb,
        by_profile=by_profile,
        colours=colours,
        depth_at=(depth_from, depth_to),
        colours_at=(colours_from, colours_to),
        extensions_at=(extensions_from, extensions_from + _NO_EXTENSIONS),
    )


def _size(bits: Bits) -> tuple[int, int]:
    blocks = bits.flag()

    def side() -> int:
        return 8 * (1 + bits.number(5)) if blocks else bits.choice(_SIZES)

    height, ratio = side(), bits.number(3)
    return height, int(height * _RATIOS[ratio - 1]) if ratio else side()


def _extra_fields(bits: Bits) -> tuple[int, bool]:
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


def _depth(bits: Bits) -> tuple[bool, int]:
    floating = bits.flag()
    depth = bits.choice(_FLOAT_DEPTHS if floating else _INTEGER_DEPTHS)
    if floating:
        bits.number(4)  # of the exponent
    return floating, depth


def _is_multiplied(bits: Bits) -> bool:
    """Whether an extra channel is transparency that the colours were multiplied by."""
    if bits.flag():
        return False
    kind = bits.choice(ENUM)
    if kind != _ALPHA:
        raise ForeignChannelError
    _depth(bits)
    bits.choice(_SHIFTS)
    bits.number(8 * bits.choice(_NAME_LENGTHS))
    return bits.flag()


def _tone_mapping(bits: Bits) -> None:
    if not bits.flag():
        bits.number(2 * _HALF)
        bits.flag()
        bits.number(_HALF)
