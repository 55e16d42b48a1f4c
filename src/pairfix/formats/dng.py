"""DNG: restored mosaics in the colours of their camera, and rendered ones (DNG 1.7)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix._version import __version__
from pairfix.errors import OutputError
from pairfix.formats import metadata
from pairfix.formats.atomic import replacing
from pairfix.formats.dng_layout import compressed, crop_tags, with_previews
from pairfix.formats.dng_names import (
    AS_SHOT_NEUTRAL,
    BACKWARD_VERSION,
    COLOR_MATRIX,
    D65,
    DEFAULT_SCALE,
    DNG_VERSION,
    FILTER_ARRAY,
    ILLUMINANT,
    NOISE_PROFILE,
    PHOTOMETRIC,
    UNIQUE_MODEL,
)
from pairfix.formats.dng_source import (
    camera_colour,
    mosaic_noise_tags,
    named_exif,
    neutral,
    noise_entry,
    photo_tags,
)
from pairfix.formats.edge import BAND, bands
from pairfix.formats.libraw import FULL_SCALE, scaled_bands
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_file import write_image, write_pages
from pairfix.image import Bayer, Frame, Picture

__all__ = ["write_capture", "write_dng"]

_FILTERS = {"R": 0, "G": 1, "B": 2}


def write_dng(
    source: Frame,
    mosaic: NDArray[np.float32],
    baseline_exposure: float,
    path: Path,
    *,
    picture: Picture | None,
    overwrite: bool,
) -> None:
    """Write a mosaic under its source's colours; see `pairfix.formats.encode_dng`."""
    if source.bayer is None:
        raise OutputError(f"{path}: {source.path} has no Bayer mosaic", "write TIFF or PNG")
    stored = replace(source.bayer, black=(0.0,) * 4, white=FULL_SCALE)
    directory: Directory = {
        **photo_tags(source),
        **_structure(stored, source.size),
        **camera_colour(source, source.bayer, baseline_exposure),
        **mosaic_noise_tags(source, source.bayer, mosaic),
    }
    raw = compressed(scaled_bands(mosaic), source.size, directory)
    with replacing(path, overwrite=overwrite) as file:
        write_pages(file, with_previews(raw, picture, source))


def write_capture(
    frame: Frame, matrix: NDArray[np.floating], path: Path, *, overwrite: bool
) -> None:
    """Write a raw frame as a camera would; see `pairfix.formats.encode_capture`."""
    if frame.bayer is None:
        raise OutputError(f"{path} cannot be written: there is no Bayer mosaic", "write PNG")
    height, width = frame.size
    exif = metadata.completed(named_exif(frame), frame.exposure, frame.taken)
    directory = {
        **metadata.directories(exif),
        **_structure(frame.bayer, frame.size),
        **crop_tags((0, 0, width, height)),
        COLOR_MATRIX: Entry.of(Kind.SRATIONAL, *matrix.ravel()),
        ILLUMINANT: Entry.of(Kind.SHORT, D65),
        AS_SHOT_NEUTRAL: neutral(frame.bayer),
        BACKWARD_VERSION: Entry.of(Kind.BYTE, 1, 1, 0, 0),
        UNIQUE_MODEL: Entry.text(frame.camera or "Unknown"),
        metadata.ORIENTATION: Entry.of(Kind.SHORT, frame.orientation),
        metadata.SOFTWARE: Entry.text(f"pairfix synth {__version__}"),
    }
    if frame.noise_profile is not None:
        directory[NOISE_PROFILE] = noise_entry(frame.noise_profile)
    with replacing(path, overwrite=overwrite) as file:
        write_image(
            file,
            directory,
            (frame.pixels[rows] for rows in bands(height)),
            BAND,
            (height, 2 * width),
        )


def _structure(bayer: Bayer, size: tuple[int, int]) -> Directory:
    """How to read the samples of 16 bits (DNG 1.4, chapter 4)."""
    height, width = size
    filters = bytes(_FILTERS[letter] for letter in bayer.pattern)
    red = bayer.pattern.index("R")
    black = (bayer.black[place ^ red] for place in range(4))
    return {
        254: Entry.of(Kind.LONG, 0),
        256: Entry.of(Kind.LONG, width),
        257: Entry.of(Kind.LONG, height),
        258: Entry.of(Kind.SHORT, 16),
        259: Entry.of(Kind.SHORT, 1),
        PHOTOMETRIC: Entry.of(Kind.SHORT, FILTER_ARRAY),
        277: Entry.of(Kind.SHORT, 1),
        284: Entry.of(Kind.SHORT, 1),
        33421: Entry.of(Kind.SHORT, 2, 2),
        33422: Entry(Kind.BYTE, filters),
        DNG_VERSION: Entry.of(Kind.BYTE, 1, 4, 0, 0),
        50710: Entry.of(Kind.BYTE, 0, 1, 2),
        50711: Entry.of(Kind.SHORT, 1),
        50713: Entry.of(Kind.SHORT, 2, 2),
        50714: Entry.of(Kind.RATIONAL, *black),
        50717: Entry.of(Kind.LONG, bayer.white),
        DEFAULT_SCALE: Entry.of(Kind.RATIONAL, 1, 1),
    }
