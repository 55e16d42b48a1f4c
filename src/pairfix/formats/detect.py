"""Which reader a file needs, by its first bytes and, for TIFF, its directories."""

from pathlib import Path
from typing import Literal

from pairfix.errors import InputError
from pairfix.formats.jxl_header import CODESTREAM as JXL_CODESTREAM
from pairfix.formats.jxl_header import CONTAINER as JXL_CONTAINER
from pairfix.formats.tiff_read import BIG_TIFF_HEADS, read_chain
from pairfix.paths import regular

__all__ = ["PHOTO_SUFFIXES", "Reader", "detect"]

Reader = Literal["bitmap", "tiff", "raw"]

_BITMAP_HEADS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", JXL_CODESTREAM, JXL_CONTAINER)
_TIFF_HEADS = (b"II*\0", b"MM\0*", *BIG_TIFF_HEADS)
_FOREIGN_HEADS = {
    b"BM": "a BMP",
    b"GIF8": "a GIF",
    b"%PDF": "a PDF",
    b"8BPS": "a Photoshop file",
    b"v/1\x01": "an OpenEXR file",
}
_RAW_TIFF_SUFFIXES = {
    ".3fr", ".arw", ".bay", ".cap", ".cr2", ".dcr", ".dcs", ".dng", ".erf", ".fff", ".gpr",
    ".iiq", ".k25", ".kdc", ".mef", ".mos", ".nef", ".nrw", ".pef",
    ".ptx", ".raw", ".rwl", ".sr2", ".srf", ".srw",
}  # fmt: skip
_OTHER_RAW_SUFFIXES = {".cr3", ".crw", ".mrw", ".orf", ".raf", ".rw2", ".x3f"}
_PICTURE_SUFFIXES = {
    ".jfif",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
    ".avif",
    ".heic",
    ".heif",
    ".hif",
    ".jxl",
}
_FOREIGN_SUFFIXES = {".bmp", ".exr", ".gif", ".psd"}
PHOTO_SUFFIXES = frozenset(
    _RAW_TIFF_SUFFIXES | _OTHER_RAW_SUFFIXES | _PICTURE_SUFFIXES | _FOREIGN_SUFFIXES
)
"""Extensions, in lower case, of all photo files, including those that pairfix refuses."""
_DNG_VERSION, _PHOTOMETRIC = 50706, 262
_RAW_PHOTOMETRICS = {32803.0, 34892.0}
_HEAD_SIZE = 64
_HEIF = {b"avif", b"avis", b"heic", b"heix", b"mif1"}
"""Brands of AVIF and HEIC, the first or any other that a file names."""
_VIDEO = {b"M4V ", b"avc1", b"isom", b"mp41", b"mp42", b"qt  "}
"""First brands of MP4 and QuickTime videos."""


def detect(path: Path) -> Reader:
    """Find out how to read a file.

    Raises:
        InputError: It is missing, a folder, empty, not readable, or of an unsupported type.
    """
    head = _head(path)
    if (
        head.startswith(_BITMAP_HEADS)
        or (head[:4], head[8:12]) == (b"RIFF", b"WEBP")
        or _is_heif(head)
    ):
        return "bitmap"
    if head.startswith(_TIFF_HEADS) and not _is_raw(path):
        return "tiff"
    if kind := _foreign(head):
        hint = "convert it to DNG, TIFF, PNG or JPEG first"
        raise InputError(f"{path} is {kind}, which pairfix does not read", hint)
    return "raw"


def _head(path: Path) -> bytes:
    try:
        with regular(path).open("rb") as file:
            head = file.read(_HEAD_SIZE)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", "check the name and the folder") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a photo", "name a file in it") from error
    except PermissionError as error:
        raise InputError(f"no permission to read {path}", "change its permissions") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if not head:
        raise InputError(f"{path} is empty", "copy it again")
    return head


def _is_raw(path: Path) -> bool:
    """Whether a TIFF-structured file holds sensor data rather than a finished picture.

    Pillow would not do: it does not follow SubIFDs, where many cameras keep the mosaic.
    """
    if path.suffix.lower() in _RAW_TIFF_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            directories = read_chain(file)
    except (OSError, ValueError):
        return False
    return any(
        _DNG_VERSION in directory
        or (_PHOTOMETRIC in directory and _RAW_PHOTOMETRICS & {*directory[_PHOTOMETRIC].values})
        for directory in directories
    )


def _is_heif(head: bytes) -> bool:
    brands = head[8 : int.from_bytes(head[:4], "big")]
    return head[4:8] == b"ftyp" and any(
        brands[place : place + 4] in _HEIF for place in range(0, len(brands), 4)
    )


def _foreign(head: bytes) -> str | None:
    if head[4:8] == b"ftyp" and head[8:12] in _VIDEO:
        return "a video"
    return next((kind for start, kind in _FOREIGN_HEADS.items() if head.startswith(start)), None)
