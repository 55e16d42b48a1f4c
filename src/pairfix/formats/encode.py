"""Writers of finished pictures: PNG, TIFF, JPEG, AVIF, JPEG XL and OpenEXR."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.errors import MemoryExhaustedError, OutputError, printable
from pairfix.formats import metadata
from pairfix.formats.atomic import replacing
from pairfix.formats.avif import avif_file
from pairfix.formats.colour import to_working
from pairfix.formats.edge import BAND, bands, silenced
from pairfix.formats.embed import jpeg_segments, place_for_segments, png_chunks, tiff_tags
from pairfix.formats.exr import write_exr_file
from pairfix.formats.jxl import jxl_file
from pairfix.formats.lcms import srgb_profile
from pairfix.formats.png_write import png_pieces
from pairfix.formats.spaces import chromaticities, code_points
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_file import write_image
from pairfix.image import Picture, Pixels

__all__ = ["WRITERS", "Encoding", "to_eight_bits"]

_log = logging.getLogger(__name__)

_JPEG = (
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    *(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
)
_SUB_FILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, _PLANAR, _PROFILE = 277, 284, 34675
_CHROMA_POSITION, _COMPONENTS = 531, 0x9101
_RGB = 2
_LARGEST_JPEG_EXIF = 65535 - 2 - len(b"Exif\0\0")
"""Bytes that a segment's 16-bit length leaves after itself and the identifier."""
_NOISE_SIDE = 128


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a picture is written."""

    bits: int
    """Bits per channel, one of those that the format has."""
    quality: int
    """Of lossy formats, 1 to 100."""
    overwrite: bool
    """Whether an existing file may be replaced."""


def write_png(picture: Picture, path: Path, encoding: Encoding) -> None:
    """Write a PNG of 8 or 16 bits per channel.

    Raises:
        OutputError: It cannot be written.
    """
    chunks = png_chunks(picture.profile or srgb_profile(), _exif(picture), picture.description.xmp)
    size, rows = picture.pixels.shape[:2], _bands(picture.pixels, encoding.bits)
    with replacing(path, overwrite=encoding.overwrite) as file:
        file.writelines(png_pieces(rows, size, encoding.bits, chunks))


def write_jpeg(picture: Picture, path: Path, encoding: Encoding) -> None:
    """Write a JPEG with full colour resolution (4:4:4); EXIF tags that do not fit are dropped.

    Raises:
        OutputError: It cannot be written.
    """
    main, photographic, gps = metadata.parse(_exif(picture))
    main[_CHROMA_POSITION] = Entry.of(Kind.SHORT, 1)
    photographic[_COMPONENTS] = Entry(Kind.UNDEFINED, b"\1\2\3\0")
    fitting, dropped = metadata.shortened((main, photographic, gps), _LARGEST_JPEG_EXIF)
    if dropped:
        names = ", ".join(f"0x{tag:04X}" for tag in dropped)
        _log.warning(
            "%s: EXIF tags too large for a JPEG are left out: %s", printable(path.name), names
        )
    exif = metadata.assemble(fitting)
    with replacing(path, overwrite=encoding.overwrite) as file:
        data = _jpeg(picture, path, encoding.quality, exif)
        place = place_for_segments(data)
        file.writelines((data[:place].data, jpeg_segments(picture.description), data[place:].data))


def write_tiff(picture: Picture, path: Path, encoding: Encoding) -> None:
    """Write an uncompressed RGB TIFF of 8 or 16 bits per channel, with EXIF as real directories.

    Raises:
        OutputError: It cannot be written.
    """
    height, width = picture.pixels.shape[:2]
    bits = encoding.bits
    main, photographic, gps = metadata.parse(_exif(picture))
    for tag in (metadata.WIDTH, metadata.HEIGHT):
        del photographic[tag]
    directory: Directory = {
        **metadata.directories((main, photographic, gps)),
        **tiff_tags(picture.description),
        _SUB_FILE: Entry.of(Kind.LONG, 0),
        _WIDTH: Entry.of(Kind.LONG, width),
        _HEIGHT: Entry.of(Kind.LONG, height),
        _BITS: Entry.of(Kind.SHORT, bits, bits, bits),
        _COMPRESSION: Entry.of(Kind.SHORT, 1),
        _PHOTOMETRIC: Entry.of(Kind.SHORT, _RGB),
        _SAMPLES: Entry.of(Kind.SHORT, 3),
        _PLANAR: Entry.of(Kind.SHORT, 1),
        _PROFILE: Entry(Kind.UNDEFINED, picture.profile or srgb_profile()),
    }
    size = height, width * 3 * bits // 8
    with replacing(path, overwrite=encoding.overwrite) as file:
        write_image(file, directory, _bands(picture.pixels, bits), BAND, size)


def write_avif(picture: Picture, path: Path, encoding: Encoding) -> None:
    """Write an AVIF of 8, 10 or 12 bits per channel with full colour resolution (4:4:4).

    Raises:
        OutputError: It cannot be written.
    """
    with replacing(path, overwrite=encoding.overwrite) as file, _encoding(path):
        file.write(
            avif_file(
                _reduced(picture.pixels, encoding.bits),
                encoding.bits,
                encoding.quality,
                code_points=code_points(picture.profile),
                profile=picture.profile or srgb_profile(),
                exif=_exif(picture),
                xmp=picture.description.xmp,
            )
        )


def write_jxl(picture: Picture, path: Path, encoding: Encoding) -> None:
    """Write a lossless JPEG XL of 8 or 16 bits per channel, in the primaries of the picture.

    Raises:
        OutputError: It cannot be written.
    """
    with replacing(path, overwrite=encoding.overwrite) as file, _encoding(path):
        pixels = _reduced(_working(picture), encoding.bits)
        file.write(
            jxl_file(
                pixels, chromaticities(picture.profile), _exif(picture), picture.description.xmp
            )
        )


def write_exr(picture: Picture, path: Path, encoding: Encoding) -> None:
    """Write an OpenEXR of half floats in linear light, in the primaries of the picture.

    Raises:
        OutputError: It cannot be written.
    """
    with replacing(path, overwrite=encoding.overwrite) as file, _encoding(path):
        exif = metadata.parse(_exif(picture))
        write_exr_file(file, _working(picture), chromaticities(picture.profile), exif)


WRITERS: dict[str, Callable[[Picture, Path, Encoding], None]] = {
    "PNG": write_png,
    "JPEG": write_jpeg,
    "TIFF": write_tiff,
    "AVIF": write_avif,
    "JPEG XL": write_jxl,
    "OpenEXR": write_exr,
}
"""Writers of finished pictures by format name."""


def to_eight_bits(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Reduce to 8 bits with a fixed dither of under one level, so that smooth skies do not band.

    Levels that 8 bits can express (multiples of 257, including black and white) stay exact.
    """
    reduced = np.empty(pixels.shape, np.uint8)
    for top in range(0, pixels.shape[0], _NOISE_SIDE):
        band = pixels[top : top + _NOISE_SIDE].astype(np.uint32)
        band += _dither(pixels.shape[1])[: band.shape[0], :, None]
        reduced[top : top + _NOISE_SIDE] = band // 257
    return reduced


def _reduced(pixels: NDArray[np.uint16], bits: int) -> Pixels:
    """In the range of fewer bits; of more than 8 bits, which do not band, rounded."""
    if bits == 8:  # noqa: PLR2004
        return to_eight_bits(pixels)
    if bits == 16:  # noqa: PLR2004
        return pixels
    peak = (1 << bits) - 1
    result = np.empty_like(pixels)
    for rows in bands(pixels.shape[0]):
        result[rows] = (pixels[rows].astype(np.uint32) * peak + 32767) // 65535
    return result


@cache
def _dither(width: int) -> NDArray[np.uint32]:
    """``128 x width`` of constant noise, 0 to 256."""
    noise = np.random.default_rng(0).integers(0, 257, (_NOISE_SIDE, _NOISE_SIDE), np.uint32)
    return np.tile(noise, (1, -(-width // _NOISE_SIDE)))[:, :width]


def _bands(pixels: NDArray[np.uint16], bits: int) -> Iterator[Pixels]:
    for rows in bands(pixels.shape[0]):
        band = pixels[rows]
        yield to_eight_bits(band) if bits == 8 else band  # noqa: PLR2004


def _working(picture: Picture) -> NDArray[np.uint16]:
    """The picture's pixels under sRGB's curve."""
    if not picture.profile:
        return picture.pixels
    return to_working(picture.pixels, picture.profile, picture.profile)[0].astype(np.uint16)


@contextmanager
def _encoding(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise OutputError(f"{path} cannot be encoded: {error}", "try TIFF") from error


def _exif(picture: Picture) -> bytes:
    return metadata.upright(picture.exif, picture.pixels.shape[:2], srgb=not picture.profile)


def _jpeg(picture: Picture, path: Path, quality: int, exif: bytes) -> NDArray[np.uint8]:
    """What OpenCV makes of a picture."""
    blocks = {
        cv2.IMAGE_METADATA_EXIF: exif,
        cv2.IMAGE_METADATA_ICCP: picture.profile or srgb_profile(),
    }
    try:
        swapped = cv2.cvtColor(to_eight_bits(picture.pixels), cv2.COLOR_RGB2BGR)
        with silenced():
            done, data = cv2.imencodeWithMetadata(
                ".jpg",
                swapped,
                list(blocks),
                [np.frombuffer(block, np.uint8) for block in blocks.values()],
                [*_JPEG, cv2.IMWRITE_JPEG_QUALITY, quality],
            )
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            message = f"{path} cannot be encoded: memory ran out"
            raise MemoryExhaustedError(message, "write TIFF, which needs less") from error
        raise OutputError(f"{path} cannot be encoded: {error.err}", "try TIFF") from error
    if not done:
        raise OutputError(f"{path} cannot be encoded", "try TIFF")
    return cast("NDArray[np.uint8]", data)
