"""What a run over a shoot is to do, as data: light to import and to send to other processes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairfix.errors import InputError
from pairfix.paths import reaching
from pairfix.recipe import Shoot

if TYPE_CHECKING:
    from pairfix.batch.memory import Need
    from pairfix.pairs import LeftOut

__all__ = ["Job", "Kept", "Plan", "is_shoot"]


@dataclass(frozen=True, slots=True)
class Job:
    """One restoration."""

    name: str
    """Of the pair, for display."""
    photos: tuple[Path, ...]
    """The long and the short exposure; or the only photo."""
    output: Path
    model: str
    """Name of the model that restores it."""
    need: "Need"
    """Memory that it takes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A result that stays as it is."""

    job: Job
    difference: str = ""
    """How it differs from what would be made today; empty if it does not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done."""

    shoot: Shoot
    jobs: tuple[Job, ...]
    kept: tuple[Kept, ...]
    broken: "tuple[LeftOut, ...]"
    """Photos of pairs that are not whole, pair by pair: each such pair counts as failed."""
    left_out: "tuple[LeftOut, ...]" = field(default=())
    """Photos that are in no pair."""

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {
            "restore": [_job_json(each) | {"model": each.model} for each in self.jobs],
            "keep": [
                _job_json(each.job) | {"difference": each.difference or None} for each in self.kept
            ],
            "broken": [_left_out_json(each) for each in self.broken],
            "left_out": [_left_out_json(each) for each in self.left_out],
        }


def is_shoot(path: Path, *, alone: bool) -> bool:
    """Whether a path names a folder of photos or a table of pairs, not one photo.

    Args:
        path: It need not exist.
        alone: Whether no second photo is named beside it.

    Raises:
        InputError: It cannot be reached, or nothing is there although no second photo is named.
    """
    with reaching(path, InputError):
        if alone and not path.exists():
            raise InputError(f"{path} does not exist", "check the name")
        is_table = path.suffix.lower() == ".csv" and (alone or path.is_file())
        return is_table or path.is_dir()


def _job_json(job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "photos": [str(path) for path in job.photos],
        "output": str(job.output),
    }


def _left_out_json(each: "LeftOut") -> dict[str, Any]:
    return {"path": str(each.path), "reason": each.reason, "pair": each.pair or None}
