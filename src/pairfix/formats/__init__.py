"""Photo formats: decoding any, encoding those in `FORMATS`."""

from pathlib import Path
from typing import Literal

from pairfix.errors import InputError
from pairfix.image import Frame

__all__ = ["decode"]


def decode(path: Path, domain: Literal["auto", "raw", "srgb"] = "auto") -> Frame:
    """Read a photo, its type told by its content."""
    from pairfix.formats import raw  # noqa: PLC0415 (LibRaw loads when a photo is read)

    if not path.exists():
        raise InputError(f"{path} does not exist", "check the path")
    return raw.decode_raw(path, develop=domain == "srgb")
