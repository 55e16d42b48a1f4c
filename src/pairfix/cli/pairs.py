"""`pairfix pairs`: the pairs in a folder, and the photos in none."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from rich.text import Text

from pairfix.cli.console import make_table, print_json
from pairfix.cli.options import Json
from pairfix.cli.paths import path_argument
from pairfix.errors import printable
from pairfix.image import Exposure, HeaderFacts

if TYPE_CHECKING:
    from pairfix.pairs import Found, FoundPair

__all__ = ["pairs"]

Source = Annotated[
    Path,
    path_argument(
        help="A folder, searched with its subfolders, or a CSV file.", metavar="FOLDER|CSV"
    ),
]


def pairs(source: Source, json: Json = False) -> None:
    """List the pairs of long and short exposures in a folder, and what was left out and why.

    A pair is found by its own folder (long.*, short.*, and gt.* for the truth), by names that end
    in _long and _short (or -long, -short), or by EXIF: one camera, at most 10 s apart, exposure
    times at least 1.5 stops apart. A CSV file has the columns long, short and, if known, truth;
    its paths are relative to it.
    """
    from pairfix.pairs import find_pairs  # noqa: PLC0415  (keeps --help quick)

    found = find_pairs(source)
    if json:
        print_json(found.as_json())
    else:
        _show(found)
    found.require()


def _show(found: "Found") -> None:
    console = Console()
    root = found.source if found.source.is_dir() else found.source.parent
    if found.pairs:
        table = make_table(
            "Pair", "Long", "Short", "Found by", "Camera", "Exposure times", "Stops apart"
        )
        for pair in found.pairs:
            table.add_row(*map(_text, _cells(pair, root)))
        console.print(table)
    if found.left_out:
        table = make_table("Left out", "Why")
        for each in found.left_out:
            table.add_row(_text(_place(each.path, root)), _text(each.reason))
        console.print(table)


def _cells(pair: "FoundPair", root: Path) -> tuple[str, ...]:
    return (
        pair.name,
        _place(pair.long, root),
        _place(pair.short, root),
        pair.how,
        pair.camera or "unknown",
        f"{_shutter(pair.long_facts)}, {_shutter(pair.short_facts)}",
        "unknown" if pair.stops is None else f"{pair.stops:.1f}",
    )


def _shutter(facts: HeaderFacts) -> str:
    from pairfix.output.html.facts import settings_of  # noqa: PLC0415  (keeps --help quick)

    return settings_of(Exposure(shutter=facts.exposure.shutter)) or "unknown"


def _place(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _text(value: str) -> Text:
    return Text(printable(value))
