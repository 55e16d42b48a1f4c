"""Access to LibRaw: opening raw files, a camera's colours, scaling mosaics for it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rawpy
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats.dng_jxl import JPEG_XL, without_jpeg_xl
from pairfix.formats.edge import bands, check_pixels, silenced, too_large
from pairfix.formats.tiff import Entry
from pairfix.formats.tiff_read import BIG_TIFF_HEADS, read_chain

__all__ = [
    "FULL_SCALE",
    "XYZ_TO_SRGB",
    "CameraColour",
    "opened",
    "read_colour",
    "scaled_bands",
    "visible_crop",
]

FULL_SCALE = 65535
"""White level of the mosaics that pairfix writes."""
_COMPRESSION, _COMPRESSIONS = 259, {1, 7, 8, 34892, JPEG_XL}
"""None, lossless JPEG, Deflate, lossy JPEG and JPEG XL: what a DNG may have (1.7, chapter 3)."""
_NAMES = {9: "VC-5 (GoPro's GPR)"}
"""Compressions of DNGs that are not read."""
_PHOTOMETRIC, _FILTER_ARRAY, _LINEAR_RAW = 262, 32803, 34892
_RAW_PHOTOMETRICS = (_FILTER_ARRAY, _LINEAR_RAW)
_DNG_VERSION, _FILTERS_SIZE = 50706, 33421
_FILTERS_SIZES = ((2, 2), (6, 6))
"""Rows and columns of Bayer arrays and X-Trans."""
XYZ_TO_SRGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)
"""CIE XYZ under D65 to linear sRGB (IEC 61966-2-1)."""


@contextmanager
def opened(path: Path, *, unpack: bool = True) -> Iterator[rawpy.RawPy]:
    """Open and unpack a raw file, and translate LibRaw's errors.

    Args:
        path: The file.
        unpack: Whether to read the whole file; otherwise only its header, until something is
            requested that rawpy must unpack.

    Raises:
        InputError: The file no longer exists, or LibRaw cannot read it.
        MemoryExhaustedError: It is too large.
    """
    try:
        source = _source(path, unpack=unpack)
        with silenced():
            raw = rawpy.imread(source)
        with raw:
            check_pixels(path, raw.sizes.raw_height, raw.sizes.raw_width)
            _check_kind(path)
            if unpack:
                with silenced():
                    raw.unpack()
            yield raw
    except FileNotFoundError as error:
        raise InputError(f"{path} no longer exists", "run again") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (rawpy.LibRawFileUnsupportedError, rawpy.NotSupportedError) as error:
        _check_kind(path)
        message = f"{path} is damaged, incomplete, or not a photo that LibRaw or pairfix knows"
        raise InputError(message, "convert it to DNG, TIFF or PNG and use that") from error
    except (rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawTooBigError, MemoryError) as error:
        raise too_large(path) from error
    except rawpy.LibRawIOError as error:
        raise InputError(f"{path} is damaged or incomplete", "copy it again") from error
    except (rawpy.LibRawError, NotImplementedError) as error:
        raise InputError(
            f"{path} is damaged or incomplete: {_reason(error)}", "copy it again"
        ) from error


def _source(path: Path, *, unpack: bool) -> io.BytesIO | str:
    """What LibRaw opens: the file itself, or what it can read of it."""
    with path.open("rb") as file:
        if file.read(4) in BIG_TIFF_HEADS:
            message = f"{path} is raw data in a BigTIFF, which LibRaw does not read"
            raise InputError(message, "convert it to DNG, TIFF or PNG and use that")
    plain = without_jpeg_xl(path, pixels=unpack)
    if plain is not None:
        return io.BytesIO(plain)
    return io.BytesIO(path.read_bytes()) if unpack or not _is_utf8(path) else str(path)


def _check_kind(path: Path) -> None:
    """Refuse a DNG of a kind that LibRaw does not read, or reads as nonsense, by its name."""
    images = _raw_images(path)
    compressions = {int(each[_COMPRESSION].number or 0) for each in images if _COMPRESSION in each}
    if compressions and not compressions & _COMPRESSIONS:
        named = " and ".join(_NAMES.get(each, f"number {each}") for each in sorted(compressions))
        message = f"{path} is compressed as {named}, which pairfix does not read yet"
        hint = "convert it with Adobe DNG Converter, to an earlier version of DNG"
        raise InputError(message, hint)
    for each in images:
        filtered = each[_PHOTOMETRIC].number == _FILTER_ARRAY and _FILTERS_SIZE in each
        size = each[_FILTERS_SIZE].values if filtered else ()
        if len(size) == 2 and size not in _FILTERS_SIZES:  # noqa: PLR2004
            rows, columns = size
            message = (
                f"{path} has colour filters that repeat every {rows:g} rows and {columns:g} "
                "columns, which LibRaw cannot develop"
            )
            raise InputError(message, "convert it to a linear DNG, TIFF or PNG and use that")


def _raw_images(path: Path) -> list[dict[int, Entry]]:
    """The directories of a DNG that describe sensor data; none of other files."""
    try:
        with path.open("rb") as file:
            found = read_chain(file)
    except (OSError, ValueError):
        return []
    if not any(_DNG_VERSION in each for each in found):
        return []
    return [
        each
        for each in found
        if _PHOTOMETRIC in each and each[_PHOTOMETRIC].number in _RAW_PHOTOMETRICS
    ]


def _is_utf8(path: Path) -> bool:
    """Whether LibRaw can open the file by itself: it takes names in UTF-8 only."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else error
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def scaled_bands(mosaic: NDArray[np.float32], gain: float = 1.0) -> Iterator[NDArray[np.uint16]]:
    """A mosaic or linear light scaled from 0..1 to 0..65535, rounded and clipped, by bands."""
    for rows in bands(mosaic.shape[0]):
        band = mosaic[rows] * np.float32(gain * FULL_SCALE)
        np.rint(np.clip(band, 0, FULL_SCALE, out=band), out=band)
        yield band.astype(np.uint16)


@dataclass(frozen=True, slots=True)
class CameraColour:
    """What LibRaw knows about a camera."""

    matrix: NDArray[np.float64]
    """3 x 3, from CIE XYZ under D65 to the camera's RGB."""
    crop: tuple[int, int, int, int]
    """Left, top, width and height of the part of the visible mosaic that the camera shows."""


def read_colour(path: Path) -> CameraColour:
    """A camera's colours as LibRaw knows them; an unknown camera is assumed to be linear sRGB.

    Raises:
        InputError: LibRaw cannot read the file.
    """
    with opened(path) as raw:
        matrix = raw.rgb_xyz_matrix[:3].astype(np.float64)
        return CameraColour(matrix if matrix.any() else XYZ_TO_SRGB, visible_crop(raw.sizes))


def visible_crop(sizes: Any) -> tuple[int, int, int, int]:  # noqa: ANN401 (rawpy hides its type)
    """Left, top, width and height of the part of the visible mosaic that the camera shows."""
    left = sizes.crop_left_margin - sizes.left_margin
    top = sizes.crop_top_margin - sizes.top_margin
    right, bottom = left + sizes.crop_width, top + sizes.crop_height
    if 0 <= left < right <= sizes.width and 0 <= top < bottom <= sizes.height:
        return left, top, sizes.crop_width, sizes.crop_height
    return 0, 0, sizes.width, sizes.height
