"""The contact sheet of a shoot, from the records of its results.

Thumbnails are kept beside the records, so that a later run need not make them again.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pairfix.batch.jobs import Job, Plan
from pairfix.batch.outcome import Outcome
from pairfix.batch.records import page_path, read_record, record_path
from pairfix.errors import OutputError, PairfixError, printable
from pairfix.formats import decode
from pairfix.formats.atomic import check_target, replacing
from pairfix.image import Exposure
from pairfix.output.html import Card, Sheet, check_page, render_sheet, thumbnail
from pairfix.output.html.facts import Fact, settings_of
from pairfix.output.html.sheet import GENERATOR
from pairfix.paths import reaching

__all__ = ["check_sheet", "write_sheet"]

_BEFORE, _AFTER = "before", "after"
_HEAD = 4096
"""Characters at the beginning of a page in which it says what made it."""


def check_sheet(path: Path, output: Path) -> None:
    """Check before a long run that a contact sheet can be written; it may replace another one.

    Args:
        path: The page.
        output: The folder for the results, which is created if it is missing.

    Raises:
        OutputError: It cannot, or the file is something else.
    """
    with reaching(path, OutputError):
        output.mkdir(parents=True, exist_ok=True)
        check_page(path, overwrite=True)
        if path.exists():
            with path.open(encoding="utf-8", errors="replace") as file:
                if GENERATOR not in file.read(_HEAD):
                    check_target(path, overwrite=False)


def write_sheet(path: Path, plan: Plan, outcomes: Sequence[Outcome], lead: str) -> None:
    """Write a page that shows every pair of a plan, before and after.

    Args:
        path: The page.
        plan: What was to be done.
        outcomes: What became of it so far.
        lead: The numbers in words.

    Raises:
        OutputError: It cannot be written.
    """
    source = plan.shoot.source
    failed = [each for each in outcomes if each.error is not None]
    unmade = {each.photos for each in failed}
    jobs = sorted([*plan.jobs, *(each.job for each in plan.kept)], key=lambda job: job.output)
    cards = [Card(each.name, "", {}, error=_within(source, str(each.error))) for each in failed]
    cards += [
        _card(job, plan.shoot.output, path.parent)
        for job in jobs
        if job.photos not in unmade and job.output.exists()
    ]
    left_out = [
        Fact(_within(source, printable(str(each.path))), each.reason) for each in plan.left_out
    ]
    title = printable(source.absolute().name)
    with replacing(path, overwrite=True) as file:
        file.write(render_sheet(Sheet(title, lead, cards, left_out)).encode())


def _within(source: Path, text: str) -> str:
    """A text without the name of the folder that is restored, because pages are shared."""
    return text.replace(f"{printable(str(source))}{os.sep}", "")


def _card(job: Job, folder: Path, page_folder: Path) -> Card:
    record = read_record(folder, job.output)
    report = record.report if record else {}
    place, page = (
        Path(os.path.relpath(path, page_folder)).as_posix()
        for path in (job.output, page_path(folder, job.output))
    )
    report_link = page if page_path(folder, job.output).exists() else ""
    try:
        facts, notes = [*_facts(report)], [printable(note) for note in report.get("notes", ())]
    except (KeyError, TypeError, ValueError, AttributeError):  # somebody changed the record
        facts, notes = [], []
    thumbnails = dict(_thumbnails(job, folder))
    return Card(printable(job.name), place, thumbnails, facts, notes, report=report_link)


def _thumbnails(job: Job, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The thumbnails that can be made; those of an earlier version of a file are made again."""
    for name, photo in ((_BEFORE, job.photos[-1]), (_AFTER, job.output)):
        kept = record_path(folder, job.output, f".{name}.jpg")
        try:
            if kept.exists() and kept.stat().st_mtime_ns >= job.output.stat().st_mtime_ns:
                yield name, kept.read_bytes()
                continue
            frame = decode(photo, "srgb")
            data = thumbnail(frame.pixels, frame.orientation)
            kept.parent.mkdir(parents=True, exist_ok=True)
            with replacing(kept, overwrite=True) as file:
                file.write(data)
        except (PairfixError, OSError):
            continue
        yield name, data


def _facts(report: Mapping[str, Any]) -> Iterator[Fact]:
    for role, frame in report.get("inputs", {}).items():
        settings = settings_of(Exposure(**frame["exposure"]))
        if settings:
            yield Fact(role, settings)
    if model := report.get("model"):
        strength = report.get("strength")
        told = f", strength {strength:g}" if strength not in (None, 1.0) else ""
        yield Fact("model", f"{model['name']}{told}")
    if share := report.get("long_share"):
        yield Fact("from the long photo", f"{share:.0%}")
