"""Photos inside the page: JPEG as data URIs, as good as the file's size allows."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.crops import cut
from pairfix.formats.encode import to_eight_bits
from pairfix.image import Picture

__all__ = ["BUDGET", "Image", "ImageSet", "fit_images"]

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
    thumbnails = {
        name: _shrunk(picture, _THUMBNAIL, _THUMBNAIL_QUALITY) for name, picture in pictures.items()
    }
    for rung in _LADDER:
        images = ImageSet(
            whole={
                name: _shrunk(picture, rung.side, rung.quality)
                for name, picture in pictures.items()
            },
            thumbnails=thumbnails,
            crops=[
                {
                    name: _image(cut(picture, place, side), rung.crop_quality, sharp=True)
                    for name, picture in pictures.items()
                }
                for place in places
            ],
        )
        if images.size <= budget:
            break
    return images


def _shrunk(picture: Picture, longest: int, quality: int) -> Image:
    """The whole photo, made smaller where it is larger than that."""
    pixels = picture.pixels
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale < 1:
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint16)
    return _image(pixels, quality, sharp=False)


def _image(pixels: NDArray[np.uint16], quality: int, *, sharp: bool) -> Image:
    """A JPEG, with full colour resolution if it is to be `sharp`."""
    sampling = (
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if sharp else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    )
    parameters = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling),
        *(cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    ]
    swapped = cv2.cvtColor(to_eight_bits(pixels), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", swapped, parameters)
    height, width = pixels.shape[:2]
    encoded = base64.b64encode(data.tobytes()).decode("ascii")
    return Image(f"data:image/jpeg;base64,{encoded}", width, height)
