"""Where photos come from: a folder and its subfolders, or a CSV file that lists pairs."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO, TypeAlias

from pairfix.errors import InputError, PairfixError
from pairfix.formats import read_facts
from pairfix.formats.detect import PHOTO_SUFFIXES
from pairfix.image import HeaderFacts
from pairfix.pairs.found import FoundPair, LeftOut
from pairfix.pairs.naming import intended_pair, pair_name
from pairfix.paths import reaching, regular

__all__ = ["list_photos", "pairs_of_table", "read_photos", "without_repeats"]

_REQUIRED, _OPTIONAL = ("long", "short"), ("truth",)
_COLUMNS = "the first line names the columns: long,short or long,short,truth"

_Identity: TypeAlias = tuple[int, int]
"""Device and inode of a file or folder."""


@dataclass(frozen=True, slots=True)
class _Row:
    long: Path
    short: Path
    truth: Path | None


def list_photos(folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """The photos, sorted, and the folders that cannot be read.

    Links are followed. A file with several names is listed under those that state a role, because
    several pairs may share a photo; else under one, preferably not a link. Hidden files, including
    the AppleDouble files (``._*``) of macOS, are skipped.

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
    with_role = [path for path in found if intended_pair(path, folder)]
    others = [path for path in found if not intended_pair(path, folder)]
    seen = {_identity(path) for path in with_role}
    return sorted([*with_role, *(path for path in others if _is_new(path, seen))]), closed


def without_repeats(pairs: Iterable[FoundPair]) -> list[FoundPair]:
    """The pairs, without those whose photos are another pair's under other names."""
    distinct: dict[tuple[_Identity | None, ...], FoundPair] = {}
    for pair in sorted(pairs, key=lambda pair: (pair.long.is_symlink(), pair.long)):
        distinct.setdefault((_identity(pair.long), _identity(pair.short)), pair)
    return [*distinct.values()]


def read_photos(paths: Iterable[Path]) -> tuple[list[HeaderFacts], list[LeftOut]]:
    """The facts of the readable photos, and the others."""
    photos, damaged = [], []
    for path in paths:
        try:
            photos.append(read_facts(path))
        except PairfixError as error:
            damaged.append(LeftOut(path, error.message.removeprefix(str(path)).strip()))
    return photos, damaged


def pairs_of_table(path: Path) -> tuple[list[FoundPair], list[LeftOut]]:
    """The pairs that a CSV file lists, and the photos of those that cannot be read.

    Raises:
        InputError: The file cannot be read, is not such a table, or names a file that does not
            exist; the message names the line.
    """
    try:
        with regular(path).open(encoding="utf-8-sig", newline="") as file:
            rows = [*_rows(path, file)]
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not encoded in UTF-8", "save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    pairs: list[FoundPair] = []
    left_out: list[LeftOut] = []
    for row in rows:
        pair, others = _pair(row, path.parent)
        pairs += [pair] if pair else []
        left_out += others
    return pairs, left_out


def _photos(folder: Path, refuse: Callable[[OSError], None]) -> Iterator[Path]:
    seen = {_identity(folder)}
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in shown if _is_new(Path(place, name), seen)]
        yield from filter(_is_photo, (Path(place, name) for name in names))


def _is_new(path: Path, seen: set[_Identity | None]) -> bool:
    """Whether a file or folder was not seen before under any name; marks it as seen."""
    identity = _identity(path)
    known = identity is not None and identity in seen
    seen.add(identity)
    return not known


def _is_photo(path: Path) -> bool:
    """Whether a file is a photo by its name; pipes and devices must not be opened.

    Broken links and unreadable files count, so that reading them reports the error.
    """
    if path.name.startswith(".") or path.suffix.lower() not in PHOTO_SUFFIXES:
        return False
    try:
        return path.is_file() or not path.exists()
    except OSError:
        return True


def _identity(path: Path) -> _Identity | None:
    """Which file or folder it is, whatever its name; None if unknown."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _rows(path: Path, file: TextIO) -> Iterator[_Row]:
    start = file.tell()
    separator = ";" if ";" in file.readline() else ","
    file.seek(start)
    reader = csv.reader(file, strict=True, delimiter=separator)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, columns)
        for cells in reader:
            if cells:
                yield _row(path, reader.line_num, columns, cells)
    except csv.Error as error:
        raise _refusal(path, reader.line_num, f"is not valid CSV: {error}") from error


def _check_header(path: Path, columns: list[str]) -> None:
    for name in _REQUIRED:
        if name not in columns:
            raise InputError(f"{path}, line 1: there is no column '{name}'", _COLUMNS)
    for name in columns:
        if name not in _REQUIRED + _OPTIONAL or columns.count(name) > 1:
            problem = "given twice" if columns.count(name) > 1 else "unknown"
            raise InputError(f"{path}, line 1: the column '{name}' is {problem}", _COLUMNS)


def _row(path: Path, line: int, columns: list[str], cells: list[str]) -> _Row:
    if len(cells) != len(columns):
        raise _refusal(path, line, f"has {len(cells)} cells, the header {len(columns)}")
    named = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    for name in _REQUIRED:
        if not named[name]:
            raise _refusal(path, line, f"names no {name} exposure")
    photos = {name: path.parent / cell for name, cell in named.items() if cell}
    for photo in photos.values():
        with reaching(photo, InputError):
            if not photo.is_file():
                raise _refusal(path, line, f"names {photo}, which is not a file")
    if photos["long"].samefile(photos["short"]):
        raise _refusal(path, line, "names the same photo as long and short exposure")
    return _Row(photos["long"], photos["short"], photos.get("truth"))


def _refusal(path: Path, line: int, problem: str) -> InputError:
    return InputError(f"{path}, line {line} {problem}", "correct that line")


def _pair(row: _Row, root: Path) -> tuple[FoundPair | None, list[LeftOut]]:
    name = pair_name(row.long, root)
    photos, damaged = read_photos((row.long, row.short))
    if damaged:
        reason = f"{damaged[0].path.name}, its partner, cannot be read"
        damaged += [LeftOut(photo.path, reason) for photo in photos]
        return None, [replace(each, pair=name) for each in damaged]
    long, short = photos
    truths, damaged = read_photos([row.truth] if row.truth else [])
    truth = truths[0].path if truths else None
    pair = FoundPair(name, long, short, truth, "csv")
    return pair, [replace(each, pair=name) for each in damaged]
