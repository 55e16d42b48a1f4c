"""Long and short exposures found in a folder, or listed in a table.

Only the photos' headers are read. Pairs are found, in this order, by a folder that holds ``long.*``
and ``short.*``; by names that end in ``_long`` and ``_short``; by the EXIF of the other photos,
of which pairfix's own results are left out.
"""

from dataclasses import replace
from pathlib import Path

from pairfix.errors import InputError
from pairfix.pairs.found import Found, FoundPair, How, LeftOut, without_objections
from pairfix.pairs.naming import intended_pair, pair_by_name, without_twins
from pairfix.pairs.sources import (
    list_photos,
    pairs_of_table,
    read_photos,
    without_repeats,
)
from pairfix.pairs.timing import FEWEST_STOPS, SECONDS_APART, pair_by_time

__all__ = [
    "FEWEST_STOPS",
    "SECONDS_APART",
    "Found",
    "FoundPair",
    "How",
    "LeftOut",
    "find_pairs",
]


def find_pairs(source: Path, *, strict: bool = True) -> Found:
    """Find the pairs in a folder and its subfolders, or those that a CSV file lists.

    Photos that cannot be read, lack a partner, or fit several others are left out with the
    reason. Pixels are not read, so damage to them goes unnoticed.

    Args:
        source: A folder; or a CSV file with a header, the columns long, short and optionally
            truth, and paths relative to the file.
        strict: Leave out pairs whose photos differ in kind, size or camera, or whose long exposure
            has the shorter exposure time. Otherwise, those named or listed as pairs are kept.

    Returns:
        The pairs, perhaps none, and all photos that are in none.

    Raises:
        InputError: The source does not exist or cannot be read, or the table is malformed; the
            message names its line.
    """
    try:
        is_folder, exists = source.is_dir(), source.exists()
    except OSError as error:
        raise InputError(
            f"{source} cannot be read: {error.strerror}", "change its permissions"
        ) from error
    if is_folder:
        pairs, left_out = _in_folder(source)
    elif not exists:
        raise InputError(f"{source} does not exist", "check the name")
    elif source.suffix.lower() == ".csv":
        pairs, left_out = pairs_of_table(source)
    else:
        raise InputError(f"{source} is neither a folder nor a .csv file", "name one of them")
    if strict:
        pairs, unfit = without_objections(pairs)
        left_out += unfit
    if is_folder:
        pairs.sort(key=lambda pair: pair.long)
        left_out.sort(key=lambda each: each.path)
    return Found(source, tuple(pairs), tuple(left_out))


def _in_folder(folder: Path) -> tuple[list[FoundPair], list[LeftOut]]:
    paths, closed = list_photos(folder)
    photos, unreadable = read_photos(paths)
    damaged = [replace(each, pair=intended_pair(each.path, folder)) for each in unreadable]
    named, lonely, rest = pair_by_name(photos, folder)
    results = [LeftOut(photo.path, "is a result of pairfix") for photo in rest if photo.is_result]
    single, twins = without_twins(photo for photo in rest if not photo.is_result)
    timed, unpaired = pair_by_time(single, folder)
    left_out = closed + damaged + lonely + results + twins + unpaired
    return without_repeats(named) + timed, left_out
