"""Photos inside the page: JPEG as data URIs, as good as the file's size allows."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.crops import cut
from pairfix.formats.encode import to_eight_bits
from pairfix.image import Picture

__all__ = ["BUDGET", "Image", "ImageSet", "fit_images"]

EightBits = NDArray[np.uint8]

BUDGET = 1_900_000
"""Characters of all data URIs together, so that the page with its text stays under 2 MB."""

_THUMBNAIL = 480
"""Longest side of a thumbnail in pixels."""
_THUMBNAIL_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that the page carries."""

    uri: str
    """``data:image/jpeg;base64,...``"""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Every picture of the page, by the photo's name."""

    whole: Mapping[str, Image]
    thumbnails: Mapping[str, Image]
    crops: Sequence[Mapping[str, Image]]
    """One mapping a place."""

    @property
    def size(self) -> int:
        """Characters of all data URIs."""
        every = [*self.whole.values(), *self.thumbnails.values()]
        every += [image for row in self.crops for image in row.values()]
        return sum(len(image.uri) for image in every)


@dataclass(frozen=True, slots=True)
class _Rung:
    """How large and how good the pictures are."""

    side: int
    """Longest side of the whole photos in pixels."""
    quality: int
    """JPEG quality of the whole photos."""
    crop_quality: int


_LADDER = (
    _Rung(1920, 90, 94),
    _Rung(1920, 85, 92),
    _Rung(1600, 85, 92),
    _Rung(1600, 78, 90),
    _Rung(1280, 78, 88),
    _Rung(1280, 70, 85),
    _Rung(1024, 65, 80),
    _Rung(800, 50, 70),
)
"""From the best to the smallest; even noise fits on the last one."""


def fit_images(
    pictures: Mapping[str, Picture],
    places: Sequence[tuple[int, int]],
    side: int,
    budget: int = BUDGET,
) -> ImageSet:
    """Make the page's pictures as large and good as fits.

    Args:
        pictures: Of one scene, by name.
        places: Top-left corners of the crops.
        side: Of the crops, in pixels; they keep the photo's own pixels.
        budget: Most characters of all data URIs together.

    Returns:
        The best pictures that fit, or the smallest there are.
    """
    crops = [
        {name: to_eight_bits(cut(picture, place, side)) for name, picture in pictures.items()}
        for place in places
    ]
    thumbnails = _encoded(_shrunk(pictures, _THUMBNAIL), _THUMBNAIL_QUALITY)
    for longest, rungs in groupby(_LADDER, key=lambda rung: rung.side):
        whole = _shrunk(pictures, longest)
        for rung in rungs:
            images = ImageSet(
                _encoded(whole, rung.quality),
                thumbnails,
                [_encoded(each, rung.crop_quality, sharp=True) for each in crops],
            )
            if images.size <= budget:
                return images
    return images


def _shrunk(pictures: Mapping[str, Picture], longest: int) -> dict[str, EightBits]:
    """The whole photos, made smaller where they are larger than that."""
    height, width = next(iter(pictures.values())).pixels.shape[:2]
    scale = min(longest / max(height, width), 1)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return {
        name: to_eight_bits(
            cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint16)
        )
        for name, picture in pictures.items()
    }


def _encoded(
    photos: Mapping[str, EightBits], quality: int, *, sharp: bool = False
) -> dict[str, Image]:
    """JPEGs, with full colour resolution if they are to be `sharp`."""
    sampling = (
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if sharp else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    )
    parameters = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling),
        *(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    ]
    return {name: _image(pixels, parameters) for name, pixels in photos.items()}


def _image(pixels: EightBits, parameters: Sequence[int]) -> Image:
    _, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), parameters)
    height, width = pixels.shape[:2]
    encoded = base64.b64encode(data.tobytes()).decode("ascii")
    return Image(f"data:image/jpeg;base64,{encoded}", width, height)
