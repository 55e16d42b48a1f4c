"""Maker notes that stay readable when a file is written anew.

Most makers point into the rest of the file, by offsets from its beginning. Some notes have a
beginning of their own that their offsets count from, and state their own byte order
(ExifTool, "Makernote Types": Phil Harvey's list of where offsets count from).
"""

from collections.abc import Mapping
from pathlib import Path

from pairfix.formats import metadata
from pairfix.formats.tiff import Entry, Kind

__all__ = ["maker_note"]

_MAKER_NOTE, _SAFETY = 0x927C, 50741
_SELF_CONTAINED = (
    b"Nikon\0\2",
    b"OLYMPUS\0",
    b"OM SYSTEM\0",
    b"FUJIFILM",
    b"PENTAX \0",
    b"Apple iOS\0",
)
"""First bytes of such notes."""


def maker_note(path: Path, tags: Mapping[int, Entry]) -> tuple[dict[int, Entry], dict[int, Entry]]:
    """The maker note of a file if it can be moved, else nothing.

    One that a DNG does not call safe may have been torn from what it points to already.

    Args:
        path: The file.
        tags: Its main tags if it is a DNG; empty for others.

    Returns:
        Tags for the Exif directory and for the main one of a DNG.
    """
    note = metadata.of_file(path)[1].get(_MAKER_NOTE)
    if note is None or not note.data.startswith(_SELF_CONTAINED):
        return {}, {}
    if tags and (_SAFETY not in tags or tags[_SAFETY].number != 1):
        return {}, {}
    return {_MAKER_NOTE: note}, {_SAFETY: Entry.of(Kind.SHORT, 1)}
