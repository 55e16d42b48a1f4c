"""Where things stand in a DNG result: samples in tiles, previews beside them (DNG 1.7)."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.dng_names import CROP_ORIGIN, CROP_SIZE
from pairfix.formats.dng_preview import Crop, preview_page, shown, thumbnail_page
from pairfix.formats.ljpeg import Tiling, encode_tiles
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_file import Page
from pairfix.image import Frame, Picture

__all__ = ["compressed", "crop_tags", "with_previews"]

_COMPRESSION, _LOSSLESS_JPEG = 259, 7
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_OF_THE_SAMPLES = {
    *(254, 256, 257, 258, _COMPRESSION, 262, 277, 284, _TILE_WIDTH, _TILE_LENGTH),
    *(33421, 33422, 50710, 50711, 50713, 50714, 50717, 50718, CROP_ORIGIN, CROP_SIZE),
    *(50733, 50737, 50738, 50780, 50935, 51009, 51022, 51041),
}
"""Tags that stand in the samples' own directory: their structure, filters, levels, scale and crop,
hints, opcodes and noise. The others hold for the whole file."""


def compressed(
    bands: Iterable[NDArray[np.uint16]], size: tuple[int, int], directory: Directory
) -> Page:
    """Samples as lossless JPEG.

    Args:
        bands: Rows, top to bottom, as `pairfix.formats.ljpeg.encode_tiles` takes them.
        size: Their height and width in all.
        directory: All other tags.
    """
    tiling = Tiling.of(size)
    tags: Directory = {
        _COMPRESSION: Entry.of(Kind.SHORT, _LOSSLESS_JPEG),
        _TILE_WIDTH: Entry.of(Kind.LONG, tiling.columns),
        _TILE_LENGTH: Entry.of(Kind.LONG, tiling.rows),
    }
    return Page(directory | tags, encode_tiles(bands, tiling), tiling.count, tiled=True)


def with_previews(raw: Page, picture: Picture | None, source: Frame) -> Page:
    """A thumbnail with what holds for the whole file; in its SubIFDs the samples and a preview.

    Args:
        raw: The samples, with all tags of the file.
        picture: What they look like, upright; None for neither thumbnail nor preview.
        source: What they were restored from, in the same geometry.
    """
    if picture is None:
        return raw
    mine = {tag: entry for tag, entry in raw.directory.items() if tag in _OF_THE_SAMPLES}
    others = {tag: entry for tag, entry in raw.directory.items() if tag not in _OF_THE_SAMPLES}
    (left, top), (width, height) = (
        [int(value) for value in entry.values]
        for entry in (mine[CROP_ORIGIN], mine[CROP_SIZE])
        if isinstance(entry, Entry)
    )
    pixels = shown(picture, source.orientation, source.size, (left, top, width, height))
    thumbnail = thumbnail_page(pixels)
    return replace(
        thumbnail,
        directory=others | thumbnail.directory,
        children=(replace(raw, directory=mine), preview_page(pixels)),
    )


def crop_tags(crop: Crop) -> Directory:
    """The part of the samples that is shown."""
    left, top, width, height = crop
    return {
        CROP_ORIGIN: Entry.of(Kind.LONG, left, top),
        CROP_SIZE: Entry.of(Kind.LONG, width, height),
    }
