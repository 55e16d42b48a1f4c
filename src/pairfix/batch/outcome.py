"""What became of one pair, and the last steps to it: the record, then the files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from pairfix.batch.plan import Job, Plan
from pairfix.batch.records import Record, State, page_path, write_record
from pairfix.errors import InputError, PairfixError, caught
from pairfix.formats.atomic import replacing
from pairfix.output.report import Restoration, unused_settings
from pairfix.output.results import dng_kind, write_results
from pairfix.pipeline import Restored
from pairfix.progress import Timeline
from pairfix.recipe import Recipe

__all__ = ["Outcome", "Sent", "described", "finish", "finish_sent", "states_of", "unreadable"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pair, or of one photo of a model that takes single ones."""

    name: str
    photos: tuple[Path, ...]
    restoration: Restoration | None
    """What was done; None if it failed."""
    error: PairfixError | None = None
    """Why it failed."""
    worker: str = ""
    """The worker of a cluster that restored it: the name of its machine."""

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form: of a restoration the same as `pairfix restore` has."""
        if self.restoration is not None:
            return self.restoration.as_json()
        return {
            "output": None,
            "photos": [str(path) for path in self.photos],
            "error": str(self.error),
            "exit_code": self.error.exit_code if self.error else None,
        }


@dataclass(frozen=True, slots=True)
class Sent:
    """A result that a worker of a cluster made, to be written here."""

    facts: Restoration
    content: bytes
    """Of the file."""
    worker: str
    """The name of its machine."""


def unreadable(plan: Plan) -> Iterator[Outcome]:
    """The pairs that are not whole: each has failed."""
    for name, group in groupby(plan.unreadable, key=attrgetter("pair")):
        photos = list(group)
        error = InputError(f"{photos[0].path}: {photos[0].reason}")
        yield Outcome(name, tuple(photo.path for photo in photos), None, error)


def states_of(job: Job) -> tuple[State | None, ...]:
    """Of the photos before they are read: what changes afterwards makes the result outdated."""
    return tuple(State.of(path) for path in job.photos)


def finish(
    plan: Plan,
    job: Job,
    states: tuple[State | None, ...],
    result: Restored | PairfixError,
    recipe: Recipe,
) -> Outcome:
    """Write a result after its record.

    Args:
        plan: What the job belongs to.
        job: The pair.
        states: Of its photos, before they were read.
        result: The restored photo, or why there is none.
        recipe: How it is written.
    """

    def write(restored: Restored) -> Restoration:
        facts, timeline = described(job, restored, recipe)
        _record(plan, job, states, facts, recipe)
        sources, settings = {}, recipe
        if plan.shoot.pages:
            page = page_path(plan.shoot.output, job.output)
            page.unlink(missing_ok=True)  # of an earlier result
            sources, settings = restored.scene.sources, replace(recipe, report=page)
        write_results(restored.fused, sources, job.output, facts, settings, timeline)
        return facts

    return _outcome(job, result, write)


def finish_sent(
    plan: Plan,
    job: Job,
    states: tuple[State | None, ...],
    result: Sent | PairfixError,
    recipe: Recipe,
) -> Outcome:
    """As `finish`, of a result that another machine made."""

    def write(sent: Sent) -> Restoration:
        _record(plan, job, states, sent.facts, recipe, sent.worker)
        with replacing(job.output, overwrite=recipe.overwrite) as file:
            file.write(sent.content)
        return sent.facts

    outcome = _outcome(job, result, write)
    return outcome if isinstance(result, PairfixError) else replace(outcome, worker=result.worker)


def described(job: Job, restored: Restored, recipe: Recipe) -> tuple[Restoration, Timeline]:
    """What the report of a result says, and the timeline that goes on while it is written.

    Raises:
        OutputError: The result's format does not suit the photos.
    """
    reference = restored.scene.reference
    kind = dng_kind(reference, job.output, recipe.dng)
    timeline = Timeline()
    timeline.seconds.update(restored.facts.seconds)
    unused = unused_settings(recipe.develop, reference, kind)
    remarks = restored.facts.remarks + unused
    facts = replace(restored.facts, output=job.output, remarks=remarks, seconds=timeline.seconds)
    return facts, timeline


def _outcome(job: Job, result: _T | PairfixError, write: Callable[[_T], Restoration]) -> Outcome:
    """What becomes of a result by writing it."""
    written = result if isinstance(result, PairfixError) else caught(partial(write, result))
    if isinstance(written, PairfixError):
        return Outcome(job.name, job.photos, None, written)
    return Outcome(job.name, job.photos, written)


def _record(
    plan: Plan,
    job: Job,
    states: tuple[State | None, ...],
    facts: Restoration,
    recipe: Recipe,
    worker: str = "",
) -> None:
    job.output.parent.mkdir(parents=True, exist_ok=True)
    known = tuple(state for state in states if state is not None)
    record = Record.of(known, facts, recipe, job.output, worker)
    write_record(plan.shoot.output, job.output, record)
