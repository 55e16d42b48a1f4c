"""What became of one pair, and the last steps to it: the record, then the files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from pairfix.batch.plan import Job, Plan
from pairfix.batch.records import Record, State, write_record
from pairfix.errors import InputError, PairfixError, from_system
from pairfix.output.report import Restoration, unused_settings
from pairfix.output.results import dng_kind, write_results
from pairfix.pipeline import Restored
from pairfix.progress import Timeline
from pairfix.recipe import Recipe

__all__ = ["Outcome", "finish", "states_of", "unreadable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one pair, or of one photo of a model that takes single ones."""

    name: str
    photos: tuple[Path, ...]
    restoration: Restoration | None
    """What was done; None if it failed."""
    error: PairfixError | None = None
    """Why it failed."""

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
    if isinstance(result, PairfixError):
        return Outcome(job.name, job.photos, None, result)
    try:
        restoration = _written(plan, job, states, result, recipe)
    except PairfixError as error:
        return Outcome(job.name, job.photos, None, error)
    except (OSError, MemoryError) as error:
        return Outcome(job.name, job.photos, None, from_system(error))
    return Outcome(job.name, job.photos, restoration)


def _written(
    plan: Plan,
    job: Job,
    states: tuple[State | None, ...],
    restored: Restored,
    recipe: Recipe,
) -> Restoration:
    reference = restored.scene.reference
    kind = dng_kind(reference, job.output, recipe.dng)
    timeline = Timeline()
    timeline.seconds.update(restored.facts.seconds)
    unused = unused_settings(recipe.develop, reference, kind)
    remarks = restored.facts.remarks + unused
    facts = replace(restored.facts, output=job.output, remarks=remarks, seconds=timeline.seconds)
    job.output.parent.mkdir(parents=True, exist_ok=True)
    known = tuple(state for state in states if state is not None)
    record = Record.of(known, facts, recipe, job.output)
    write_record(plan.shoot.output, job.output, record)
    write_results(restored.fused, {}, job.output, facts, recipe, timeline)
    return facts
