"""Reader of finished pictures: PNG, JPEG, WebP, AVIF, HEIC, JPEG XL and TIFF, upright.

The bit depth is the file's, never guessed from the values. Floating-point and 32-bit TIFFs and CMYK
pictures are refused: converting them to sRGB takes choices that the photographer has to make.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, cast

import cv2
import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from pairfix.errors import InputError, PairfixError
from pairfix.formats import metadata
from pairfix.formats.cicp import check_profile
from pairfix.formats.colour import kept_profile, to_working
from pairfix.formats.edge import bands, check_pixels, silenced, too_large
from pairfix.formats.heic import decoded_heic
from pairfix.formats.heif import read_heif
from pairfix.formats.jpeg import START, is_cut, read_jpeg
from pairfix.formats.jxl import decoded_jxl, read_jxl
from pairfix.formats.jxl_header import CODESTREAM, CONTAINER
from pairfix.formats.jxl_profiled import profiled_jxl
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.orientation import as_stored, turn_upright
from pairfix.formats.png import SIGNATURE, check_claim, colour_profile, read_png
from pairfix.formats.tiff_page import check_tiff, page_pixels, photo_page, tiff_exif, tiff_profile
from pairfix.image import Frame, Pixels
from pairfix.paths import regular

__all__ = ["decode_bitmap", "decoding"]

_RGB_HINT = "save it as 8- or 16-bit RGB first"
_RGB_ORDER = {1: [0], 2: [0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}
"""Of OpenCV's channels, by their number."""

_Decoded: TypeAlias = tuple[Pixels, metadata.Exif, bytes, tuple[str, ...]]
"""Pixels (grey, RGB, or either with alpha), EXIF, ICC profile, notes."""


def decode_bitmap(path: Path, *, tiff: bool, wanted: bytes | None = b"") -> Frame:
    """A finished picture, upright, in sRGB or in the working pixels of another space.

    Args:
        path: The file.
        tiff: Whether its content is TIFF.
        wanted: ICC profile that the result shall have; empty for sRGB, None for the file's own.

    Raises:
        InputError: It is damaged, or of a kind that pairfix does not convert.
        MissingExtraError: It is a HEIC, or a JPEG XL with an ICC profile, and the library that
            this takes is not installed.
    """
    pixels, exif, profile, notes = _read_tiff(path) if tiff else _read_coded(path)
    _check_pixels(path, pixels)
    check_profile(path, profile)
    orientation = metadata.orientation(exif)
    opaque, alpha_notes = _without_alpha(turn_upright(pixels, orientation))
    kept, kept_notes = kept_profile(opaque, profile) if wanted is None else (wanted, ())
    rgb, colour_notes = to_working(opaque, profile, kept)
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
        turned=orientation,
        notes=notes + alpha_notes + kept_notes + colour_notes,
        profile=kept,
    )


def _read_coded(path: Path) -> _Decoded:
    with decoding(path):
        data = regular(path).read_bytes()
        if data[4:8] == b"ftyp":
            return _read_heif(path, data)
        if data.startswith((CODESTREAM, CONTAINER)):
            return _read_jxl(path, data)
        return _read_opencv(path, data)


def _read_heif(path: Path, data: bytes) -> _Decoded:
    heif = read_heif(path, io.BytesIO(data))
    check_pixels(path, heif.height, heif.width)
    if heif.is_hevc:  # which libheif turns
        pixels = as_stored(decoded_heic(path, data), metadata.orientation(heif.exif))
    else:
        pixels = imagecodecs.avif_decode(data)
    if pixels.shape[:2] != (heif.height, heif.width) or not 8 <= heif.bits <= 12:  # noqa: PLR2004
        raise _damaged(path)
    pixels = _full_range(pixels, heif.bits)
    return _as_grey(pixels) if heif.grey else pixels, heif.exif, heif.profile, heif.notes


def _read_jxl(path: Path, data: bytes) -> _Decoded:
    jxl = read_jxl(path, data)
    header = jxl.header
    if header.by_profile:
        pixels, bits, profile = profiled_jxl(path, data, header)
    else:
        pixels, bits, profile = cast("Pixels", decoded_jxl(data)), header.bits, jxl.profile
    if pixels.shape[:2] != (header.height, header.width):
        raise _damaged(path)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise _damaged(path)
    pixels = _full_range(pixels, bits)
    return _as_grey(pixels) if header.grey else pixels, jxl.exif, profile, ()


def _full_range(pixels: Pixels, bits: int) -> Pixels:
    """Samples of so many bits in the whole range of their type."""
    peak, full = (1 << bits) - 1, int(np.iinfo(pixels.dtype).max)
    if peak == full:
        return pixels
    result = np.empty_like(pixels)
    for rows in bands(pixels.shape[0]):
        scaled = np.minimum(pixels[rows], peak).astype(np.uint32) * full + peak // 2
        result[rows] = scaled // peak
    return result


def _read_opencv(path: Path, data: bytes) -> _Decoded:
    with decoding(path):
        jpeg = read_jpeg(path, data) if data.startswith(START) else None
        # OpenCV trusts damaged sizes and allocates gigabytes for them: they are checked first.
        png = read_png(io.BytesIO(data)) if data.startswith(SIGNATURE) else None
        if png is not None:
            check_claim(path, png, len(data))
        with silenced():
            pixels, kinds, blocks = cv2.imdecodeWithMetadata(
                np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED
            )
        if pixels is None or (jpeg is not None and is_cut(data, jpeg.end, pixels)):
            raise _damaged(path)
    found = {kind: np.asarray(block).tobytes() for kind, block in zip(kinds, blocks, strict=True)}
    block = found.get(cv2.IMAGE_METADATA_EXIF, b"")
    if png is not None:
        profile, notes = colour_profile(path, png)
        swapped = _from_bgr(pixels)
        return _as_grey(swapped) if png.grey else swapped, metadata.parse(block), profile, notes
    if jpeg is None:
        profile, notes = found.get(cv2.IMAGE_METADATA_ICCP, b""), ()
    else:
        profile, notes = jpeg.profile, jpeg.notes
    if not profile and metadata.claims_adobe_rgb(block):
        profile, notes = adobe_rgb_profile(), (*notes, "its EXIF says Adobe RGB")
    return _from_bgr(pixels), metadata.parse(block), profile, notes


def _from_bgr(pixels: NDArray[np.generic]) -> Pixels:
    swapped = pixels if pixels.ndim == 2 else pixels[:, :, _RGB_ORDER[pixels.shape[2]]]  # noqa: PLR2004
    return cast("Pixels", swapped)


def _as_grey(pixels: Pixels) -> Pixels:
    """Grey that a decoder has repeated as RGB, with the alpha that it may have."""
    if pixels.ndim == 2:  # noqa: PLR2004
        return pixels
    return pixels[:, :, [0, -1]] if pixels.shape[2] in (2, 4) else pixels[:, :, 0]


def _read_tiff(path: Path) -> _Decoded:
    with decoding(path), tifffile.TiffFile(regular(path)) as tiff:
        page = photo_page(tiff)
        check_tiff(path, page)
        profile = tiff_profile(page)
        pixels = page_pixels(page)
        notes: tuple[str, ...] = ()
        if page is not tiff.pages.first:
            notes = ("its first page of full size was read",)
        elif len(tiff.pages) > 1:
            notes = ("the first of its pages was read",)
        exif = tiff_exif(path, page)
    return pixels, exif, profile, notes


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
