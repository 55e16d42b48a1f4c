"""EXIF blocks: read from photos, cleaned, adapted for results (EXIF 2.32).

A block holds three directories: the main one (camera, time, author), the Exif one and the GPS one.
Tags that describe the source file rather than the photo (maker notes, previews, strips, raw
structure) are never part of it.
"""

import io
import re
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias

from pairfix._version import __version__
from pairfix.formats.shot import (
    APERTURE_VALUE,
    EXPOSURE_TIME,
    F_NUMBER,
    ISO,
    ISO_OVERFLOW,
    SHUTTER_SPEED_VALUE,
    exposure_of,
)
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_read import Layout, read_directory, read_header
from pairfix.formats.tiff_write import with_header
from pairfix.image import Exposure

__all__ = [
    "RESULT_SOFTWARE",
    "Exif",
    "assemble",
    "camera",
    "claims_adobe_rgb",
    "clean",
    "completed",
    "directories",
    "exposure",
    "is_result",
    "moment",
    "of_cr3",
    "of_file",
    "orientation",
    "parse",
    "read",
    "shortened",
    "taken",
    "upright",
]

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
IMAGE_DESCRIPTION, MAKE, MODEL, ORIENTATION = 0x010E, 0x010F, 0x0110, 0x0112
SOFTWARE, DATE_TIME, ARTIST, COPYRIGHT = 0x0131, 0x0132, 0x013B, 0x8298
EXIF_VERSION, DATE_TIME_ORIGINAL = 0x9000, 0x9003
OFFSET_TIME, OFFSET_TIME_ORIGINAL = 0x9010, 0x9011
SUB_SEC_TIME, SUB_SEC_TIME_ORIGINAL = 0x9290, 0x9291
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, FLASHPIX_VERSION = 0x011A, 0x011B, 0x0128, 0xA000
INTEROPERABILITY_IFD, INTEROPERABILITY_INDEX = 0xA005, 1
FOCAL_LENGTH, COLOR_SPACE, WIDTH, HEIGHT = 0x920A, 0xA001, 0xA002, 0xA003
LENS_MAKE, LENS_MODEL = 0xA433, 0xA434

RESULT_SOFTWARE = f"pairfix {__version__}"
"""What made a result; rendered photos name another program."""

_RESULT = re.compile(r"pairfix \d")
_MAIN_TAGS = {IMAGE_DESCRIPTION, MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME, ARTIST, COPYRIGHT}
_EXIF_TAGS = {
    *(EXPOSURE_TIME, F_NUMBER, EXIF_VERSION, 0x8822, 0x8824, ISO, 0xA404, 0xA300, 0xA301),
    *range(0x8830, 0x8836),
    *(DATE_TIME_ORIGINAL, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292),
    *range(0x9201, 0x920B),
    *(0x9286, *range(0x9400, 0x9406), 0xA20B, 0xA20E, 0xA20F, 0xA210, 0xA215),
    *(0xA217, *range(0xA401, 0xA40B), 0xA40C, 0xA420, *range(0xA430, 0xA436), 0xA460, 0xA500),
}
_ZERO_MEANS_UNKNOWN = {EXPOSURE_TIME, F_NUMBER, ISO, FOCAL_LENGTH}
_APEX = {EXPOSURE_TIME: SHUTTER_SPEED_VALUE, F_NUMBER: APERTURE_VALUE}
"""Exposure tags and their logarithmic equivalents, meaningless if the former are unknown."""
_GPS_VERSION = 0
_CR3_HEAD = 1 << 18
_DPI, _INCH = 300, 2
_UNCALIBRATED = 65535
"""ColorSpace of what is not sRGB."""

Exif: TypeAlias = tuple[dict[int, Entry], dict[int, Entry], dict[int, Entry]]
"""Main, Exif and GPS directories."""


def read(file: BinaryIO) -> Exif:
    """The directories of a TIFF-structured file or block, unchanged.

    Photographic tags in the main directory (TIFF/EP) count as Exif tags.

    Raises:
        ValueError: It is not structured as TIFF.
    """
    layout, offset = read_header(file)
    main, _ = read_directory(file, layout, offset)
    exif = {tag: entry for tag, entry in main.items() if tag in _EXIF_TAGS}
    return main, exif | _child(file, layout, main, EXIF_IFD), _child(file, layout, main, GPS_IFD)


def parse(block: bytes) -> Exif:
    """The directories of an EXIF block; all empty if it is empty or damaged."""
    try:
        return read(io.BytesIO(block.removeprefix(b"Exif\0\0")))
    except ValueError:
        return {}, {}, {}


def claims_adobe_rgb(block: bytes) -> bool:
    """Whether an EXIF block says Adobe RGB: uncalibrated, interoperability R03 (DCF 2.0)."""
    file = io.BytesIO(block.removeprefix(b"Exif\0\0"))
    try:
        layout, _ = read_header(file)
        photographic = read(file)[1]
    except ValueError:
        return False
    rules = _child(file, layout, photographic, INTEROPERABILITY_IFD)
    index = rules.get(INTEROPERABILITY_INDEX)
    uncalibrated = _number(photographic, COLOR_SPACE) == _UNCALIBRATED
    return uncalibrated and index is not None and index.string == "R03"


def of_file(path: Path) -> Exif:
    """The directories of a TIFF-structured file or a Canon CR3; all empty if it is neither."""
    try:
        with path.open("rb") as file:
            head = file.read(_CR3_HEAD)
            return of_cr3(head) if head[4:12] == b"ftypcrx " else read(file)
    except (OSError, ValueError):
        return {}, {}, {}


def of_cr3(head: bytes) -> Exif:
    """The directories of a Canon CR3, each a TIFF-structured block in its own box."""
    main, photographic, gps = (
        parse(head[head.index(box) + len(box) :]) if box in head else ({}, {}, {})
        for box in (b"CMT1", b"CMT2", b"CMT4")
    )
    return main[0], photographic[1], gps[0]


def clean(exif: Exif) -> bytes:
    """An EXIF block with the photo's tags and none of the file's structure."""
    main = {tag: entry for tag, entry in exif[0].items() if tag in _MAIN_TAGS}
    unknown = {apex for tag, apex in _APEX.items() if tag in exif[1] and not _number(exif[1], tag)}
    kept = _EXIF_TAGS - unknown
    photographic = {tag: entry for tag, entry in exif[1].items() if tag in kept}
    return assemble((_meaningful(main), _meaningful(photographic), exif[2]))


def directories(exif: Exif) -> Directory:
    """The main directory with the other two nested in it."""
    main, photographic, gps = exif
    block: Directory = {**main}
    if photographic:
        block[EXIF_IFD] = {**photographic, EXIF_VERSION: Entry(Kind.UNDEFINED, b"0232")}
    if gps:
        block[GPS_IFD] = {_GPS_VERSION: Entry.of(Kind.BYTE, 2, 3, 0, 0), **gps}
    return block


def assemble(exif: Exif) -> bytes:
    """The block of three directories; empty if they are."""
    block = directories(exif)
    return with_header(block) if block else b""


def shortened(exif: Exif, longest: int) -> tuple[Exif, list[int]]:
    """Drop the largest tags until the block fits; returns the directories and the dropped tags."""
    main, photographic, gps = kept = exif[0].copy(), exif[1].copy(), exif[2].copy()
    by_size = sorted(
        (len(entry.data), number, tag)
        for number, directory in enumerate(kept)
        for tag, entry in directory.items()
    )
    dropped = []
    while by_size and len(assemble((main, photographic, gps))) > longest:
        _, number, tag = by_size.pop()
        del kept[number][tag]
        dropped.append(tag)
    return kept, dropped


def upright(block: bytes, size: tuple[int, int], *, srgb: bool = True) -> bytes:
    """The block for a finished, upright picture of `size` (height, width), in sRGB or not."""
    main, photographic, gps = parse(block)
    main |= {
        ORIENTATION: Entry.of(Kind.SHORT, 1),
        SOFTWARE: Entry.text(RESULT_SOFTWARE),
        X_RESOLUTION: Entry.of(Kind.RATIONAL, _DPI),
        Y_RESOLUTION: Entry.of(Kind.RATIONAL, _DPI),
        RESOLUTION_UNIT: Entry.of(Kind.SHORT, _INCH),
    }
    photographic |= {
        FLASHPIX_VERSION: Entry(Kind.UNDEFINED, b"0100"),
        COLOR_SPACE: Entry.of(Kind.SHORT, 1 if srgb else _UNCALIBRATED),
        WIDTH: Entry.of(Kind.LONG, size[1]),
        HEIGHT: Entry.of(Kind.LONG, size[0]),
    }
    return assemble((main, photographic, gps))


def completed(exif: Exif, recorded: Exposure, moment: datetime | None) -> Exif:
    """The directories, with tags that they lack added from a decoder's knowledge."""
    main, photographic, gps = exif
    known: dict[int, Entry] = {}
    if recorded.shutter:
        known[EXPOSURE_TIME] = Entry.of(Kind.RATIONAL, recorded.shutter)
    if recorded.aperture:
        known[F_NUMBER] = Entry.of(Kind.RATIONAL, round(recorded.aperture, 2))
    if recorded.iso:
        known[ISO] = Entry.of(Kind.SHORT, min(recorded.iso, ISO_OVERFLOW))
    if moment:
        known[DATE_TIME_ORIGINAL] = Entry.text(moment.strftime("%Y:%m:%d %H:%M:%S"))
    return main, known | photographic, gps


def exposure(exif: Exif, otherwise: Exposure | None = None) -> Exposure:
    """Shutter, ISO and aperture; see `pairfix.formats.shot.exposure_of`."""
    return exposure_of(exif[1], otherwise)


def camera(exif: Exif) -> str | None:
    """Make and model, without repeating the make."""
    make, model = (exif[0][tag].string if tag in exif[0] else "" for tag in (MAKE, MODEL))
    if model.lower().startswith(make.lower()):
        make = ""
    return f"{make} {model}".strip() or None


def is_result(exif: Exif) -> bool:
    """Whether pairfix made the file from photos."""
    return SOFTWARE in exif[0] and bool(_RESULT.match(exif[0][SOFTWARE].string))


def taken(exif: Exif) -> datetime | None:
    """When the photo was taken, in the camera's local time."""
    return _clock(exif)[0]


def moment(exif: Exif) -> datetime | None:
    """When the photo was taken, with sub-seconds and the offset from UTC if known."""
    local, sub_second, offset = _clock(exif)
    if local is None:
        return None
    digits = exif[1][sub_second].string if sub_second in exif[1] else ""
    if digits.isascii() and digits.isdigit():
        local = local.replace(microsecond=int(digits[:6].ljust(6, "0")))
    try:
        zone = datetime.strptime(exif[1][offset].string, "%z").tzinfo
    except (KeyError, ValueError):
        zone = None
    return local.replace(tzinfo=zone)


def orientation(exif: Exif) -> int:
    """EXIF orientation, 1 to 8; 1 if there is none."""
    value = _number(exif[0], ORIENTATION)
    return int(value) if value is not None and value in range(1, 9) else 1


def _clock(exif: Exif) -> tuple[datetime | None, int, int]:
    """The local time, and the tags of its sub-seconds and its offset from UTC."""
    for directory, tag, sub_second, offset in (
        (exif[1], DATE_TIME_ORIGINAL, SUB_SEC_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL),
        (exif[0], DATE_TIME, SUB_SEC_TIME, OFFSET_TIME),
    ):
        if tag in directory:
            try:
                local = datetime.strptime(directory[tag].string[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (EXIF times have no zone)
            except ValueError:
                continue
            return local, sub_second, offset
    return None, 0, 0


def _child(
    file: BinaryIO, layout: Layout, main: dict[int, Entry], pointer: int
) -> dict[int, Entry]:
    offsets = main[pointer].offsets if pointer in main else ()
    if not offsets:
        return {}
    try:
        return read_directory(file, layout, offsets[0])[0]
    except ValueError:
        return {}


def _meaningful(directory: dict[int, Entry]) -> dict[int, Entry]:
    return {
        tag: entry
        for tag, entry in directory.items()
        if (entry.string if entry.kind is Kind.ASCII else entry.data)
        and not (tag in _ZERO_MEANS_UNKNOWN and not _number(directory, tag))
    }


def _number(directory: dict[int, Entry], tag: int) -> float | None:
    return directory[tag].number if tag in directory else None
