"""DNG: a restored mosaic written with the colours of its camera, and tags read (DNG 1.7).

A mosaic that came from a DNG keeps that file's colour matrices, profile, lens corrections and
crop, tag by tag; its noise profile is replaced by what noise is left, and its lens gain maps, which
were applied, are dropped. Other raws get LibRaw's matrix for illuminant D65. A rendered mosaic is
written as a camera would. Tags are read without Pillow, which does not follow SubIFDs, where most
cameras keep the mosaic.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix._version import __version__
from pairfix.errors import OutputError
from pairfix.formats import metadata
from pairfix.formats.atomic import replacing
from pairfix.formats.dng_layout import CROP_ORIGIN, CROP_SIZE, compressed, crop_tags, with_previews
from pairfix.formats.edge import BAND, bands
from pairfix.formats.embed import tiff_tags
from pairfix.formats.gainmap import GainMap, total_gain
from pairfix.formats.lens import lens_info
from pairfix.formats.libraw import FULL_SCALE, read_colour, scaled_bands
from pairfix.formats.maker_note import maker_note
from pairfix.formats.opcodes import pack_opcodes, read_opcodes
from pairfix.formats.tiff import Directory, Entry, Kind, read_chain
from pairfix.formats.tiff_file import write_image, write_pages
from pairfix.image import Bayer, Frame, NoiseProfile, Picture
from pairfix.light import planes_from_mosaic
from pairfix.noise.profile import PhotoNoise, photo_noise

__all__ = [
    "camera_colour",
    "mosaic_noise_tags",
    "noise_profile",
    "noise_tags",
    "photo_tags",
    "write_capture",
    "write_dng",
]

_PHOTOMETRIC, _FILTER_ARRAY = 262, 32803
_DNG_VERSION, _NOISE_PROFILE, _NOISE_REDUCTION = 50706, 51041, 50935
_DEFAULT_SCALE = 50718
_BACKWARD_VERSION, _UNIQUE_MODEL = 50707, 50708
_AS_SHOT_NEUTRAL, _AS_SHOT_WHITE, _BASELINE_EXPOSURE = 50728, 50729, 50730
_COLOR_MATRIX, _ILLUMINANT, _D65 = 50721, 50778, 21
_OPCODES_2, _OPCODES_3 = 51009, 51022
_OPCODES = {_OPCODES_2, _OPCODES_3}
_BRIGHTNESS_OPCODES = {3, 7, 8, 9, 10, 11, 12, 13}
"""Vignetting, tables, polynomials, gain maps, and numbers for rows and columns: what changes the
light. Others mend single pixels or a lens's distortion."""
_COPIED = {
    *(_UNIQUE_MODEL, 50709, 50733, 50736, 50738, 50739, 50780),
    *(50732, 50734, 50737),
    *range(_COLOR_MATRIX, _BASELINE_EXPOSURE),
    *(_ILLUMINANT, 50779, 50931, 50932, 50934, *range(50936, 50943), 50964, 50965),
    *(50981, 50982, 51107, 51108, 51109, 51110, *range(52529, 52534)),
    *(_DEFAULT_SCALE, *_OPCODES),
}
"""Names, green split and lens, sharpness and chroma hints, matrices and white balance,
illuminants, signatures and profiles, their tables, third illuminant, scale and opcodes 2 and 3.
Opcode list 1 corrects defects of the sensor, which a restored mosaic no longer has."""
_FILTERS = {"R": 0, "G": 1, "B": 2}
_COLOURS = 3
_LARGEST_BASELINE = 8.0
"""EV beyond which BaselineExposure is a mistake and counts as 0."""


def noise_profile(path: Path) -> NoiseProfile | None:
    """The noise of R, G and B that a DNG states (NoiseProfile); None if it states none.

    A single pair of values applies to all channels. Invalid values, and noise that is stronger than
    white, count as none.
    """
    entry = dng_tags(path).get(_NOISE_PROFILE)
    if entry is None or entry.count not in (2, 2 * _COLOURS):
        return None
    values = [float(value) for value in entry.values] * (_COLOURS if entry.count == 2 else 1)  # noqa: PLR2004
    pairs = tuple(zip(values[::2], values[1::2], strict=True))
    if not all(0 <= part <= 1 for pair in pairs for part in pair):
        return None
    if not all(shot + read > 0 for shot, read in pairs):
        return None
    red, green, blue = pairs
    return red, green, blue


def stated_baseline_exposure(path: Path) -> float:
    """EV that a DNG asks converters to add (BaselineExposure); 0 where it states none."""
    entry = dng_tags(path).get(_BASELINE_EXPOSURE)
    stated = entry.number if entry else None
    return 0.0 if stated is None or abs(stated) > _LARGEST_BASELINE else stated


def states_white_point(path: Path) -> bool:
    """Whether a DNG tells its white balance as the light's chromaticity (AsShotWhiteXY)."""
    entry = dng_tags(path).get(_AS_SHOT_WHITE)
    if entry is None or entry.count != 2:  # noqa: PLR2004
        return False
    x, y = entry.values
    return x > 0 and y > 0 and x + y <= 1


def stated_gain(path: Path, size: tuple[int, int]) -> NDArray[np.float32] | None:
    """Factors of each sample by a DNG's lens gain maps, ``H x W``; None if it has none."""
    return total_gain(read_opcodes(dng_tags(path).get(_OPCODES_2)), size)


def unapplied_corrections(path: Path, *, mosaic: bool) -> tuple[str, ...]:
    """A note if a DNG asks for changes of brightness that are not made.

    Args:
        path: The file.
        mosaic: Whether its lens gain maps are applied.
    """
    tags = dng_tags(path)
    second, third = (read_opcodes(tags.get(tag)) for tag in (_OPCODES_2, _OPCODES_3))
    left = [each for each in second if not mosaic or GainMap.of(each) is None] + third
    numbers = sorted({each.number for each in left} & _BRIGHTNESS_OPCODES)
    if not numbers:
        return ()
    listed = ", ".join(map(str, numbers))
    return (f"the DNG's corrections of brightness are not applied (opcode {listed})",)


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
    exif = metadata.completed(_named_exif(frame), frame.exposure, frame.taken)
    directory = {
        **metadata.directories(exif),
        **_structure(frame.bayer, frame.size),
        **crop_tags((0, 0, width, height)),
        _COLOR_MATRIX: Entry.of(Kind.SRATIONAL, *matrix.ravel()),
        _ILLUMINANT: Entry.of(Kind.SHORT, _D65),
        _AS_SHOT_NEUTRAL: _neutral(frame.bayer),
        _BACKWARD_VERSION: Entry.of(Kind.BYTE, 1, 1, 0, 0),
        _UNIQUE_MODEL: Entry.text(frame.camera or "Unknown"),
        metadata.ORIENTATION: Entry.of(Kind.SHORT, frame.orientation),
        metadata.SOFTWARE: Entry.text(f"pairfix {__version__}"),
    }
    if frame.noise_profile is not None:
        directory[_NOISE_PROFILE] = _profile(frame.noise_profile)
    with replacing(path, overwrite=overwrite) as file:
        write_image(
            file,
            directory,
            (frame.pixels[rows] for rows in bands(height)),
            BAND,
            (height, 2 * width),
        )


def dng_tags(path: Path) -> dict[int, Entry]:
    """Tags of a DNG's main directory and of its raw image's; empty for other files."""
    try:
        with path.open("rb") as file:
            first, *others = read_chain(file)
    except (OSError, ValueError):
        return {}
    if _DNG_VERSION not in first:
        return {}
    for directory in others:
        if _PHOTOMETRIC in directory and directory[_PHOTOMETRIC].values == (_FILTER_ARRAY,):
            return directory | first | _geometry(directory)
    return first


def _geometry(directory: dict[int, Entry]) -> dict[int, Entry]:
    places = (_DEFAULT_SCALE, CROP_ORIGIN, CROP_SIZE)
    return {tag: directory[tag] for tag in places if tag in directory}


def photo_tags(source: Frame) -> Directory:
    """What a result says of the photo that it was restored from.

    EXIF, lens, maker note, XMP and IPTC; of a frame without EXIF, no maker note either.
    """
    exif = _named_exif(source)
    theirs = dng_tags(source.path)
    note, safety = maker_note(source.path, theirs) if source.exif else ({}, {})
    return {
        **metadata.directories((exif[0], exif[1] | note, exif[2])),
        **tiff_tags(source.description),
        **lens_info(exif),
        **safety,
        metadata.ORIENTATION: Entry.of(Kind.SHORT, source.orientation),
        metadata.SOFTWARE: Entry.text(f"pairfix {__version__}"),
    }


def _named_exif(source: Frame) -> metadata.Exif:
    """The EXIF of a photo, which names a camera in any case, as DNGs must."""
    main, photographic, gps = metadata.parse(source.exif)
    names = {
        tag: main.get(tag, Entry.text(source.camera or "Unknown"))
        for tag in (metadata.MAKE, metadata.MODEL)
    }
    return main | names, photographic, gps


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
        _PHOTOMETRIC: Entry.of(Kind.SHORT, _FILTER_ARRAY),
        277: Entry.of(Kind.SHORT, 1),
        284: Entry.of(Kind.SHORT, 1),
        33421: Entry.of(Kind.SHORT, 2, 2),
        33422: Entry(Kind.BYTE, filters),
        _DNG_VERSION: Entry.of(Kind.BYTE, 1, 4, 0, 0),
        50710: Entry.of(Kind.BYTE, 0, 1, 2),
        50711: Entry.of(Kind.SHORT, 1),
        50713: Entry.of(Kind.SHORT, 2, 2),
        50714: Entry.of(Kind.RATIONAL, *black),
        50717: Entry.of(Kind.LONG, bayer.white),
        _DEFAULT_SCALE: Entry.of(Kind.RATIONAL, 1, 1),
    }


def camera_colour(source: Frame, bayer: Bayer, baseline_exposure: float) -> Directory:
    """Colour, crop and exposure: the source DNG's own, or LibRaw's (DNG 1.4, chapter 6)."""
    theirs = dng_tags(source.path)
    colour: Directory = {tag: entry for tag, entry in theirs.items() if tag in _COPIED}
    if _fits(theirs, source):
        colour |= {tag: theirs[tag] for tag in (CROP_ORIGIN, CROP_SIZE)}
    else:
        colour |= crop_tags(read_colour(source.path).crop)
    if _COLOR_MATRIX not in colour:
        matrix = read_colour(source.path).matrix
        colour[_COLOR_MATRIX] = Entry.of(Kind.SRATIONAL, *matrix.ravel())
        colour[_ILLUMINANT] = Entry.of(Kind.SHORT, _D65)
    if _AS_SHOT_NEUTRAL not in colour and _AS_SHOT_WHITE not in colour:
        colour[_AS_SHOT_NEUTRAL] = _neutral(bayer)
    others = [each for each in read_opcodes(theirs.get(_OPCODES_2)) if GainMap.of(each) is None]
    colour.pop(_OPCODES_2, None)
    if others:
        colour[_OPCODES_2] = pack_opcodes(others)
    oldest_reader = 3 if colour.keys() & _OPCODES else 1
    colour[_BACKWARD_VERSION] = Entry.of(Kind.BYTE, 1, oldest_reader, 0, 0)
    colour.setdefault(_UNIQUE_MODEL, Entry.text(source.camera or "Unknown"))
    total = baseline_exposure + source.baseline_exposure
    colour[_BASELINE_EXPOSURE] = Entry.of(Kind.SRATIONAL, round(total, 4))
    return colour


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
    earlier = dng_tags(source.path).get(_NOISE_REDUCTION)
    if earlier is not None and earlier.number is not None:
        kept *= 1 - min(max(earlier.number, 0.0), 1.0)
    return {
        _NOISE_PROFILE: _profile(left.profile),
        _NOISE_REDUCTION: Entry.of(Kind.RATIONAL, round(1 - kept, 2)),
    }


def _profile(profile: NoiseProfile) -> Entry:
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


def _neutral(bayer: Bayer) -> Entry:
    return Entry.of(Kind.RATIONAL, *(1 / gain for gain in bayer.white_balance))
