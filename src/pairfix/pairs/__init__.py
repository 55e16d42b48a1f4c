"""Long and short exposures found in a folder, or listed in a table.

Only the photos' headers are read. What tells a pair, in this order: a folder that holds ``long.*``
and ``short.*``; names that end in ``_long`` and ``_short``; the EXIF of the others.
"""

from pathlib import Path

from pairfix.errors import InputError
from pairfix.pairs.found import Found, FoundPair, How, LeftOut
from pairfix.pairs.listing import list_photos, read_photos
from pairfix.pairs.naming import pair_by_name, without_twins
from pairfix.pairs.table import pairs_of_table
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


def find_pairs(source: Path) -> Found:
    """Find the pairs in a folder and the folders in it, or those that a CSV file lists.

    Photos that no reader takes, that miss their partner, or that fit to several are left out
    with the reason. Pixels are not read: damage to them is not seen.

    Args:
        source: A folder; or a CSV file with a header, the columns long, short and, if known,
            truth, and paths relative to itself.

    Returns:
        The pairs, perhaps none, and all photos that are in none.

    Raises:
        InputError: It does not exist or cannot be read, or the table is none; the message names
            its line.
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
        return Found(source, tuple(pairs), tuple(left_out))
    else:
        raise InputError(f"{source} is neither a folder nor a .csv file", "name one of them")
    return Found(
        source,
        tuple(sorted(pairs, key=lambda pair: pair.long)),
        tuple(sorted(left_out, key=lambda each: each.path)),
    )


def _in_folder(folder: Path) -> tuple[list[FoundPair], list[LeftOut]]:
    paths, closed = list_photos(folder)
    photos, damaged = read_photos(paths)
    named, lonely, rest = pair_by_name(photos, folder)
    single, twins = without_twins(rest)
    timed, unpaired = pair_by_time(single, folder)
    return named + timed, closed + damaged + lonely + twins + unpaired
