"""AVIF files: pictures coded as AV1, with ICC profile, code points, EXIF and XMP.

imagecodecs codes the picture, but puts neither profile nor EXIF beside it, so the container is
written here (ISO/IEC 23008-12 on ISO/IEC 14496-12; AVIF 1.1).
"""

import io
import struct

import imagecodecs
import numpy as np

from pairfix.formats.heif import coded_item
from pairfix.image import Pixels

__all__ = ["avif_file"]

_SPEED = 8
"""Of 10. On 1.8 MP of 10 bits at quality 95: 0.8 s, 1.30 bits per sample; at 6, 2.0 s and 1.28."""
_PICTURE, _EXIF, _XMP = 1, 2, 3
"""Item numbers."""
_MATRIX = 6
"""BT.601's, in which AV1 codes luma and chroma (H.273, table 4)."""
_FULL_RANGE = 0x80
_ESSENTIAL, _REQUIRED = 0x80, (b"av1C",)
"""Mark of properties without which nobody can show the picture."""
_BOX_HEAD = 8
_FOUR_BYTES = 0x44
"""Widths of offsets and lengths in the table of places."""


def avif_file(
    pixels: Pixels,
    bits: int,
    quality: int,
    *,
    code_points: tuple[int, int],
    profile: bytes,
    exif: bytes,
    xmp: bytes = b"",
) -> bytes:
    """A picture as an AVIF with full colour resolution (4:4:4).

    Args:
        pixels: ``H x W x 3``, of the range of `bits`.
        bits: Per channel: 8, 10 or 12.
        quality: 1 to 100.
        code_points: Primaries and transfer (H.273); 2 for what has none.
        profile: The ICC profile.
        exif: A TIFF-structured block.
        xmp: A packet; empty for none.

    Raises:
        ValueError: It cannot be coded.
    """
    primaries, transfer = code_points
    try:
        coded = imagecodecs.avif_encode(
            np.ascontiguousarray(pixels),
            quality,
            speed=_SPEED,
            bitspersample=bits,
            pixelformat="444",
            primaries=primaries,
            transfer=transfer,
            matrix=_MATRIX,
        )
    except (imagecodecs.AvifError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    start, configuration, data = coded_item(io.BytesIO(coded))
    height, width = pixels.shape[:2]
    properties = [
        _full(b"ispe", struct.pack(">II", width, height)),
        _full(b"pixi", bytes((3, bits, bits, bits))),
        _box(b"av1C", configuration),
        _box(b"colr", b"prof" + profile),
        _box(b"colr", struct.pack(">4s3HB", b"nclx", *code_points, _MATRIX, _FULL_RANGE)),
    ]
    items = {_PICTURE: (b"av01\0", data), _EXIF: (b"Exif\0", bytes(4) + exif)}
    if xmp:
        items[_XMP] = (b"mime\0application/rdf+xml\0", xmp)
    first = len(start) + len(_meta(items, properties, 0)) + _BOX_HEAD
    contents = _box(b"mdat", *(content for _, content in items.values()))
    return start + _meta(items, properties, first) + contents


def _box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I4s", _BOX_HEAD + len(content), kind) + content


def _full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">B3x", version), content)


def _meta(items: dict[int, tuple[bytes, bytes]], properties: list[bytes], first: int) -> bytes:
    """What there is, with the contents one after another from offset `first`.

    An item is its type, its name and further type, which end with zeros, and its content.
    """
    count = struct.pack(">H", len(items))
    kinds, places = [count], [bytes((_FOUR_BYTES, 0)), count]
    for number, (kind, content) in items.items():
        kinds.append(_full(b"infe", struct.pack(">HH", number, 0) + kind, version=2))
        places.append(struct.pack(">HHHII", number, 0, 1, first, len(content)))
        first += len(content)
    uses = bytes(
        number | (_ESSENTIAL if content[4:8] in _REQUIRED else 0)
        for number, content in enumerate(properties, 1)
    )
    associations = struct.pack(">IHB", 1, _PICTURE, len(uses)) + uses
    return _full(
        b"meta",
        b"".join(
            (
                _full(b"hdlr", struct.pack(">4x4s13x", b"pict")),
                _full(b"pitm", struct.pack(">H", _PICTURE)),
                _full(b"iloc", b"".join(places)),
                _full(b"iinf", b"".join(kinds)),
                _full(b"iref", b"".join(map(_describes, [*items][1:]))),
                _box(b"iprp", _box(b"ipco", *properties), _full(b"ipma", associations)),
            )
        ),
    )


def _describes(item: int) -> bytes:
    return _box(b"cdsc", struct.pack(">HHH", item, 1, _PICTURE))
