"""Previews of DNGs: a small JPEG of the result, and a thumbnail for file browsers.

Both are stored as the mosaic lies, so that one orientation tag holds for all, and show the part
that the camera shows (DNG Specification 1.7, chapter 2, "Previews").
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix._version import __version__
from pairfix.formats.encode import to_eight_bits
from pairfix.formats.orientation import as_stored
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_file import Page
from pairfix.image import Picture

__all__ = ["PREVIEW_PIXELS", "Crop", "preview_page", "shown", "thumbnail_page"]

PREVIEW_PIXELS = 2_000_000
"""The most that a preview has."""
_THUMBNAIL_SIDE = 256
_JPEG_SETTINGS = (*(cv2.IMWRITE_JPEG_QUALITY, 85), *(cv2.IMWRITE_JPEG_OPTIMIZE, 1))
_RGB, _YCBCR = 2, 6
_UNCOMPRESSED, _JPEG = 1, 7
_SRGB = 2
_REDUCED = 1

Crop = tuple[int, int, int, int]
"""Left, top, width and height of the part of a mosaic that is shown."""


def shown(
    picture: Picture, orientation: int, size: tuple[int, int], crop: Crop
) -> NDArray[np.uint16]:
    """The part of a picture that the camera shows, ``h x w x 3``, as the mosaic lies.

    Args:
        picture: The developed mosaic, at any scale.
        orientation: The mosaic's EXIF orientation.
        size: Height and width of the mosaic.
        crop: The part, in the mosaic's samples.
    """
    stored = as_stored(picture.pixels, orientation)
    left, top, width, height = crop
    down, across = stored.shape[0] / size[0], stored.shape[1] / size[1]
    rows = slice(round(top * down), max(round((top + height) * down), 1))
    columns = slice(round(left * across), max(round((left + width) * across), 1))
    return stored[rows, columns]


def preview_page(pixels: NDArray[np.uint16]) -> Page:
    """A JPEG of at most `PREVIEW_PIXELS`, as an image of a DNG."""
    height, width = pixels.shape[:2]
    small = _reduced(pixels, math.sqrt(PREVIEW_PIXELS / (height * width)))
    swapped = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", swapped, _JPEG_SETTINGS)
    tags: Directory = {
        **_tags(small, _JPEG, _YCBCR),
        530: Entry.of(Kind.SHORT, 2, 2),
        531: Entry.of(Kind.SHORT, 1),
        532: Entry.of(Kind.RATIONAL, 0, 255, 128, 255, 128, 255),
    }
    return Page(tags, [data.tobytes()], 1)


def thumbnail_page(pixels: NDArray[np.uint16]) -> Page:
    """At most 256 x 256 uncompressed pixels, which every reader of TIFF shows."""
    small = _reduced(pixels, _THUMBNAIL_SIDE / max(pixels.shape[:2]))
    return Page(_tags(small, _UNCOMPRESSED, _RGB), [small.tobytes()], 1)


def _reduced(pixels: NDArray[np.uint16], factor: float) -> NDArray[np.uint8]:
    if factor >= 1:
        return to_eight_bits(pixels)
    height, width = (max(int(side * factor), 1) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return to_eight_bits(small.astype(np.uint16, copy=False))


def _tags(pixels: NDArray[np.uint8], compression: int, photometric: int) -> Directory:
    height, width = pixels.shape[:2]
    return {
        254: Entry.of(Kind.LONG, _REDUCED),
        256: Entry.of(Kind.LONG, width),
        257: Entry.of(Kind.LONG, height),
        258: Entry.of(Kind.SHORT, 8, 8, 8),
        259: Entry.of(Kind.SHORT, compression),
        262: Entry.of(Kind.SHORT, photometric),
        277: Entry.of(Kind.SHORT, 3),
        278: Entry.of(Kind.LONG, height),
        284: Entry.of(Kind.SHORT, 1),
        50966: Entry.text("pairfix"),
        50967: Entry.text(__version__),
        50970: Entry.of(Kind.LONG, _SRGB),
    }
