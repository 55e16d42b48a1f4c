"""What the markers of a JPEG say of it (ITU-T T.81), and whether its coded data is whole."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats.edge import check_pixels, claims_too_much, silenced
from pairfix.formats.scans import Scans

__all__ = ["START", "JpegMarkers", "is_cut", "read_jpeg"]

START = b"\xff\xd8"
_NONSENSE = np.random.default_rng(0).integers(0, 0xFF, 4096, np.uint8).tobytes()
_PADDING = _NONSENSE + b"".join(
    bytes((0xFF, 0xD0 + number % 8)) + _NONSENSE[:64] for number in range(64)
)
"""Coded data of no meaning, followed by restart intervals of it."""
_SCAN, _END, _APP1, _APP2, _APP13 = 0xDA, 0xD9, 0xE1, 0xE2, 0xED
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_PROGRESSIVE = 0xC2
_HUFFMAN, _SIZE = {0xC0, 0xC1, _PROGRESSIVE}, slice(3, 7)
_DENSEST = 512
"""Most pixels in a byte: blocks of 8 x 8, each with at least a bit for its mean."""
_CMYK = 4
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
"""After any fill bytes; neither a stuffed zero nor a restart within coded data (B.1.1)."""
_ICC = b"ICC_PROFILE\0"
"""Start of an APP2 segment that holds a part of a profile (ICC.1, annex B.4)."""


@dataclass(frozen=True, slots=True)
class JpegMarkers:
    """What a JPEG's markers say."""

    end: int
    """Where the end marker is."""
    profile: bytes
    """The ICC profile; empty if there is none, or not all of it."""
    notes: tuple[str, ...]
    application: tuple[bytes, ...]
    """Segments APP1 and APP13 of the header: EXIF, XMP, Photoshop's resources."""


def read_jpeg(path: Path, data: bytes) -> JpegMarkers:
    """Walk the markers up to the end marker.

    Raises:
        InputError: It is a CMYK picture, which OpenCV would convert blindly, or claims more pixels
            than its bytes can hold, or than any photo has.
        ValueError: There is no end marker, or scans are missing, which OpenCV would fill up.
        struct.error: It ends within a marker segment.
    """
    place, in_header = len(START), True
    parts: list[bytes] = []
    application: list[bytes] = []
    scans: Scans | None = None
    while found := _MARKER.search(data, place):
        marker, place = data[found.end() - 1], found.end()
        if marker == _END:
            if scans and not scans.complete:
                raise ValueError("scans are missing")
            profile, notes = _assembled(parts)
            return JpegMarkers(found.start(), profile, notes, tuple(application))
        length = struct.unpack_from(">H", data, place)[0]
        segment = data[place + 2 : place + length]
        if marker in _FRAMES:
            _check_frame(path, marker, data, place)
            if marker in _HUFFMAN:
                frame = data[place : place + length]
                scans = Scans(frame, progressive=marker == _PROGRESSIVE)
        elif marker == _SCAN and scans:
            scans.add(data[place : place + length])
        elif marker == _APP2 and in_header and segment.startswith(_ICC):
            parts.append(segment[len(_ICC) :])
        elif marker in (_APP1, _APP13) and in_header:
            application.append(segment)
        in_header &= marker != _SCAN
        place += length
    raise ValueError("no end marker")


def is_cut(data: bytes, end: int, pixels: NDArray[np.generic]) -> bool:
    """Whether coded data of a JPEG is missing before its end marker.

    Libjpeg makes up what is missing, and only warns. More coded data before the marker changes the
    pixels if some was missing, and is ignored otherwise.
    """
    longer = np.frombuffer(data[:end] + _PADDING + data[end:], np.uint8)
    with silenced():
        again = cv2.imdecode(longer, cv2.IMREAD_UNCHANGED)
    return again is None or not np.array_equal(again, pixels)


def _check_frame(path: Path, marker: int, data: bytes, place: int) -> None:
    if data[place + 7 : place + 8] == bytes([_CMYK]):
        raise InputError(f"{path} is a CMYK picture", "save it as 8- or 16-bit RGB first")
    if marker in _HUFFMAN and place + _SIZE.stop <= len(data):
        height, width = struct.unpack(">HH", data[place:][_SIZE])
        if height * width > _DENSEST * len(data):
            raise claims_too_much(path, len(data), height, width)
        check_pixels(path, height, width)


def _assembled(parts: list[bytes]) -> tuple[bytes, tuple[str, ...]]:
    """The profile of parts that start with their number, from 1, and how many there are."""
    numbered: dict[int, bytes] = {}
    for part in parts:
        numbered.setdefault(part[0] if part else 0, part)
    counts = {part[1:2] for part in parts}
    if not parts:
        return b"", ()
    if counts == {bytes([len(numbered)])} and sorted(numbered) == [*range(1, len(numbered) + 1)]:
        return b"".join(numbered[number][2:] for number in sorted(numbered)), ()
    return b"", ("its ICC profile is damaged and was ignored",)
