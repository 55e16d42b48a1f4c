"""Reader of finished pictures: PNG, JPEG, WebP and TIFF, 8 or 16 bits, upright, in sRGB.

The bit depth is the file's, never guessed from the values. Floating-point and 32-bit TIFFs and CMYK
pictures are refused: converting them to sRGB takes choices that the photographer has to make.
"""

import logging
import math
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, TypeGuard, cast

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from pairfix.errors import InputError, PairfixError
from pairfix.formats import metadata
from pairfix.formats.colour import adobe_rgb_profile, to_srgb
from pairfix.formats.edge import bands, check_pixels, silenced, too_large
from pairfix.formats.scans import Scans
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import Frame, Pixels
from pairfix.paths import regular

__all__ = [
    "check_tiff",
    "decode_bitmap",
    "decoding",
    "photo_page",
    "tiff_exif",
    "turn_upright",
]

_RGB_HINT = "save it as 8- or 16-bit RGB first"
_TURNS = {1: (0, False), 2: (0, True), 3: (2, False), 4: (2, True)} | {
    5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)
}  # fmt: skip
"""EXIF orientation to quarter turns counter-clockwise, and whether to flip left and right then."""
_JPEG_START, _JPEG_END = b"\xff\xd8", 0xD9
_JPEG_SCAN, _JPEG_PROGRESSIVE = 0xDA, 0xC2
_NONSENSE = np.random.default_rng(0).integers(0, 0xFF, 4096, np.uint8).tobytes()
_JPEG_PADDING = _NONSENSE + b"".join(
    bytes((0xFF, 0xD0 + number % 8)) + _NONSENSE[:64] for number in range(64)
)
"""Coded data of no meaning, followed by restart intervals of it."""
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_HUFFMAN, _JPEG_SIZE = {0xC0, 0xC1, 0xC2}, slice(3, 7)
_JPEG_DENSEST = 512
"""Most pixels in a byte: blocks of 8 x 8, each with at least a bit for its mean (ITU-T T.81)."""
_PNG_START, _PNG_PIXELS, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IDAT", b"IEND"
_PNG_SIZE, _PNG_HEADER, _PNG_CHECKSUM = slice(16, 26), slice(12, 29), slice(29, 33)
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type (PNG 3, 11.2.1)."""
_PNG_DENSEST = 1032
"""Most bytes that Deflate makes of one: 258 of each two bits (RFC 1951)."""
_CMYK = 4
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
"""After any fill bytes; neither a stuffed zero nor a restart within coded data (T.81, B.1.1)."""
_DEPTHS = (np.dtype(np.bool_), np.dtype(np.uint8), np.dtype(np.uint16))
_JPEGS = (tifffile.COMPRESSION.OJPEG, tifffile.COMPRESSION.JPEG)
_GREY_LIKE = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE)
_READABLE = (
    *_GREY_LIKE,
    tifffile.PHOTOMETRIC.RGB,
    tifffile.PHOTOMETRIC.PALETTE,
    tifffile.PHOTOMETRIC.YCBCR,
)

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # or Python prints its messages

_Decoded: TypeAlias = tuple[Pixels, metadata.Exif, bytes, tuple[str, ...]]
"""Pixels (grey, RGB, or either with alpha), EXIF, ICC profile, notes."""


def decode_bitmap(path: Path, *, tiff: bool) -> Frame:
    """A PNG, JPEG, WebP or TIFF as upright sRGB.

    Args:
        path: The file.
        tiff: Whether its content is TIFF.

    Raises:
        InputError: It is damaged, or of a kind that pairfix does not convert.
    """
    pixels, exif, profile, notes = _read_tiff(path) if tiff else _read_opencv(path)
    _check_pixels(path, pixels)
    turned = turn_upright(pixels, metadata.orientation(exif))
    opaque, alpha_notes = _without_alpha(turned)
    rgb, colour_notes = to_srgb(opaque, profile)
    exif[0].pop(metadata.ORIENTATION, None)
    return Frame(
        path=path,
        pixels=cast("Pixels", np.ascontiguousarray(rgb)),
        bayer=None,
        exposure=metadata.exposure(exif),
        camera=metadata.camera(exif),
        taken=metadata.taken(exif),
        orientation=1,
        exif=metadata.clean(exif),
        notes=notes + alpha_notes + colour_notes,
    )


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror as an EXIF orientation (1 to 8) requires; a view of `pixels`."""
    quarters, mirrored = _TURNS[orientation]
    turned = np.rot90(pixels, quarters)
    return turned[:, ::-1] if mirrored else turned


def _read_opencv(path: Path) -> _Decoded:
    with decoding(path):
        data = regular(path).read_bytes()
        end = _check_jpeg(path, data) if data.startswith(_JPEG_START) else None
        if data.startswith(_PNG_START):
            _check_png(path, data)
        with silenced():
            pixels, kinds, blocks = cv2.imdecodeWithMetadata(
                np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED
            )
        if pixels is None or (end is not None and _is_cut(data, end, pixels)):
            raise _damaged(path)
    found = {kind: np.asarray(block).tobytes() for kind, block in zip(kinds, blocks, strict=True)}
    block = found.get(cv2.IMAGE_METADATA_EXIF, b"")
    profile = found.get(cv2.IMAGE_METADATA_ICCP, b"")
    notes: tuple[str, ...] = ()
    if not profile and metadata.claims_adobe_rgb(block):
        profile, notes = adobe_rgb_profile(), ("its EXIF says Adobe RGB",)
    return _from_bgr(pixels), metadata.parse(block), profile, notes


def _from_bgr(pixels: NDArray[np.generic]) -> Pixels:
    swapped = pixels if pixels.ndim == 2 else pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]  # noqa: PLR2004
    return cast("Pixels", swapped)


def _check_jpeg(path: Path, data: bytes) -> int:
    """Where the end marker is.

    OpenCV converts CMYK blindly, fills up scans that are missing, and believes any size: they are
    refused first.
    """
    place, scans = len(_JPEG_START), None
    while found := _MARKER.search(data, place):
        marker, place = data[found.end() - 1], found.end()
        if marker == _JPEG_END:
            if scans and not scans.complete:
                raise _damaged(path)
            return found.start()
        length = struct.unpack_from(">H", data, place)[0]
        if marker in _JPEG_FRAMES and data[place + 7 : place + 8] == bytes([_CMYK]):
            raise InputError(f"{path} is a CMYK picture", _RGB_HINT)
        if marker in _JPEG_HUFFMAN and place + _JPEG_SIZE.stop <= len(data):
            height, width = struct.unpack(">HH", data[place:][_JPEG_SIZE])
            if height * width > _JPEG_DENSEST * len(data):
                raise _too_short(path, data, height, width)
            check_pixels(path, height, width)
            scans = Scans(data[place : place + length], progressive=marker == _JPEG_PROGRESSIVE)
        if marker == _JPEG_SCAN and scans:
            scans.add(data[place : place + length])
        place += length
    raise _damaged(path)


def _is_cut(data: bytes, end: int, pixels: NDArray[np.generic]) -> bool:
    """Whether coded data of a JPEG is missing before its end marker.

    Libjpeg makes up what is missing, and only warns. More coded data before the marker changes the
    pixels if some was missing, and is ignored otherwise.
    """
    longer = np.frombuffer(data[:end] + _JPEG_PADDING + data[end:], np.uint8)
    with silenced():
        again = cv2.imdecode(longer, cv2.IMREAD_UNCHANGED)
    return again is None or not np.array_equal(again, pixels)


def _check_png(path: Path, data: bytes) -> None:
    """OpenCV trusts damaged sizes and allocates gigabytes for them: detect them first."""
    if zlib.crc32(data[_PNG_HEADER]) != int.from_bytes(data[_PNG_CHECKSUM], "big"):
        raise _damaged(path)
    width, height, depth, colour = struct.unpack(">IIBB", data[_PNG_SIZE])
    check_pixels(path, height, width)
    bits = height * width * depth * _PNG_SAMPLES.get(colour, 1)
    if bits > 8 * _PNG_DENSEST * len(data):
        raise _too_short(path, data, height, width)
    place, kind, pixels = len(_PNG_START), b"", False
    while place + 8 <= len(data) and kind != _PNG_END:
        length, kind = struct.unpack_from(">I4s", data, place)
        pixels |= kind == _PNG_PIXELS
        place += length + 12
    if place > len(data) or not pixels:  # OpenCV would look for them behind the end
        raise _damaged(path)


def _read_tiff(path: Path) -> _Decoded:
    with decoding(path), tifffile.TiffFile(regular(path)) as tiff:
        page = photo_page(tiff)
        check_tiff(path, page)
        profile = page.tags.valueof("InterColorProfile")
        pixels = _page_pixels(page)
        notes: tuple[str, ...] = ()
        if page is not tiff.pages.first:
            notes = ("its first page of full size was read",)
        elif len(tiff.pages) > 1:
            notes = ("the first of its pages was read",)
        exif = tiff_exif(path, page)
    return pixels, exif, profile if isinstance(profile, bytes) else b"", notes


def photo_page(tiff: tifffile.TiffFile) -> tifffile.TiffPage:
    """The first page, or SubIFD of one, that is neither a smaller copy nor a mask of another.

    If all are, the first page (TIFF 6.0, NewSubfileType and SubfileType).
    """
    for page in tiff.pages:
        for candidate in (page,) if _is_photo(page) else page.pages or ():
            if _is_photo(candidate):
                return candidate
    return tiff.pages.first


def _is_photo(page: tifffile.TiffPage | tifffile.TiffFrame) -> TypeGuard[tifffile.TiffPage]:
    return isinstance(page, tifffile.TiffPage) and not (page.is_reduced or page.is_mask)


def tiff_exif(path: Path, page: tifffile.TiffPage) -> metadata.Exif:
    """The EXIF of a TIFF, with the orientation of the page that is read, where it states one."""
    exif, turned = metadata.of_file(path), page.tags.valueof(metadata.ORIENTATION)
    if isinstance(turned, int):
        exif[0][metadata.ORIENTATION] = Entry.of(Kind.SHORT, turned & 0xFFFF)
    return exif


def check_tiff(path: Path, page: tifffile.TiffPage) -> None:
    """Refuse pages that pairfix does not convert, or that are incomplete.

    Raises:
        InputError: The page is one of them.
    """
    check_pixels(path, page.imagelength, page.imagewidth)
    if page.dtype not in _DEPTHS:
        raise InputError(f"{path} is a floating-point, signed or 32-bit TIFF", _RGB_HINT)
    if page.photometric not in _READABLE:
        name = getattr(page.photometric, "name", page.photometric)
        raise InputError(f"{path} holds {name} colours", _RGB_HINT)
    if page.imagedepth != 1:
        raise InputError(f"{path} is a volume, not a picture", _RGB_HINT)
    if _is_plain_ycbcr(page) and page.tags.valueof("YCbCrSubSampling", (2, 2)) != (1, 1):
        raise InputError(f"{path} holds subsampled YCbCr outside a JPEG", _RGB_HINT)
    if not page.is_contiguous and not _is_complete(page):
        raise _damaged(path)


def _is_complete(page: tifffile.TiffPage) -> bool:
    """Whether every strip or tile is in the file; tifffile fills in missing ones."""
    segments = [*zip(page.dataoffsets, page.databytecounts, strict=True)]
    end = page.parent.filehandle.size
    expected = math.prod(page.chunked)
    return len(segments) >= expected and all(0 < size <= end - place for place, size in segments)


def _page_pixels(page: tifffile.TiffPage) -> Pixels:
    """``H x W`` or ``H x W x samples``, scaled to the whole range of the type."""
    pixels = page.asarray()
    if pixels.dtype == np.bool_:
        pixels = pixels.view(np.uint8)
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        return np.moveaxis((page.colormap >> 8).astype(np.uint8)[:, pixels], 0, -1)
    if page.axes.startswith("S"):
        pixels = np.moveaxis(pixels, 0, -1)
    peak = (1 << page.bitspersample) - 1
    full = np.iinfo(pixels.dtype).max
    if peak != full:
        pixels = ((pixels.astype(np.uint32) * full + peak // 2) // peak).astype(pixels.dtype)
    if _is_plain_ycbcr(page):
        return _rgb_of_ycbcr(page, pixels)
    return np.invert(pixels) if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE else pixels


def _is_plain_ycbcr(page: tifffile.TiffPage) -> bool:
    """Whether the samples are Y, Cb and Cr once decoded: JPEG's decoder converts its own."""
    return page.photometric == tifffile.PHOTOMETRIC.YCBCR and page.compression not in _JPEGS


def _rgb_of_ycbcr(page: tifffile.TiffPage, pixels: Pixels) -> Pixels:
    """Y, Cb, Cr to R, G, B, rounded (TIFF 6.0, section 21; its defaults where tags lack)."""
    peak = float(np.iinfo(pixels.dtype).max)
    half = (peak + 1) / 2
    red, green, blue = _rationals(page, "YCbCrCoefficients", (0.299, 0.587, 0.114))
    levels = _rationals(page, "ReferenceBlackWhite", (0.0, peak, half, peak, half, peak))
    blacks, whites = np.array(levels[::2]), np.array(levels[1::2])
    ranges = np.array((peak, peak - half, peak - half)) / (whites - blacks)
    result = np.empty_like(pixels)
    for rows in bands(pixels.shape[0]):
        luma, cb, cr = np.moveaxis((pixels[rows] - blacks) * ranges, -1, 0)
        r, b = cr * (2 - 2 * red) + luma, cb * (2 - 2 * blue) + luma
        g = (luma - blue * b - red * r) / green
        result[rows] = np.rint(np.stack((r, g, b), -1)).clip(0, peak)
    return result


def _rationals(page: tifffile.TiffPage, tag: str, default: tuple[float, ...]) -> tuple[float, ...]:
    """A tag's values; tifffile gives rationals as numerators and denominators in turn."""
    parts = page.tags.valueof(tag)
    if parts is None:
        return default
    values = tuple(top / bottom for top, bottom in zip(parts[::2], parts[1::2], strict=True))
    if len(values) != len(default):
        raise ValueError(f"{tag} has {len(values)} values")
    return values


def _without_alpha(pixels: Pixels) -> tuple[Pixels, tuple[str, ...]]:
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]  # noqa: PLR2004
    if samples in (2, 4):
        opaque = pixels[:, :, 0] if samples == 2 else pixels[:, :, :3]  # noqa: PLR2004
        return opaque, ("its transparency was dropped",)
    return (pixels[:, :, 0] if pixels.ndim == 3 and samples == 1 else pixels), ()  # noqa: PLR2004


def _check_pixels(path: Path, pixels: Pixels) -> None:
    samples = pixels.shape[2] if pixels.ndim == 3 else 1  # noqa: PLR2004
    if pixels.dtype not in (np.uint8, np.uint16) or not pixels.size:
        raise _damaged(path)
    if pixels.ndim not in (2, 3) or samples not in range(1, 5):
        raise InputError(f"{path} holds neither grey nor RGB", _RGB_HINT)


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Translate all errors of decoders to InputError.

    For damaged files, tifffile raises almost anything: ValueError, IndexError, KeyError, TypeError,
    ZeroDivisionError, the codecs' own errors.
    """
    try:
        yield
    except (PairfixError, MemoryError):
        raise
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise too_large(path) from error
        if getattr(error, "func", "") == "validateInputImageSize":
            raise InputError(f"{path} has too many pixels", "make it smaller first") from error
        raise _damaged(path) from error
    except Exception as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged or incomplete", "export or copy it again")


def _too_short(path: Path, data: bytes, height: int, width: int) -> InputError:
    return InputError(
        f"{path} claims {width} x {height} pixels, which its {len(data)} bytes cannot hold",
        "export or copy it again",
    )
