"""DNGs compressed as JPEG XL (DNG 1.7): the same files, stored plainly, which LibRaw reads.

Everything but the samples of raw images stays where it is, so that black and white levels, crops,
linearization and colours are LibRaw's work as for any other DNG.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats.edge import check_pixels
from pairfix.formats.jxl import codestream, decoded_jxl
from pairfix.formats.jxl_header import parse_header
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_read import Layout, located_chain, read_header

__all__ = ["JPEG_XL", "without_jpeg_xl"]

JPEG_XL = 52546
"""Its number among compressions (DNG 1.7.1, chapter 3)."""
_WIDTH, _HEIGHT, _DEPTH, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES = 277
_STRIPS, _STRIP_ROWS, _STRIP_SIZES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES = 322, 323, 324, 325
_ROW_FIELDS, _COLUMN_FIELDS = 50975, 52547
"""RowInterleaveFactor and ColumnInterleaveFactor."""
_WHITE = 50717
_REPLACED = {
    *(_DEPTH, _COMPRESSION, _STRIPS, _STRIP_ROWS, _STRIP_SIZES),
    *(_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES, _ROW_FIELDS, _COLUMN_FIELDS),
}
_RAW_PHOTOMETRICS = (32803, 34892)
"""Under a colour filter array, and linear."""
_MOST_FIELDS = 16
_DEPTHS = range(8, 17)
_STORED_DEPTH = 16
_LARGEST_FILE = 0xFFFFFFFF
_COUNT = 2
"""Bytes of a directory's number of entries."""


def without_jpeg_xl(path: Path, *, pixels: bool = True) -> bytearray | None:
    """A DNG's bytes with its raw images uncompressed; None if it has none of JPEG XL.

    Args:
        path: The file; none is found in a BigTIFF.
        pixels: Whether the images are decoded; otherwise they are black.

    Raises:
        InputError: They are damaged, or of a kind that pairfix does not convert.
        OSError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            layout, _ = read_header(file)
            found = {
                place: directory
                for place, directory in located_chain(file).items()
                if _number(directory, _COMPRESSION) == JPEG_XL
                and _number(directory, _PHOTOMETRIC) in _RAW_PHOTOMETRICS
            }
            if layout.big or not found:
                return None
            file.seek(0)
            data = bytearray(file.read())
    except ValueError:
        return None
    try:
        for place, directory in found.items():
            image = _Image.of(path, directory)
            samples = image.decoded(path, data) if pixels else image.black()
            _store(data, layout, place, image, samples)
    except (ValueError, struct.error) as error:
        raise InputError(f"{path} is damaged or incomplete: {error}", "copy it again") from error
    return data


@dataclass(frozen=True, slots=True)
class _Image:
    """A raw image, by its tags."""

    shape: tuple[int, int, int]
    """Rows, columns and samples."""
    depth: int
    """Bits of a sample; its levels, like white, are on this scale."""
    tile: tuple[int, int]
    """Rows and columns of a tile or strip."""
    places: tuple[tuple[int, int], ...]
    """Offset and length of each."""
    fields: tuple[int, int]
    """How many fields of rows and columns it is split into (RowInterleaveFactor)."""

    @classmethod
    def of(cls, path: Path, tags: dict[int, Entry]) -> "_Image":
        height, width = _whole(tags, _HEIGHT), _whole(tags, _WIDTH)
        check_pixels(path, height, width)
        offsets, sizes = (_TILES, _TILE_SIZES) if _TILES in tags else (_STRIPS, _STRIP_SIZES)
        if _TILES in tags:
            tile = _whole(tags, _TILE_HEIGHT), _whole(tags, _TILE_WIDTH)
        else:
            tile = min(_whole(tags, _STRIP_ROWS, height), height), width
        if offsets not in tags or sizes not in tags:
            raise ValueError("it does not say where its pixels are")
        places = tuple(
            (int(place), int(size))
            for place, size in zip(tags[offsets].values, tags[sizes].values, strict=True)
        )
        if len(places) != math.ceil(height / tile[0]) * math.ceil(width / tile[1]):
            raise ValueError(f"{len(places)} tiles do not make a picture")
        fields = _whole(tags, _ROW_FIELDS, 1), _whole(tags, _COLUMN_FIELDS, 1)
        samples, depth = _whole(tags, _SAMPLES, 1), _whole(tags, _DEPTH)
        if max(fields) > _MOST_FIELDS or samples not in (1, 3):
            raise _foreign(path, f"of {samples} samples in {fields[0]} x {fields[1]} fields")
        if depth not in _DEPTHS:
            raise _foreign(path, f"of {depth} bits")
        return cls((height, width, samples), depth, tile, places, fields)

    def black(self) -> NDArray[np.uint16]:
        return np.zeros(self.shape, np.uint16)

    def decoded(self, path: Path, data: bytearray) -> NDArray[np.uint16]:
        """``H x W x samples``, on the scale of the tags."""
        parts = [*self._parts(path, data)]
        stored = self.black()
        for (top, left), coded, bits in parts:
            tile = decoded_jxl(coded)
            tile = tile.reshape(*tile.shape[:2], -1)
            target = stored[top : top + self.tile[0], left : left + self.tile[1]]
            if tile.dtype not in (np.uint8, np.uint16) or tile.shape[2] != target.shape[2]:
                raise ValueError("a tile has other samples than the picture")
            target[:] = _on_scale(tile[: target.shape[0], : target.shape[1]], bits, self.depth)
        return self._woven(stored)

    def _parts(self, path: Path, data: bytearray) -> Iterator[tuple[tuple[int, int], bytes, int]]:
        """Top and left, codestream and depth of each tile, whose size is checked."""
        height, width, _ = self.shape
        (rows, columns) = self.tile
        corners = product(range(0, height, rows), range(0, width, columns))
        for (top, left), (place, size) in zip(corners, self.places, strict=True):
            coded = bytes(data[place : place + size])
            head = parse_header(codestream(coded))
            if head.floating:
                raise _foreign(path, "of floating-point samples")
            least = min(rows, height - top), min(columns, width - left)
            if not (least[0] <= head.height <= rows and least[1] <= head.width <= columns):
                raise ValueError("a tile has another size than the picture's")
            check_pixels(path, head.height, head.width)
            yield (top, left), coded, head.bits

    def _woven(self, stored: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """The picture whose rows and columns were split into fields, one after the other."""
        down, across = self.fields
        if down == across == 1:
            return stored
        height, width, _ = self.shape
        rows = np.concatenate([np.arange(first, height, down) for first in range(down)])
        columns = np.concatenate([np.arange(first, width, across) for first in range(across)])
        picture = np.empty_like(stored)
        picture[np.ix_(rows, columns)] = stored
        return picture


def _on_scale(samples: NDArray[np.generic], bits: int, depth: int) -> NDArray[np.uint16]:
    """Samples of a codestream, whose white is that of its own depth, on another depth's scale."""
    levels = samples.astype(np.uint16)
    if bits == depth:
        return levels
    scaled = levels * ((2**depth - 1) / (2**bits - 1))
    return np.rint(scaled).clip(0, 65535).astype(np.uint16)


def _store(
    data: bytearray, layout: Layout, place: int, image: _Image, samples: NDArray[np.uint16]
) -> None:
    """Append the samples to a file, and describe them in the directory at `place`."""
    order, planes = layout.order, samples.shape[2]
    data += bytes(len(data) % 2)
    depths = len(data)
    data += struct.pack(f"{order}{planes}H", *[_STORED_DEPTH] * planes)
    strip = len(data)
    if strip + samples.nbytes > _LARGEST_FILE:
        raise ValueError("it is larger than 4 GB once decoded")
    data += samples.astype(f"{order}u2", copy=False).data.cast("B")
    numbers = {
        _COMPRESSION: 1,
        _STRIPS: strip,
        _STRIP_SIZES: samples.nbytes,
    }
    if image.depth != _STORED_DEPTH:
        numbers[_WHITE] = 2**image.depth - 1
    added = {
        tag: layout.entry.pack(tag, Kind.LONG, 1, struct.pack(f"{order}I", number))
        for tag, number in numbers.items()
    }
    single = struct.pack(f"{order}H2x", _STORED_DEPTH)
    value = single if planes == 1 else struct.pack(f"{order}I", depths)
    added[_DEPTH] = layout.entry.pack(_DEPTH, Kind.SHORT, planes, value)
    _replace(data, layout, place, added)


def _replace(data: bytearray, layout: Layout, place: int, added: dict[int, bytes]) -> None:
    """Put other entries into the directory at `place`, where those that they replace stand."""
    size, start = layout.entry.size, place + _COUNT
    end = start + size * layout.integer(bytes(data[place:start]))
    table, following = data[start:end], data[end : end + layout.place_size]
    old = {layout.integer(each[:2]): each for each in _cut(table, size)}
    kept = {tag: each for tag, each in old.items() if tag not in _REPLACED}
    entries = sorted((added | kept).items())
    if len(entries) > len(old):
        raise ValueError("its directory has no place for the tags of uncompressed samples")
    block = struct.pack(f"{layout.order}H", len(entries))
    block += b"".join(each for _, each in entries) + following
    data[place : place + len(block)] = block


def _cut(table: bytearray, size: int) -> Iterator[bytes]:
    for start in range(0, len(table), size):
        yield bytes(table[start : start + size])


def _number(tags: dict[int, Entry], tag: int) -> float | None:
    return tags[tag].number if tag in tags else None


def _whole(tags: dict[int, Entry], tag: int, default: int | None = None) -> int:
    value = _number(tags, tag) if tag in tags else default
    if value is None or value < 1:
        raise ValueError(f"its tag {tag} is missing or wrong")
    return int(value)


def _foreign(path: Path, kind: str) -> InputError:
    message = f"{path} is compressed as JPEG XL {kind}, which pairfix does not read"
    hint = "convert it with Adobe DNG Converter, to an earlier version of DNG"
    return InputError(message, hint)
