"""Folders that hold a long and a short exposure, and perhaps the truth."""

from dataclasses import dataclass
from pathlib import Path

from pairfix.errors import InputError, PairError

__all__ = ["Pair", "find_pairs", "open_pair"]

LONG, SHORT, TRUTH = "long", "short", "gt"

_SIDECARS = frozenset({".dop", ".json", ".md", ".pp3", ".txt", ".xmp"})
_LAYOUT = "each pair is a folder with long.*, short.* and, where it is known, the truth as gt.*"


@dataclass(frozen=True, slots=True)
class Pair:
    """The photos of one folder."""

    name: str
    long: Path
    short: Path
    truth: Path | None
    """What the restored photo should look like: in the short exposure's geometry, at the brightness
    of the brighter exposure."""


def find_pairs(folder: Path) -> tuple[Path, ...]:
    """The folders of pairs in a folder, sorted by name; the folder itself if it is one.

    Raises:
        InputError: There is no such folder, or one in it cannot be read.
        PairError: It holds no pair.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", _LAYOUT)
    if _holds_pair(folder):
        return (folder,)
    found = tuple(path for path in _entries(folder) if _holds_pair(path))
    if not found:
        raise PairError(f"{folder} holds no pairs", _LAYOUT)
    return found


def open_pair(folder: Path) -> Pair:
    """The pair in a folder.

    Raises:
        InputError: One of the exposures is missing, there are several of a kind, or the folder
            cannot be read.
    """
    long, short = _exposure(folder, LONG), _exposure(folder, SHORT)
    return Pair(folder.resolve().name, long, short, _photo(folder, TRUTH))


def _holds_pair(folder: Path) -> bool:
    return folder.is_dir() and any(_photos(folder, kind) for kind in (LONG, SHORT))


def _exposure(folder: Path, kind: str) -> Path:
    photo = _photo(folder, kind)
    if photo is None:
        raise InputError(f"{folder} holds no {kind} exposure ({kind}.*)", _LAYOUT)
    return photo


def _photo(folder: Path, kind: str) -> Path | None:
    photos = _photos(folder, kind)
    if len(photos) > 1:
        names = " and ".join(path.name for path in photos)
        raise InputError(f"{folder} holds {names}", "leave one of them")
    return photos[0] if photos else None


def _photos(folder: Path, kind: str) -> list[Path]:
    return [
        path
        for path in _entries(folder)
        if path.is_file() and path.stem == kind and path.suffix.lower() not in _SIDECARS
    ]


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}", _LAYOUT) from error
