"""Restore pairs as they arrive in a folder, until somebody stops it."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from pairfix.batch.jobs import Plan
from pairfix.batch.outcome import Outcome
from pairfix.batch.plan import plan_shoot
from pairfix.batch.records import State
from pairfix.batch.run import restore_shoot
from pairfix.errors import InputError, MissingExtraError, PairError
from pairfix.formats.sidecars import sidecars_of
from pairfix.progress import Progress
from pairfix.recipe import Recipe, Shoot

__all__ = ["check_watching", "watch_shoot"]

_SETTLED = 2.0
"""Seconds without a change after which a photo counts as whole."""

States = dict[Path, State | None]


def check_watching(shoot: Shoot) -> None:
    """Check that a shoot can be watched.

    Raises:
        InputError: Its source is a table.
        MissingExtraError: watchfiles is not installed.
    """
    if not shoot.source.is_dir():
        raise InputError(f"{shoot.source} is not a folder", "only a folder can be watched")
    if find_spec("watchfiles") is None:
        raise MissingExtraError("--watch needs watchfiles", "pip install 'pairfix[watch]'")


def watch_shoot(
    shoot: Shoot,
    recipe: Recipe,
    *,
    progress: Sequence[Progress] = (),
    processes: int = 1,
    changes: Callable[[Path], Iterator[bool]] | None = None,
) -> Generator[Outcome]:
    """Restore what is there, then every pair that comes, once its files stay as they are.

    A pair that failed is tried again when one of its files has changed. What is restored stays, as
    in any run over a folder: a watch that was stopped goes on.

    Args:
        shoot: What is to be restored; its source is a folder.
        recipe: How.
        progress: As for `restore_shoot`.
        processes: As for `restore_shoot`.
        changes: Yields whether something has changed, now and then; None to ask the system.

    Yields:
        What became of each pair, as it is done. Ends with `changes`.
    """
    arrivals = _Arrivals()
    for changed in (changes or _changes)(shoot.source):
        if not (changed or arrivals.pending):
            continue
        ready = arrivals.ready(_plan(shoot, recipe))
        if ready.jobs or ready.broken:
            yield from restore_shoot(ready, recipe, progress=progress, processes=processes)


class _Arrivals:
    """What has come, and what of it was tried."""

    def __init__(self) -> None:
        self.pending = True
        """Whether something may still be growing."""
        self._looked: States = {}
        self._tried: States = {}

    def ready(self, plan: Plan) -> Plan:
        """The part of a plan whose files are as at the last look, and were not tried as such.

        A photo whose partner is missing is waited for.
        """
        plan = replace(plan, broken=tuple(each for each in plan.broken if not each.alone))
        pairs = {job.name: {*job.photos, *sidecars_of(job.photos[-1])} for job in plan.jobs}
        for name, group in groupby(plan.broken, key=attrgetter("pair")):
            pairs[name] = {each.path for each in group}
        now = {path: State.of(path) for photos in pairs.values() for path in photos}
        settled = {path for path, state in now.items() if self._looked.get(path) == state}
        new = {path for path, state in now.items() if self._tried.get(path) != state}
        due = {name for name, photos in pairs.items() if photos <= settled and photos & new}
        self.pending = bool(new - settled)
        self._looked = now
        self._tried |= {path: now[path] for name in due for path in pairs[name]}
        return replace(
            plan,
            jobs=tuple(job for job in plan.jobs if job.name in due),
            broken=tuple(each for each in plan.broken if each.pair in due),
        )


def _plan(shoot: Shoot, recipe: Recipe) -> Plan:
    try:
        return plan_shoot(shoot, recipe)
    except PairError:  # nothing has come yet
        return Plan(shoot, (), (), ())


def _changes(folder: Path) -> Iterator[bool]:
    """True at first and when something has changed, else False every other second.

    The system tells of nothing that came before it was first asked, hence the second True.
    """
    from watchfiles import watch  # noqa: PLC0415  (an extra)

    yield True
    time.sleep(_SETTLED)
    yield False
    told = watch(
        folder, rust_timeout=round(_SETTLED * 1000), yield_on_timeout=True, raise_interrupt=True
    )
    next(told)
    yield True
    yield from map(bool, told)
