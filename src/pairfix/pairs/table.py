"""A CSV file that lists pairs: a header, then a line a pair."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pairfix.errors import InputError
from pairfix.pairs.found import FoundPair, LeftOut, objection
from pairfix.pairs.listing import read_photos
from pairfix.pairs.naming import pair_name

__all__ = ["pairs_of_table"]

_REQUIRED, _OPTIONAL = ("long", "short"), ("truth",)
_COLUMNS = "the first line names the columns: long,short or long,short,truth"


@dataclass(frozen=True, slots=True)
class _Row:
    long: Path
    short: Path
    truth: Path | None


def pairs_of_table(path: Path) -> tuple[list[FoundPair], list[LeftOut]]:
    """The pairs that a CSV file lists, and the photos of those that are none.

    Raises:
        InputError: It cannot be read, is no such table, or names a file that does not exist;
            the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
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


def _rows(path: Path, file: TextIO) -> Iterator[_Row]:
    reader = csv.reader(file, strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, columns)
        for cells in reader:
            if cells:
                yield _row(path, reader.line_num, columns, cells)
    except csv.Error as error:
        raise _refusal(path, reader.line_num, f"is no CSV: {error}") from error


def _check_header(path: Path, columns: list[str]) -> None:
    for name in _REQUIRED:
        if name not in columns:
            raise InputError(f"{path}, line 1: there is no column '{name}'", _COLUMNS)
    for name in columns:
        if name not in _REQUIRED + _OPTIONAL or columns.count(name) > 1:
            problem = "twice" if columns.count(name) > 1 else "unknown"
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
        if not photo.is_file():
            raise _refusal(path, line, f"names {photo}, which is not a file")
    if photos["long"].samefile(photos["short"]):
        raise _refusal(path, line, "names one photo as long and short exposure")
    return _Row(photos["long"], photos["short"], photos.get("truth"))


def _refusal(path: Path, line: int, problem: str) -> InputError:
    return InputError(f"{path}, line {line} {problem}", "mend that line")


def _pair(row: _Row, root: Path) -> tuple[FoundPair | None, list[LeftOut]]:
    photos, damaged = read_photos((row.long, row.short))
    if damaged:
        reason = f"{damaged[0].path.name}, its partner, cannot be read"
        return None, [*damaged, *(LeftOut(photo.path, reason) for photo in photos)]
    long, short = photos
    if problem := objection(long, short):
        return None, [LeftOut(photo.path, problem) for photo in photos]
    truths, damaged = read_photos([row.truth] if row.truth else [])
    truth = truths[0].path if truths else None
    return FoundPair(pair_name(row.long, root), long, short, truth, "csv"), damaged
