"""The lens that a photo was taken with: from LibRaw where EXIF lacks it, and as DNGs state it."""

import math
from typing import Any

from pairfix.formats.metadata import FOCAL_LENGTH, Exif
from pairfix.formats.tiff import Entry, Kind

__all__ = ["lens_info", "with_lens"]

_DNG_LENS_INFO = 50736
_SPECIFICATION, _MAKE, _MODEL = 0xA432, 0xA433, 0xA434
_NUMBERS = 4
"""Of a specification: shortest and longest focal length, and the least f-number at each."""
_UNKNOWN = bytes(8)
"""A rational of 0/0 (EXIF 2.32, LensSpecification)."""
_LONGEST = 10_000.0
"""Focal length in mm from which a number is none."""


def with_lens(exif: Exif, raw: Any) -> Exif:  # noqa: ANN401 (rawpy hides its type)
    """The directories, with tags that they lack from what LibRaw found in a maker note.

    Args:
        exif: As the file states it.
        raw: The file, opened.
    """
    main, photographic, gps = exif
    try:
        lens, focal = raw.lens, raw.other.focal_length
    except (ValueError, OverflowError, OSError):  # text or a time that Python cannot express
        return exif
    known: dict[int, Entry] = {}
    for tag, text in ((_MAKE, lens.make), (_MODEL, lens.model)):
        if _is_name(text):
            known[tag] = Entry.text(text.strip())
    if _is_length(focal):
        known[FOCAL_LENGTH] = Entry.of(Kind.RATIONAL, round(focal, 2))
    shortest, longest = lens.min_focal, lens.max_focal
    if _is_length(shortest) and _is_length(longest) and shortest <= longest:
        lengths = Entry.of(Kind.RATIONAL, round(shortest, 2), round(longest, 2))
        known[_SPECIFICATION] = Entry(Kind.RATIONAL, lengths.data + 2 * _UNKNOWN)
    return main, known | photographic, gps


def lens_info(exif: Exif) -> dict[int, Entry]:
    """The lens's specification as DNGs repeat it (DNGLensInfo); empty if EXIF does not state it."""
    entry = exif[1].get(_SPECIFICATION)
    if entry is None or (entry.kind, entry.count) != (Kind.RATIONAL, _NUMBERS):
        return {}
    return {_DNG_LENS_INFO: entry}


def _is_name(text: str) -> bool:
    return any(each.isalpha() for each in text) and text.strip().lower() != "n/a"


def _is_length(value: float) -> bool:
    return math.isfinite(value) and 0 < value < _LONGEST
