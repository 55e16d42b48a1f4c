"""What a raw file says of its shot: EXIF, and what LibRaw alone knows."""

from datetime import datetime
from pathlib import Path
from typing import Any

import rawpy

from pairfix.formats import metadata
from pairfix.formats.edge import silenced
from pairfix.image import Exposure

__all__ = ["raw_exif", "raw_exposure", "raw_timestamp"]

_NO_YEAR = 1970


def raw_exposure(raw: rawpy.RawPy) -> Exposure:
    """What LibRaw knows of the exposure."""
    other = _other(raw)
    return Exposure(other.shutter_speed, other.iso_speed, other.aperture) if other else Exposure()


def raw_timestamp(raw: rawpy.RawPy) -> datetime | None:
    """When LibRaw says that the photo was taken, in the camera's time."""
    other = _other(raw)
    return other.timestamp if other and other.timestamp.year > _NO_YEAR else None


def _other(raw: rawpy.RawPy) -> Any:  # noqa: ANN401 (rawpy hides its type)
    """What LibRaw knows of the shot; None if the time is none that Python can express."""
    try:
        return raw.other
    except (ValueError, OverflowError, OSError):
        return None


def raw_exif(path: Path, raw: rawpy.RawPy) -> metadata.Exif:
    """From the file itself, or else from its JPEG preview."""
    found = metadata.of_file(path)
    return found if found[1] else metadata.parse(_preview_exif(raw))


def _preview_exif(raw: rawpy.RawPy) -> bytes:
    try:
        with silenced():
            preview = raw.extract_thumb()
    except rawpy.LibRawError:
        return b""
    if preview.format != rawpy.ThumbFormat.JPEG or not isinstance(preview.data, bytes):
        return b""
    start = preview.data.find(b"Exif\0\0", 0, 4096)
    return preview.data[start : start + 65536] if start >= 0 else b""
