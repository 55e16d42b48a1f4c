"""Linear DNG: restored raws as three channels of light (DNG 1.7, LinearRaw).

Raws without a Bayer mosaic (X-Trans, Foveon, linear and ProRAW files) were developed before they
were restored. The file holds the light of that picture, in sRGB's primaries, as if these were a
camera's. A Bayer mosaic that was demosaiced keeps the colours of its camera.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.formats.atomic import replacing
from pairfix.formats.dng_layout import compressed, crop_tags, with_previews
from pairfix.formats.dng_names import (
    AS_SHOT_NEUTRAL,
    BACKWARD_VERSION,
    BASELINE_EXPOSURE,
    COLOR_MATRIX,
    D65,
    DEFAULT_SCALE,
    DNG_VERSION,
    ILLUMINANT,
    PHOTOMETRIC,
    UNIQUE_MODEL,
)
from pairfix.formats.dng_source import camera_colour, mosaic_noise_tags, noise_tags, photo_tags
from pairfix.formats.libraw import FULL_SCALE, XYZ_TO_SRGB, scaled_bands
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_file import write_pages
from pairfix.image import Bayer, Frame, Picture
from pairfix.light import planes_from_frame
from pairfix.noise.profile import photo_noise

__all__ = ["write_linear_dng"]

_LINEAR_RAW = 34892
_CHANNELS = 3
_GREEN_SPLIT = 50733


def write_linear_dng(
    source: Frame,
    light: NDArray[np.float32],
    baseline_exposure: float,
    path: Path,
    *,
    picture: Picture | None,
    overwrite: bool,
) -> None:
    """Write linear light; see `pairfix.formats.encode_linear_dng`."""
    height, width = light.shape[:2]
    colour = (
        _srgb(source, light, baseline_exposure)
        if source.bayer is None
        else _of_camera(source, source.bayer, light, baseline_exposure)
    )
    directory: Directory = {
        **photo_tags(source),
        **_structure(height, width),
        **colour,
    }
    raw = compressed(scaled_bands(light), (height, width), directory)
    with replacing(path, overwrite=overwrite) as file:
        write_pages(file, with_previews(raw, picture, source))


def _srgb(source: Frame, light: NDArray[np.float32], baseline_exposure: float) -> Directory:
    """Colours, crop and noise of a picture. Its model is not the camera's: no profile applies."""
    height, width = light.shape[:2]
    before = photo_noise(planes_from_frame(source))
    left = photo_noise(light.transpose(2, 0, 1))
    return {
        **noise_tags(source, before, left),
        **crop_tags((0, 0, width, height)),
        BACKWARD_VERSION: Entry.of(Kind.BYTE, 1, 1, 0, 0),
        UNIQUE_MODEL: Entry.text(f"{source.camera or 'Unknown'}, linear sRGB by pairfix"),
        COLOR_MATRIX: Entry.of(Kind.SRATIONAL, *XYZ_TO_SRGB.ravel()),
        AS_SHOT_NEUTRAL: Entry.of(Kind.RATIONAL, 1, 1, 1),
        BASELINE_EXPOSURE: Entry.of(Kind.SRATIONAL, round(baseline_exposure, 4)),
        ILLUMINANT: Entry.of(Kind.SHORT, D65),
    }


def _of_camera(
    source: Frame, bayer: Bayer, light: NDArray[np.float32], baseline_exposure: float
) -> Directory:
    """Colour, crop and noise as of the mosaic, whose samples are in the light at their places."""
    mosaic = np.empty(light.shape[:2], np.float32)
    for place, letter in enumerate(bayer.pattern):
        row, column = divmod(place, 2)
        mosaic[row::2, column::2] = light[row::2, column::2, "RGB".index(letter)]
    colour = camera_colour(source, bayer, baseline_exposure)
    colour.pop(_GREEN_SPLIT, None)
    return colour | mosaic_noise_tags(source, bayer, mosaic)


def _structure(height: int, width: int) -> Directory:
    """How to read the samples: 16 bits of three interleaved channels, black is 0."""
    return {
        254: Entry.of(Kind.LONG, 0),
        256: Entry.of(Kind.LONG, width),
        257: Entry.of(Kind.LONG, height),
        258: Entry.of(Kind.SHORT, *(16,) * _CHANNELS),
        PHOTOMETRIC: Entry.of(Kind.SHORT, _LINEAR_RAW),
        277: Entry.of(Kind.SHORT, _CHANNELS),
        284: Entry.of(Kind.SHORT, 1),
        DNG_VERSION: Entry.of(Kind.BYTE, 1, 4, 0, 0),
        50717: Entry.of(Kind.LONG, *(FULL_SCALE,) * _CHANNELS),
        DEFAULT_SCALE: Entry.of(Kind.RATIONAL, 1, 1),
    }
