"""What became of one pair, and a result's record, which comes before its file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from pairfix.batch.jobs import Job, Plan
from pairfix.batch.records import Inputs, Record, page_path, write_record
from pairfix.errors import InputError, OutputError, PairfixError, caught
from pairfix.formats.atomic import replacing
from pairfix.output.report import Restoration
from pairfix.paths import reaching
from pairfix.recipe import Recipe, Shoot

__all__ = ["Outcome", "Sent", "broken", "finish_sent", "outcome_of", "record"]

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


def broken(plan: Plan) -> Iterator[Outcome]:
    """The pairs that are not whole: each has failed."""
    for name, group in groupby(plan.broken, key=attrgetter("pair")):
        photos = list(group)
        error = InputError(f"{photos[0].path}: {photos[0].reason}")
        yield Outcome(name, tuple(photo.path for photo in photos), None, error)


def finish_sent(
    shoot: Shoot,
    job: Job,
    inputs: Inputs,
    result: Sent | PairfixError,
    recipe: Recipe,
) -> Outcome:
    """Write a result that another machine made, after its record.

    Args:
        shoot: What the job belongs to.
        job: The pair.
        inputs: Its files, before they were read.
        result: The result, or why there is none.
        recipe: How it was made.
    """

    def write(sent: Sent) -> Restoration:
        record(shoot, job, inputs, sent.facts, recipe, sent.worker)
        with replacing(job.output, overwrite=recipe.overwrite) as file:
            file.write(sent.content)
        return sent.facts

    outcome = outcome_of(job, result, write)
    return outcome if isinstance(result, PairfixError) else replace(outcome, worker=result.worker)


def outcome_of(job: Job, result: _T | PairfixError, write: Callable[[_T], Restoration]) -> Outcome:
    """What becomes of a pair's result by writing it.

    Args:
        job: The pair.
        result: What there is to write, or why there is nothing.
        write: Writes it, and says what was done.
    """
    written = result if isinstance(result, PairfixError) else caught(partial(write, result))
    if isinstance(written, PairfixError):
        return Outcome(job.name, job.photos, None, written)
    return Outcome(job.name, job.photos, written)


def record(
    shoot: Shoot,
    job: Job,
    inputs: Inputs,
    facts: Restoration,
    recipe: Recipe,
    worker: str = "",
) -> None:
    """Note what a result is made from, before it is written; an earlier one's page goes.

    Raises:
        OutputError: It cannot be noted.
    """
    with reaching(job.output, OutputError):
        job.output.parent.mkdir(parents=True, exist_ok=True)
        page_path(shoot.output, job.output).unlink(missing_ok=True)
    noted = Record.of(inputs, facts, recipe, job.output, worker)
    write_record(shoot.output, job.output, noted)
