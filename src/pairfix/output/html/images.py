"""What the page shows of the photos' pixels: JPEGs as data URIs, and histograms."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.crops import cut
from pairfix.formats.encode import to_eight_bits
from pairfix.formats.orientation import turn_upright
from pairfix.image import Picture

__all__ = [
    "BUDGET",
    "DECADES",
    "PLOT_HEIGHT",
    "PLOT_WIDTH",
    "Image",
    "ImageSet",
    "Tones",
    "draw_map",
    "fit_images",
    "measure_tones",
]

EightBits = NDArray[np.uint8]

BUDGET = 1_900_000
"""Most characters of all data URIs together, so that the page with its text stays under 2 MB."""
PLOT_WIDTH, PLOT_HEIGHT = 256, 100
"""Size of the histogram in its own units."""
DECADES = 5
"""Powers of ten on its vertical axis, from 100 % down to 0.001 % of the pixels per bin."""

_THUMBNAIL = 480
"""Longest side of a thumbnail in pixels."""
_THUMBNAIL_QUALITY = 82
_LEVELS = 256
_LEVELS_PER_BIN = 2


@dataclass(frozen=True, slots=True)
class Image:
    """A picture inside the page."""

    uri: str
    """``data:image/jpeg;base64,...``"""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ImageSet:
    """All pictures of the page, by the photo's name."""

    whole: Mapping[str, Image]
    thumbnails: Mapping[str, Image]
    crops: Sequence[Mapping[str, Image]]
    """One mapping per place."""

    @property
    def size(self) -> int:
        """Characters of all data URIs."""
        every = [*self.whole.values(), *self.thumbnails.values()]
        every += [image for row in self.crops for image in row.values()]
        return sum(len(image.uri) for image in every)


@dataclass(frozen=True, slots=True)
class Tones:
    """The distribution of a photo's brightness."""

    path: str
    """SVG path data of the closed histogram: x is the level, y the logarithmic share of pixels."""
    mean: float
    """Mean level, 0 to 255."""
    black: float
    """Share of pixels at the darkest of 256 levels."""
    white: float
    """Share of pixels at the brightest of 256 levels."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """Size and quality of the pictures."""

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
"""From the best to the smallest; even pure noise fits with the last one."""


def fit_images(
    pictures: Mapping[str, Picture],
    places: Sequence[tuple[int, int]],
    side: int,
    budget: int = BUDGET,
) -> ImageSet:
    """Make the page's pictures as large and good as fits into the budget.

    Args:
        pictures: Of one scene, by name.
        places: Top-left corners of the crops.
        side: Side of the crops in pixels; they are not scaled.
        budget: Most characters of all data URIs together.

    Returns:
        The best pictures that fit, or else the smallest.
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


def measure_tones(picture: Picture) -> Tones:
    """Count the levels of a picture's luma (ITU-R BT.601 weights, sRGB-encoded, 8 bits)."""
    levels = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY).astype(np.uint16) >> 8
    shares = np.bincount(levels.ravel(), minlength=_LEVELS) / levels.size
    return Tones(
        path=_steps(shares.reshape(-1, _LEVELS_PER_BIN).sum(axis=1)),
        mean=float(shares @ np.arange(_LEVELS)),
        black=float(shares[0]),
        white=float(shares[-1]),
    )


def draw_map(share: NDArray[np.float32], orientation: int) -> Image:
    """A map of shares, 0 (black) to 1 (white), as a thumbnail.

    Args:
        share: ``h x w``.
        orientation: EXIF orientation (1 to 8) that the map still needs.
    """
    levels = np.rint(np.clip(share, 0, 1) * (_LEVELS - 1)).astype(np.uint8)
    upright = np.asarray(turn_upright(levels, orientation), np.uint8)
    scale = _THUMBNAIL / max(upright.shape)
    drawn = cv2.resize(upright, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    coloured = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_GRAY2RGB), np.uint8)
    return _encoded({"": coloured}, _THUMBNAIL_QUALITY)[""]


def _shrunk(pictures: Mapping[str, Picture], longest: int) -> dict[str, EightBits]:
    """The whole photos, reduced to `longest` if they are larger."""
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
    """JPEGs, with full colour resolution if `sharp`."""
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


def _steps(shares: NDArray[np.float64]) -> str:
    """A closed outline; shares below the axis are drawn on it."""
    decades = np.log10(np.maximum(shares, 10.0**-DECADES))
    heights = -decades / DECADES * PLOT_HEIGHT
    width = PLOT_WIDTH / len(shares)
    steps = "".join(
        f"V{height:.1f}H{(index + 1) * width:g}" for index, height in enumerate(heights)
    )
    return f"M0,{PLOT_HEIGHT}{steps}V{PLOT_HEIGHT}Z"
