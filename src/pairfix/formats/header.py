"""Sizes and EXIF of finished pictures from their headers, without reading pixels.

PNG and WebP are parsed by hand: Pillow decodes a PNG before it finds EXIF behind the pixels, reads
the whole of a WebP, and refuses one of more than 179 megapixels.
"""

import os
import struct
import warnings
from pathlib import Path
from typing import BinaryIO, TypeAlias

import tifffile
from PIL.JpegImagePlugin import JpegImageFile

from pairfix.errors import InputError
from pairfix.formats import metadata
from pairfix.formats.bitmap import decoding
from pairfix.formats.cicp import check_profile
from pairfix.formats.heif import read_heif
from pairfix.formats.jxl import read_jxl
from pairfix.formats.jxl_header import CODESTREAM, CONTAINER
from pairfix.formats.png import colour_profile, read_png
from pairfix.formats.tiff_page import check_tiff, photo_page, tiff_exif, tiff_profile
from pairfix.image import HeaderFacts

__all__ = ["picture_facts"]

_CMYK = 4
"""Components."""
_FIRST_SIDEWAYS = 5
"""First EXIF orientation that swaps height and width."""

_Header: TypeAlias = tuple[int, int, metadata.Exif, bytes]
"""Height and width as stored; EXIF; ICC profile."""


def picture_facts(path: Path, *, tiff: bool) -> HeaderFacts:
    """The facts of a PNG, JPEG, WebP, AVIF, HEIC, JPEG XL or TIFF.

    Args:
        path: The file.
        tiff: Whether its content is TIFF.

    Raises:
        InputError: Its header is damaged, or it is of a kind that pairfix does not convert.
    """
    with decoding(path):
        height, width, exif, profile = _of_tiff(path) if tiff else _of_bitmap(path)
        if not height * width:
            raise ValueError("no pixels")
        check_profile(path, profile)
    sideways = metadata.orientation(exif) >= _FIRST_SIDEWAYS
    return HeaderFacts(
        path=path,
        kind="picture",
        size=(width, height) if sideways else (height, width),
        exposure=metadata.exposure(exif),
        camera=metadata.camera(exif),
        taken=metadata.moment(exif),
        is_result=metadata.is_result(exif),
        sideways=sideways,
    )


def _of_tiff(path: Path) -> _Header:
    with tifffile.TiffFile(path) as tiff:
        page = photo_page(tiff)
        check_tiff(path, page)
        size = int(page.imagelength), int(page.imagewidth)
        return *size, tiff_exif(path, page), tiff_profile(page)


def _of_bitmap(path: Path) -> _Header:
    with path.open("rb") as file:
        kind, box = file.read(4), file.read(4)
        if box == b"ftyp":
            heif = read_heif(path, file)
            return heif.height, heif.width, heif.exif, heif.profile
        if kind.startswith(CODESTREAM) or (kind + box) == CONTAINER[:8]:
            return _of_jxl(path, file)
        if kind == b"RIFF":
            return _of_webp(file)
        return _of_png(path, file) if kind == b"\x89PNG" else _of_jpeg(path, file)


def _of_jxl(path: Path, file: BinaryIO) -> _Header:
    file.seek(0)
    jxl = read_jxl(path, file.read())
    return jxl.header.height, jxl.header.width, jxl.exif, jxl.profile


def _of_jpeg(path: Path, file: BinaryIO) -> _Header:
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged EXIF
        image = JpegImageFile(file)  # Image.open would refuse photos over 179 megapixels
    if image.layers == _CMYK:
        raise InputError(f"{path} is a CMYK picture", "save it as 8- or 16-bit RGB first")
    exif = metadata.parse(image.info.get("exif", b""))
    return image.height, image.width, exif, image.info.get("icc_profile") or b""


def _of_png(path: Path, file: BinaryIO) -> _Header:
    png = read_png(file)
    profile, _ = colour_profile(path, png)
    return png.height, png.width, metadata.parse(png.exif), profile


def _of_webp(file: BinaryIO) -> _Header:
    """Walks all chunks, because EXIF is at the end (RFC 9649)."""
    exif, profile, sizes = b"", b"", []
    file.seek(12)
    while len(head := file.read(8)) == 8:  # noqa: PLR2004
        kind, length = struct.unpack("<4sI", head)
        following = file.tell() + length + length % 2
        if kind in _WEBP_SIZES:
            sizes.append(_WEBP_SIZES[kind](file.read(10)))
        elif kind == b"EXIF":
            exif = _read(file, length)
        elif kind == b"ICCP":
            profile = _read(file, length)
        file.seek(following)
    return *sizes[0], metadata.parse(exif), profile


def _read(file: BinaryIO, length: int) -> bytes:
    """So many bytes; `read` alone would take memory for as many as a damaged length claims."""
    if length > os.fstat(file.fileno()).st_size:
        raise ValueError("it ends too early")
    return file.read(length)


def _canvas_size(chunk: bytes) -> tuple[int, int]:
    width, height = (int.from_bytes(chunk[place : place + 3], "little") for place in (4, 7))
    return height + 1, width + 1


def _lossy_size(chunk: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<HH", chunk[6:10])
    return height & 0x3FFF, width & 0x3FFF


def _lossless_size(chunk: bytes) -> tuple[int, int]:
    bits = int.from_bytes(chunk[1:5], "little")
    return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1


_WEBP_SIZES = {b"VP8X": _canvas_size, b"VP8 ": _lossy_size, b"VP8L": _lossless_size}
