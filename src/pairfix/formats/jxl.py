"""JPEG XL files (ISO/IEC 18181-2): a codestream alone, or in boxes beside EXIF."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats import cicp, metadata
from pairfix.formats.edge import check_pixels, claims_too_much
from pairfix.formats.icc import Chromaticities, Curve, grey_profile, rgb_profile
from pairfix.formats.jxl_colours import SRGB_COLOURS, JxlColours, coded_colours
from pairfix.formats.jxl_header import (
    CODESTREAM,
    CONTAINER,
    ForeignChannelError,
    JxlHeader,
    parse_header,
)
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import Pixels

__all__ = [
    "JxlPicture",
    "codestream",
    "decoded_jxl",
    "jxl_file",
    "jxl_xmp",
    "read_jxl",
]

_BOX_HEAD, _LARGE_BOX_HEAD, _PART_NUMBER = 8, 16, 4
_TO_THE_END, _LARGE = 0, 1
"""Box sizes that are none."""
_FIRST = (b"JXL ", b"ftyp", b"jxll")
"""Signature, brand and level, which stand before anything else."""
_METADATA = (b"Exif", b"xml ")
_EFFORT = 3
"""Of 10. On 1.8 MP of 16 bits: 0.3 s and 50 % of the raw size; 2.7 s and 49 % at 5."""
_TIFF_HEADS = (b"II*\0", b"MM\0*")
_LARGEST = 1 << 22
"""Bytes of metadata, once inflated; what is larger is damage."""
_GROUP = 1 << 20
"""Pixels that are coded together at most; each group takes at least a byte."""
_HINT = "convert it to TIFF, PNG or JPEG first"
_TRAILER_BITS, _TRAILER = 3, 0b100
"""No extensions, and the default transform: how headers end whose other fields are plain."""


@dataclass(frozen=True, slots=True)
class JxlPicture:
    """What a file says of its picture."""

    header: JxlHeader
    profile: bytes
    """The ICC profile that its colours mean; empty for sRGB, and if one is inside."""
    exif: metadata.Exif
    """With the codestream's orientation: that in EXIF does not count (18181-2, 9.6)."""


def read_jxl(path: Path, data: bytes) -> JxlPicture:
    """Read the header of a file.

    Raises:
        InputError: It is of a kind that pairfix does not convert.
        ValueError: It is damaged.
    """
    try:
        header = parse_header(codestream(data))
    except ForeignChannelError as error:
        kind = "a channel that is neither colour nor transparency"
        raise InputError(f"{path} has {kind}", _HINT) from error
    check_pixels(path, header.height, header.width)
    if header.height * header.width > len(data) * _GROUP:
        raise claims_too_much(path, len(data), header.height, header.width)
    if header.floating or header.bits > 16:  # noqa: PLR2004
        kind = "floating-point numbers" if header.floating else f"{header.bits} bits"
        raise InputError(f"{path} holds {kind}", "save it with 8 or 16 bits first")
    if header.animated:
        raise InputError(f"{path} is an animation, not a photo", _HINT)
    if header.multiplied:
        raise InputError(f"{path} has transparency multiplied into its colours", _HINT)
    if header.colours is None and not header.by_profile:
        raise InputError(f"{path} has colours that pairfix does not read in JPEG XL", _HINT)
    profile = _profile(path, header.colours) if header.colours else b""
    exif = metadata.parse(_exif(data))
    exif[0][metadata.ORIENTATION] = Entry.of(Kind.SHORT, header.orientation)
    return JxlPicture(header, profile, exif)


def jxl_xmp(data: bytes) -> bytes:
    """The XMP packet of a file in boxes; empty if there is none.

    Raises:
        ValueError: It is damaged.
    """
    return next((content for kind, content in _described(data) if kind == b"xml "), b"")


def decoded_jxl(data: bytes) -> NDArray[np.generic]:
    """The picture as stored, ``H x W`` or ``H x W x samples``, on its own depth's scale.

    Its header must have been checked: the decoder takes memory for whatever it claims.

    Raises:
        ValueError: It is damaged.
    """
    try:
        return cast("NDArray[np.generic]", imagecodecs.jpegxl_decode(data, keeporientation=True))
    except (imagecodecs.JpegxlError, RuntimeError) as error:
        raise ValueError(str(error)) from error


def codestream(data: bytes) -> bytes:
    """The codestream in a file, put together if it is in parts.

    Raises:
        ValueError: It is no JPEG XL.
    """
    if data.startswith(CODESTREAM):
        return data
    if not data.startswith(CONTAINER):
        raise ValueError("no JPEG XL")
    parts = []
    for kind, content in _boxes(data):
        if kind == b"jxlc":
            return content
        if kind == b"jxlp":
            parts.append(content[_PART_NUMBER:])
    return b"".join(parts)


def jxl_file(pixels: Pixels, colours: Chromaticities, exif: bytes, xmp: bytes = b"") -> bytes:
    """A picture as a lossless JPEG XL.

    The encoder takes no colours; as it codes samples losslessly, their description alone is
    replaced.

    Args:
        pixels: ``H x W x 3``, uint8 or uint16, under sRGB's curve.
        colours: Their primaries and white.
        exif: A TIFF-structured block.
        xmp: A packet; empty for none.

    Raises:
        ValueError: It cannot be coded.
    """
    try:
        coded = bytes(
            imagecodecs.jpegxl_encode(
                np.ascontiguousarray(pixels), lossless=True, effort=_EFFORT, usecontainer=True
            )
        )
    except (imagecodecs.JpegxlError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    first = [(kind, content) for kind, content in _boxes(coded) if kind in _FIRST]
    recoloured = _recoloured(codestream(coded), colours)
    described = [(b"Exif", bytes(4) + exif), *([(b"xml ", xmp)] if xmp else [])]
    boxes = [*first, *described, (b"jxlc", recoloured)]
    return b"".join(struct.pack(">I4s", _BOX_HEAD + len(each), kind) + each for kind, each in boxes)


def _recoloured(coded: bytes, colours: Chromaticities) -> bytes:
    """A codestream with other colours in its header, whose end is filled up to a whole byte."""
    start, end = parse_header(coded).colours_at
    bits = int.from_bytes(coded, "little")
    if not start or (bits >> end) & ((1 << _TRAILER_BITS) - 1) != _TRAILER:
        raise ValueError("an encoder's header of another kind")
    frames = coded[-(-(end + _TRAILER_BITS) // 8) :]
    value, count = coded_colours(colours)
    head = bits & ((1 << start) - 1) | value << start | _TRAILER << (start + count)
    size = -(-(start + count + _TRAILER_BITS) // 8)
    return head.to_bytes(size, "little") + frames


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while len(data) - place >= _BOX_HEAD:
        size, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        start = place + _BOX_HEAD
        if size == _LARGE:
            size = int.from_bytes(data[start : start + 8], "big")
            start = place + _LARGE_BOX_HEAD
        end = len(data) if size == _TO_THE_END else place + size
        if end < start:
            raise ValueError("a box is smaller than its head")
        yield kind, data[start:end]
        place = end


def _described(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of metadata, EXIF and XMP, which may be compressed."""
    for kind, content in _boxes(data):
        if kind == b"brob" and content[:4] in _METADATA:
            yield content[:4], _inflated(content[4:])
        elif kind in _METADATA:
            yield kind, content


def _exif(data: bytes) -> bytes:
    """The EXIF block, behind the place of its TIFF header; empty if there is none."""
    if data.startswith(CODESTREAM):
        return b""
    for kind, content in _described(data):
        if kind == b"Exif":
            if content.startswith(_TIFF_HEADS):  # some programs forget the place
                return content
            return content[4 + int.from_bytes(content[:4], "big") :]
    return b""


def _inflated(content: bytes) -> bytes:
    """What is in a box compressed by Brotli (18181-2, 9.9)."""
    try:
        return bytes(imagecodecs.brotli_decode(content, out=_LARGEST))
    except (imagecodecs.BrotliError, RuntimeError) as error:
        raise ValueError(str(error)) from error


def _profile(path: Path, colours: JxlColours) -> bytes:
    if colours == SRGB_COLOURS:
        return b""
    if colours.gamma is not None:
        curve = Curve(1 / colours.gamma)
    else:
        curve = cicp.curve_of(path, colours.transfer or 0)
    if colours.primaries is None:
        return grey_profile("JPEG XL", curve)
    return rgb_profile("JPEG XL", Chromaticities(*colours.primaries, colours.white), curve)
