"""What the chunks of a PNG say of it, and of its colours (PNG, third edition, W3C 2025)."""

import os
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pairfix.errors import InputError
from pairfix.formats import cicp
from pairfix.formats.edge import check_pixels, claims_too_much
from pairfix.formats.icc import SRGB, Chromaticities, Curve, grey_profile, rgb_profile

__all__ = [
    "FIRST_CHUNK",
    "SIGNATURE",
    "XMP_KEYWORD",
    "PngHeader",
    "check_claim",
    "colour_profile",
    "read_png",
]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEYWORD = b"XML:com.adobe.xmp\0"
"""Start of an iTXt chunk that holds an XMP packet (XMP specification, part 3, 1.1.5)."""
_COLOUR_SIZES = {b"cICP": 4, b"iCCP": None, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
"""Chunks that tell colours, and the length of those that have a fixed one."""
_EXIF, _TEXT, _PIXELS, _END = b"eXIf", b"iTXt", b"IDAT", b"IEND"
_GREY_TYPES = (0, 4)
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type (11.2.1)."""
_DENSEST = 1032
"""Most bytes that Deflate makes of one: 258 of each two bits (RFC 1951)."""
_HEADER_SIZE = 25
FIRST_CHUNK = 33
"""Where the chunk behind the header starts."""
_LARGEST_CHUNK = 1 << 26
"""Bytes of a chunk that is read: memory is taken for as many as a damaged length claims."""
_LARGEST_UNPACKED = 1 << 24
"""Bytes: a profile or text that unpacks to more is not read."""
_UNIT = 100_000
"""Of gAMA and cHRM."""
_SRGB_GAMMA = 45455
"""What sRGB's gAMA is by the specification (11.3.2.2); programs write it to mean sRGB."""
_BT_709 = Chromaticities((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_GAMMAS = (0.05, 20.0)
"""Exponents that a gAMA may mean; all others count as damage."""


@dataclass(frozen=True, slots=True)
class PngHeader:
    """What a PNG's chunks say."""

    height: int
    width: int
    grey: bool
    """Whether samples are grey, with or without alpha."""
    bits: int
    """Of a pixel."""
    exif: bytes = b""
    xmp: bytes = b""
    colour: dict[bytes, bytes] = field(default_factory=dict)
    """Undamaged chunks before the pixels that tell colours; the first of each kind."""


def read_png(file: BinaryIO) -> PngHeader:
    """Walk all chunks, because EXIF may follow the pixels (5.6); pixels are passed over.

    Raises:
        ValueError: The file ends early, its header is damaged, or it has no pixels.
        struct.error: The file ends early.
    """
    file.seek(len(SIGNATURE))
    header = file.read(_HEADER_SIZE)
    if len(header) < _HEADER_SIZE or zlib.crc32(header[4:-4]) != int.from_bytes(header[-4:], "big"):
        raise ValueError("the header is damaged")
    width, height, depth, colour_type = struct.unpack_from(">IIBB", header, 8)
    colour: dict[bytes, bytes] = {}
    exif, xmp, before_pixels = b"", b"", True
    file.seek(FIRST_CHUNK)
    while True:
        length, kind = struct.unpack(">I4s", file.read(8))
        before_pixels &= kind != _PIXELS
        if kind in (_EXIF, _TEXT) or (before_pixels and kind in _COLOUR_SIZES):
            data, intact = _chunk(file, kind, length)
            if kind == _EXIF:
                exif = data
            elif kind == _TEXT:
                xmp = xmp or _xmp(data)
            elif intact and _COLOUR_SIZES[kind] in (None, length):
                colour.setdefault(kind, data)
        else:
            file.seek(length, os.SEEK_CUR)
            if len(file.read(4)) < 4:  # noqa: PLR2004
                raise ValueError("the file ends early")
        if kind == _END:
            if before_pixels:  # OpenCV would look for them behind the end
                raise ValueError("there are no pixels")
            bits = depth * _SAMPLES.get(colour_type, 1)
            return PngHeader(height, width, colour_type in _GREY_TYPES, bits, exif, xmp, colour)


def _chunk(file: BinaryIO, kind: bytes, length: int) -> tuple[bytes, bool]:
    """A chunk's data, and whether its checksum fits."""
    if length > _LARGEST_CHUNK:
        raise ValueError("a chunk is too long")
    data, checksum = file.read(length), file.read(4)
    return data, zlib.crc32(kind + data).to_bytes(4, "big") == checksum


def check_claim(path: Path, header: PngHeader, size: int) -> None:
    """Refuse a PNG whose bytes cannot hold its pixels, before memory is taken for them.

    Args:
        path: The file.
        header: What it says.
        size: Its bytes.

    Raises:
        InputError: It claims more than they can hold, or than any photo has.
    """
    check_pixels(path, header.height, header.width)
    if header.height * header.width * header.bits > 8 * _DENSEST * size:
        raise claims_too_much(path, size, header.height, header.width)


def colour_profile(path: Path, header: PngHeader) -> tuple[bytes, tuple[str, ...]]:
    """The ICC profile that a PNG has or means, empty for sRGB, and notes.

    Of several statements, the first in this order counts: cICP, iCCP, sRGB, gAMA with cHRM
    (4.3). Damaged ones count as absent.

    Raises:
        InputError: The colours are of a kind that pairfix does not convert.
    """
    colour, notes = header.colour, tuple[str, ...]()
    if b"cICP" in colour:
        profile = _of_code_points(path, colour[b"cICP"], grey=header.grey)
        if profile:
            return profile, ()
    if b"iCCP" in colour:
        profile = _unpacked(colour[b"iCCP"])
        if profile:
            return profile, ()
        notes = ("its ICC profile is damaged and was ignored",)
    if b"sRGB" in colour or not {b"gAMA", b"cHRM"} & colour.keys():
        return b"", notes
    try:
        return _of_gamma(colour, grey=header.grey), notes
    except ValueError:
        return b"", (*notes, "its gamma or chromaticities are damaged and were ignored")


def _of_code_points(path: Path, data: bytes, *, grey: bool) -> bytes:
    primaries, transfer, matrix, full = data
    profile = cicp.profile_of(path, primaries, transfer, grey=grey)
    if matrix or full != 1:
        what = "YCbCr" if matrix else "video levels"
        raise InputError(f"{path} holds {what} by its cICP chunk", "export it as RGB first")
    return profile


def _unpacked(chunk: bytes) -> bytes:
    """The profile behind its name and compression method; empty if it is damaged."""
    return _inflated(chunk[chunk.find(b"\0") + 2 :])


def _xmp(text: bytes) -> bytes:
    """The XMP in an iTXt chunk, behind its keyword, compression, language and translation."""
    if not text.startswith(XMP_KEYWORD):
        return b""
    flags, rest = text[len(XMP_KEYWORD) :][:2], text[len(XMP_KEYWORD) + 2 :]
    packet = rest.split(b"\0", 2)[-1]
    return _inflated(packet) if flags.startswith(b"\1") else packet


def _inflated(packed: bytes) -> bytes:
    """What Deflate packed; empty if it is damaged."""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, _LARGEST_UNPACKED)
    except zlib.error:
        return b""
    return data if unpacking.eof else b""


def _of_gamma(colour: dict[bytes, bytes], *, grey: bool) -> bytes:
    """The profile of gAMA and cHRM; what one of them leaves open is as in sRGB."""
    gamma = int.from_bytes(colour.get(b"gAMA", _SRGB_GAMMA.to_bytes(4, "big")), "big")
    curve = SRGB
    if gamma != _SRGB_GAMMA:
        if not _GAMMAS[0] <= gamma / _UNIT <= _GAMMAS[1]:
            raise ValueError("an impossible gamma")
        curve = Curve(_UNIT / gamma)
    if grey:
        return grey_profile("gAMA", curve)
    colours = _BT_709
    if b"cHRM" in colour:
        parts = [part / _UNIT for part in struct.unpack(">8I", colour[b"cHRM"])]
        white, red, green, blue = zip(parts[::2], parts[1::2], strict=True)
        colours = Chromaticities(red, green, blue, white)
    return rgb_profile("gAMA and cHRM", colours, curve)
