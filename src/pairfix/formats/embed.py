"""Metadata as parts of files: TIFF tags, PNG chunks, JPEG segments.

XMP specification, part 3 (Adobe, 2020), 1.1: where files hold XMP.
"""

import hashlib
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import iptc, xmp
from pairfix.formats.jpeg import START
from pairfix.formats.png import XMP_KEYWORD
from pairfix.formats.png_write import png_chunk
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.xmp_names import NOTE
from pairfix.image import Description

__all__ = [
    "EXTENSION",
    "HAS_EXTENSION",
    "IPTC_TAG",
    "PHOTOSHOP",
    "STANDARD",
    "XMP_TAG",
    "jpeg_segments",
    "place_for_segments",
    "png_chunks",
    "tiff_tags",
]

XMP_TAG, IPTC_TAG = 700, 33723
STANDARD = b"http://ns.adobe.com/xap/1.0/\0"
"""Start of an APP1 segment that holds a packet."""
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
"""Start of an APP1 segment that holds a part of what the packet has no room for."""
HAS_EXTENSION = f"{{{NOTE}}}HasExtendedXMP"
PHOTOSHOP = b"Photoshop 3.0\0"
"""Start of an APP13 segment that holds image resources."""
_MARKER, _APP0, _APP1, _APP13 = 0xFF, 0xE0, 0xE1, 0xED
_LARGEST_PACKET, _LARGEST_PART = 65502, 65400
"""Bytes in a segment by XMP specification, part 3, 1.1.3.1."""
_LARGEST_RESOURCES = 65000
"""Bytes of image resources in a segment; more go on in the next."""


def tiff_tags(description: Description) -> Directory:
    """The tags of a TIFF or DNG, where IPTC counts as numbers of 32 bits (TIFF/EP)."""
    tags: Directory = {}
    if description.xmp:
        tags[XMP_TAG] = Entry(Kind.BYTE, description.xmp)
    if description.iptc:
        padding = bytes(-len(description.iptc) % 4)
        tags[IPTC_TAG] = Entry(Kind.LONG, description.iptc + padding)
    return tags


def png_chunks(profile: bytes, exif: bytes, packet: bytes) -> bytes:
    """The chunks of a PNG's profile, EXIF and XMP; IPTC has none.

    Args:
        profile: ICC profile.
        exif: EXIF as in a TIFF, or empty.
        packet: XMP, or empty.
    """
    chunks = png_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
    if exif:
        chunks += png_chunk(b"eXIf", exif)
    if packet:
        chunks += png_chunk(b"iTXt", XMP_KEYWORD + bytes(4) + packet)
    return chunks


def jpeg_segments(description: Description) -> bytes:
    """The segments of a JPEG; XMP that one cannot hold goes on in others (1.1.3.1)."""
    segments = list[bytes]()
    if description.xmp:
        main, extension = _split(description.xmp)
        segments.append(_segment(_APP1, STANDARD + main))
        digest = _digest(extension).encode()
        for place in range(0, len(extension), _LARGEST_PART):
            head = EXTENSION + digest + struct.pack(">II", len(extension), place)
            segments.append(_segment(_APP1, head + extension[place : place + _LARGEST_PART]))
    resources = iptc.resource(description.iptc) if description.iptc else b""
    segments += [
        _segment(_APP13, PHOTOSHOP + resources[place : place + _LARGEST_RESOURCES])
        for place in range(0, len(resources), _LARGEST_RESOURCES)
    ]
    return b"".join(segments)


def place_for_segments(data: NDArray[np.uint8]) -> int:
    """Where a written JPEG can take segments: behind JFIF and EXIF."""
    place = len(START)
    while data[place] == _MARKER and data[place + 1] in (_APP0, _APP1):
        place += 2 + int.from_bytes(data[place + 2 : place + 4].tobytes(), "big")
    return place


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", _MARKER, marker, 2 + len(content)) + content


def _split(packet: bytes) -> tuple[bytes, bytes]:
    """A packet of the smaller properties that fits into a segment, and the other properties."""
    if len(packet) <= _LARGEST_PACKET:
        return packet, b""
    extension = xmp.parse(packet)
    frame, left = len(xmp.pack({})), _LARGEST_PACKET - len(xmp.packet({HAS_EXTENSION: "0" * 32}))
    sizes = {name: len(xmp.pack({name: value})) - frame for name, value in extension.items()}
    main = dict[str, xmp.Value]()
    for name in sorted(sizes, key=lambda name: sizes[name]):
        left -= sizes[name]
        if left < 0:
            break
        main[name] = extension.pop(name)
    rest = xmp.pack(extension)
    return xmp.packet({**main, HAS_EXTENSION: _digest(rest)}), rest


def _digest(extension: bytes) -> str:
    return hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
