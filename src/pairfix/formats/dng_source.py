"""What a DNG says of the photo that it was restored from (DNG 1.7).

What came from a DNG keeps that file's colour matrices, profile, lens corrections and crop, tag by
tag; its noise profile is replaced by what noise is left, and its lens gain maps, which were
applied, are dropped. Other raws get LibRaw's matrix for illuminant D65.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import metadata
from pairfix.formats.dng_layout import crop_tags
from pairfix.formats.dng_names import (
    AS_SHOT_NEUTRAL,
    AS_SHOT_WHITE,
    BACKWARD_VERSION,
    BASELINE_EXPOSURE,
    COLOR_MATRIX,
    CROP_ORIGIN,
    CROP_SIZE,
    D65,
    DEFAULT_SCALE,
    ILLUMINANT,
    NOISE_PROFILE,
    NOISE_REDUCTION,
    OPCODES_2,
    OPCODES_3,
    UNIQUE_MODEL,
)
from pairfix.formats.dng_stated import dng_tags
from pairfix.formats.embed import tiff_tags
from pairfix.formats.gainmap import GainMap
from pairfix.formats.lens import lens_info
from pairfix.formats.libraw import read_colour
from pairfix.formats.maker_note import maker_note
from pairfix.formats.opcodes import pack_opcodes, read_opcodes
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.image import Bayer, Frame, NoiseProfile
from pairfix.light import planes_from_mosaic
from pairfix.noise.profile import PhotoNoise, photo_noise

__all__ = [
    "camera_colour",
    "mosaic_noise_tags",
    "named_exif",
    "neutral",
    "noise_entry",
    "noise_tags",
    "photo_tags",
]

_OPCODES = {OPCODES_2, OPCODES_3}
_COPIED = {
    *(UNIQUE_MODEL, 50709, 50733, 50736, 50738, 50739, 50780),
    *(50732, 50734, 50737),
    *range(COLOR_MATRIX, BASELINE_EXPOSURE),
    *(ILLUMINANT, 50779, 50931, 50932, 50934, *range(50936, 50943), 50964, 50965),
    *(50981, 50982, 51107, 51108, 51109, 51110, *range(52529, 52536), 52537, 52538),
    *(DEFAULT_SCALE, *_OPCODES),
}
"""Names, green split and lens, sharpness and chroma hints, matrices and white balance,
illuminants, signatures and profiles, their tables, third illuminant, scale and opcodes 2 and 3.
Opcode list 1 corrects defects of the sensor, which a restored mosaic no longer has."""


def photo_tags(source: Frame) -> Directory:
    """What a result says of the photo that it was restored from.

    EXIF, lens, maker note, XMP and IPTC; of a frame without EXIF, no maker note either.
    """
    exif = named_exif(source)
    theirs = dng_tags(source.path)
    note, safety = maker_note(source.path, theirs) if source.exif else ({}, {})
    return {
        **metadata.directories((exif[0], exif[1] | note, exif[2])),
        **tiff_tags(source.description),
        **lens_info(exif),
        **safety,
        metadata.ORIENTATION: Entry.of(Kind.SHORT, source.orientation),
        metadata.SOFTWARE: Entry.text(metadata.RESULT_SOFTWARE),
    }


def named_exif(source: Frame) -> metadata.Exif:
    """The EXIF of a photo, which names a camera in any case, as DNGs must."""
    main, photographic, gps = metadata.parse(source.exif)
    names = {
        tag: main.get(tag, Entry.text(source.camera or "Unknown"))
        for tag in (metadata.MAKE, metadata.MODEL)
    }
    return main | names, photographic, gps


def camera_colour(source: Frame, bayer: Bayer, baseline_exposure: float) -> Directory:
    """Colour, crop and exposure: the source DNG's own, or LibRaw's (DNG 1.4, chapter 6)."""
    theirs = dng_tags(source.path)
    colour: Directory = {tag: entry for tag, entry in theirs.items() if tag in _COPIED}
    if _fits(theirs, source):
        colour |= {tag: theirs[tag] for tag in (CROP_ORIGIN, CROP_SIZE)}
    else:
        colour |= crop_tags(read_colour(source.path).crop)
    if COLOR_MATRIX not in colour:
        matrix = read_colour(source.path).matrix
        colour[COLOR_MATRIX] = Entry.of(Kind.SRATIONAL, *matrix.ravel())
        colour[ILLUMINANT] = Entry.of(Kind.SHORT, D65)
    if AS_SHOT_NEUTRAL not in colour and AS_SHOT_WHITE not in colour:
        colour[AS_SHOT_NEUTRAL] = neutral(bayer)
    others = [each for each in read_opcodes(theirs.get(OPCODES_2)) if GainMap.of(each) is None]
    colour.pop(OPCODES_2, None)
    if others:
        colour[OPCODES_2] = pack_opcodes(others)
    oldest_reader = 3 if colour.keys() & _OPCODES else 1
    colour[BACKWARD_VERSION] = Entry.of(Kind.BYTE, 1, oldest_reader, 0, 0)
    colour.setdefault(UNIQUE_MODEL, Entry.text(source.camera or "Unknown"))
    total = baseline_exposure + source.baseline_exposure
    colour[BASELINE_EXPOSURE] = Entry.of(Kind.SRATIONAL, round(total, 4))
    return colour


def neutral(bayer: Bayer) -> Entry:
    """What is white in the camera's colours (AsShotNeutral)."""
    return Entry.of(Kind.RATIONAL, *(1 / gain for gain in bayer.white_balance))


def mosaic_noise_tags(source: Frame, bayer: Bayer, mosaic: NDArray[np.float32]) -> Directory:
    """`noise_tags` of a mosaic."""
    balanced = replace(bayer, white_balance=(1.0, 1.0, 1.0))
    unit = replace(balanced, black=(0.0,) * 4, white=1.0)
    before = photo_noise(planes_from_mosaic(source.pixels, balanced))
    return noise_tags(source, before, photo_noise(planes_from_mosaic(mosaic, unit)))


def noise_tags(source: Frame, before: PhotoNoise, left: PhotoNoise) -> Directory:
    """What noise is left, and how much is gone (DNG 1.7, NoiseReductionApplied).

    What the source says is gone from it counts as well.
    """
    kept = 1 - left.share_removed(before)
    earlier = dng_tags(source.path).get(NOISE_REDUCTION)
    if earlier is not None and earlier.number is not None:
        kept *= 1 - min(max(earlier.number, 0.0), 1.0)
    return {
        NOISE_PROFILE: noise_entry(left.profile),
        NOISE_REDUCTION: Entry.of(Kind.RATIONAL, round(1 - kept, 2)),
    }


def noise_entry(profile: NoiseProfile) -> Entry:
    """A noise profile as the tag holds it."""
    return Entry.of(Kind.DOUBLE, *(value for channel in profile for value in channel))


def _fits(tags: dict[int, Entry], source: Frame) -> bool:
    """Whether a DNG states a crop that fits its visible mosaic."""
    if CROP_ORIGIN not in tags or CROP_SIZE not in tags:
        return False
    if tags[CROP_ORIGIN].count != 2 or tags[CROP_SIZE].count != 2:  # noqa: PLR2004
        return False
    height, width = source.size
    (left, top), (wide, high) = tags[CROP_ORIGIN].values, tags[CROP_SIZE].values
    return left >= 0 and top >= 0 and 0 < left + wide <= width and 0 < top + high <= height
