"""The photos in a folder and all folders in it, each once, and what their headers say."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from pairfix.errors import InputError, PairfixError
from pairfix.formats import read_facts
from pairfix.formats.detect import PHOTO_SUFFIXES
from pairfix.image import Facts
from pairfix.pairs.found import LeftOut

__all__ = ["list_photos", "read_photos"]

_Identity: TypeAlias = tuple[int, int]
"""Device and number of a file or folder."""


def list_photos(folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """The photos, sorted, and the folders that cannot be read.

    Links are followed; of several names of one file, one that is no link counts. What is hidden is
    passed over, and with it the AppleDouble files (``._*``) that a Mac leaves on foreign disks.

    Raises:
        InputError: The folder itself cannot be read.
    """
    closed: list[LeftOut] = []

    def refuse(error: OSError) -> None:
        place, reason = Path(error.filename), f"cannot be read: {error.strerror}"
        if place == folder:
            raise InputError(f"{folder} {reason}", "change its permissions") from error
        closed.append(LeftOut(place, reason))

    found = sorted(_photos(folder, refuse), key=lambda path: (path.is_symlink(), path))
    seen: set[_Identity | None] = set()
    return sorted(path for path in found if _is_new(path, seen)), closed


def read_photos(paths: Iterable[Path]) -> tuple[list[Facts], list[LeftOut]]:
    """The facts of those that can be read, and the others."""
    photos, damaged = [], []
    for path in paths:
        try:
            photos.append(read_facts(path))
        except PairfixError as error:
            damaged.append(LeftOut(path, error.message.removeprefix(str(path)).strip()))
    return photos, damaged


def _photos(folder: Path, refuse: Callable[[OSError], None]) -> Iterator[Path]:
    seen = {_identity(folder)}
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in shown if _is_new(Path(place, name), seen)]
        yield from filter(_is_photo, (Path(place, name) for name in names))


def _is_new(path: Path, seen: set[_Identity | None]) -> bool:
    """Whether a file or folder was not seen before under any name; it is seen from now on."""
    identity = _identity(path)
    known = identity is not None and identity in seen
    seen.add(identity)
    return not known


def _is_photo(path: Path) -> bool:
    """By its name; pipes and devices are not to be opened.

    Links that lead nowhere, and what lies in a closed folder, count: whoever reads them will tell.
    """
    if path.name.startswith(".") or path.suffix.lower() not in PHOTO_SUFFIXES:
        return False
    try:
        return path.is_file() or not path.exists()
    except OSError:
        return True


def _identity(path: Path) -> _Identity | None:
    """Which file or folder it is, whatever its name; None if that cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
