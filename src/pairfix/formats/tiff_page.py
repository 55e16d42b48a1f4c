"""The photo in a TIFF: which page it is, whether it can be read, its pixels and its EXIF."""

import logging
import math
from pathlib import Path
from typing import TypeGuard

import numpy as np
import tifffile

from pairfix.errors import InputError
from pairfix.formats import metadata
from pairfix.formats.edge import bands, check_pixels
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import Pixels

__all__ = ["check_tiff", "page_pixels", "photo_page", "tiff_exif", "tiff_profile"]

_RGB_HINT = "save it as 8- or 16-bit RGB first"
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


def tiff_profile(page: tifffile.TiffPage) -> bytes:
    """The ICC profile of a page; empty if it has none."""
    profile = page.tags.valueof("InterColorProfile")
    return profile if isinstance(profile, bytes) else b""


def check_tiff(path: Path, page: tifffile.TiffPage) -> None:
    """Refuse pages that pairfix does not convert, or that are incomplete.

    Raises:
        InputError: pairfix does not convert it.
        ValueError: It is incomplete.
    """
    check_pixels(path, page.imagelength, page.imagewidth)
    if page.dtype not in _DEPTHS:
        raise InputError(f"{path} is a floating-point, signed or 32-bit TIFF", _RGB_HINT)
    if page.photometric not in _READABLE:
        name = getattr(page.photometric, "name", page.photometric)
        raise InputError(f"{path} holds {name} colours", _RGB_HINT)
    if len(page.extrasamples) > 1:
        raise InputError(f"{path} holds neither grey nor RGB", _RGB_HINT)
    if page.imagedepth != 1:
        raise InputError(f"{path} is a volume, not a picture", _RGB_HINT)
    if _is_plain_ycbcr(page) and page.tags.valueof("YCbCrSubSampling", (2, 2)) != (1, 1):
        raise InputError(f"{path} holds subsampled YCbCr outside a JPEG", _RGB_HINT)
    if not page.is_contiguous and not _is_complete(page):
        raise ValueError("a strip or tile is outside the file")


def _is_complete(page: tifffile.TiffPage) -> bool:
    """Whether every strip or tile is in the file; tifffile fills in missing ones."""
    segments = [*zip(page.dataoffsets, page.databytecounts, strict=True)]
    end = page.parent.filehandle.size
    expected = math.prod(page.chunked)
    return len(segments) >= expected and all(0 < size <= end - place for place, size in segments)


def page_pixels(page: tifffile.TiffPage) -> Pixels:
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
    pixels = _with_straight_alpha(page, pixels)
    if _is_plain_ycbcr(page):
        return _rgb_of_ycbcr(page, pixels)
    return np.invert(pixels) if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE else pixels


def _with_straight_alpha(page: tifffile.TiffPage, pixels: Pixels) -> Pixels:
    """Colours as they were before alpha was multiplied in (TIFF 6.0, ExtraSamples)."""
    if page.extrasamples != (tifffile.EXTRASAMPLE.ASSOCALPHA,):
        return pixels
    full = np.iinfo(pixels.dtype).max
    result = pixels.copy()
    for rows in bands(pixels.shape[0]):
        alpha = np.maximum(pixels[rows, :, -1:].astype(np.uint64), 1)
        straight = (pixels[rows, :, :-1] * np.uint64(full) + alpha // 2) // alpha
        result[rows, :, :-1] = np.minimum(straight, full)
    return result


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
