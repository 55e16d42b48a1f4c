"""`pairfix restore FOLDER`: every pair of a folder or table."""

import re
import time
from collections import Counter
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pairfix.cli.console import Talk, print_json, show_error
from pairfix.errors import UnfinishedError, printable
from pairfix.recipe import Cluster, Existing, Recipe, Shoot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pairfix.batch import Job, Joining, Kept, Outcome, Plan

__all__ = ["cluster_of", "restore_folder", "shoot_of", "watch_folder"]

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
_MINUTE = 60.0
_DEFAULT = Shoot(Path(), Path())


def shoot_of(
    source: Path,
    output: Path,
    name: str | None,
    extension: str | None,
    existing: Existing | None,
    shard: str | None,
    *,
    overwrite: bool,
    pages: bool,
) -> Shoot:
    """What the options ask for.

    Raises:
        typer.BadParameter: They contradict each other, or the shard is none.
    """
    if overwrite and existing not in (None, "overwrite"):
        raise typer.BadParameter(f"it contradicts --existing {existing}", param_hint="--overwrite")
    return Shoot(
        source,
        output,
        name=_DEFAULT.name if name is None else name,
        suffix=f".{extension.removeprefix('.').lower()}" if extension else _DEFAULT.suffix,
        existing="overwrite" if overwrite else existing or _DEFAULT.existing,
        pages=pages,
        shard=_DEFAULT.shard if shard is None else _shard(shard),
    )


def cluster_of(address: str | None, cpus: int | None, workers: int | None) -> Cluster | None:
    """The cluster that the options ask for; None: this machine."""
    if address is None:
        return None
    return Cluster(address, Cluster(address).cpus if cpus is None else cpus, workers)


def restore_folder(
    shoot: Shoot,
    recipe: Recipe,
    talk: Talk,
    *,
    processes: int,
    cluster: Cluster | None,
    dry_run: bool,
    fail_fast: bool,
    json: bool,
) -> None:
    """Restore every pair, and say what became of each; the recipe's report is a contact sheet.

    Raises:
        UnfinishedError: A pair failed; all others were restored, unless `fail_fast`.
        PairfixError: Nothing can be restored.
    """
    from pairfix.batch import check_cluster, joining  # noqa: PLC0415  (keeps --help quick)

    if cluster is not None:
        check_cluster(cluster)
    with nullcontext() if cluster is None or dry_run else joining(cluster) as joined:
        from pairfix.batch import check_sheet, plan_shoot  # noqa: PLC0415  (meanwhile)

        plan = plan_shoot(shoot, recipe)
        if dry_run:
            _foretell(plan, talk, json=json)
            return
        if recipe.report:
            check_sheet(recipe.report, shoot.output)
        due = len(plan.jobs) + len({each.pair for each in plan.unreadable})
        tally = _Tally(plan.kept, due, talk, json=json)
        for kept in plan.kept:
            if kept.difference:
                talk.note(f"{kept.job.output} stays: {kept.difference}")
        _restore(plan, recipe, talk, tally, processes=processes, joined=joined, fail_fast=fail_fast)
    tally.close()


def _restore(
    plan: "Plan",
    recipe: Recipe,
    talk: Talk,
    tally: "_Tally",
    *,
    processes: int,
    joined: "Joining | None",
    fail_fast: bool,
) -> None:
    from pairfix.batch import restore_shoot, write_sheet  # noqa: PLC0415  (keeps --help quick)

    try:
        with (
            talk.folder_progress(tally.due, processes) as (progress, advance),
            closing(
                restore_shoot(plan, recipe, progress=progress, processes=processes, cluster=joined)
            ) as outcomes,
        ):
            for outcome in outcomes:
                tally.add(outcome)
                advance()
                if fail_fast and tally.failures:
                    break
    except KeyboardInterrupt:
        talk.say(f"stopped: {tally.told()}; the same command goes on")
        raise
    finally:
        if recipe.report:
            write_sheet(recipe.report, plan, tally.outcomes, tally.told())
            talk.say(f"{recipe.report}: contact sheet")


def watch_folder(shoot: Shoot, recipe: Recipe, talk: Talk, *, processes: int, json: bool) -> None:
    """Restore what is there and what comes, until Ctrl-C.

    Raises:
        PairfixError: Nothing can be restored.
    """
    from pairfix.batch import check_watching, watch_shoot  # noqa: PLC0415  (keeps --help quick)

    check_watching(shoot)
    tally = _Tally((), 0, talk, json=json)
    talk.say(f"{shoot.source}: watched until Ctrl-C")
    try:
        with closing(watch_shoot(shoot, recipe, processes=processes)) as outcomes:
            for outcome in outcomes:
                tally.add(outcome)
    except KeyboardInterrupt:
        talk.say(f"stopped: {tally.told()}; the same command goes on")
        raise


class _Tally:
    """What became of the pairs so far."""

    def __init__(self, kept: "Sequence[Kept]", due: int, talk: Talk, *, json: bool) -> None:
        self.outcomes: list[Outcome] = []
        self.failures: dict[str, str] = {}
        """Reasons by the pairs' names."""
        self._kept, self.due, self._talk, self._json = kept, due, talk, json
        self._restored = 0
        self._workers: Counter[str] = Counter()
        """How many pairs each worker of a cluster restored."""
        self._start = time.monotonic()

    def add(self, outcome: "Outcome") -> None:
        """A pair that was restored, or not."""
        self.outcomes.append(outcome)
        done = outcome.restoration
        if done is None:
            self.failures[outcome.name] = str(outcome.error)
            show_error(f"{outcome.name}: {outcome.error}")
        else:
            self._restored += 1
            self._workers.update([outcome.worker] if outcome.worker else [])
            for note in done.notes:
                self._talk.note(f"{outcome.name}: {note}")
            seconds = sum(done.seconds.values())
            self._talk.say(f"{done.output}: written in {seconds:.1f} s{self._pace()}")
        if self._json:
            print_json(outcome.as_json(), indent=None)

    def told(self) -> str:
        """The numbers in words."""
        parts = [f"{self._restored} restored"]
        if self._kept:
            parts.append(f"{len(self._kept)} kept")
        if self.failures:
            parts.append(f"{len(self.failures)} failed")
        if left := self._left():
            parts.append(f"{left} left")
        return ", ".join(parts)

    def close(self) -> None:
        """Print the summary.

        Raises:
            UnfinishedError: A pair failed.
        """
        self._talk.say(self.told())
        for name, count in sorted(self._workers.items()):
            self._talk.say(f"  {name}: {count}")
        for name, reason in self.failures.items():
            self._talk.say(f"  failed: {name}: {reason}")
        if self._json:
            print_json({"summary": self._summary()}, indent=None)
        if self.failures:
            total = self.due + len(self._kept)
            raise UnfinishedError(
                f"{len(self.failures)} of {total} pairs could not be restored",
                "mend or remove them; the same command leaves the others alone",
            )

    def _left(self) -> int:
        return max(self.due - self._restored - len(self.failures), 0)

    def _pace(self) -> str:
        """How many pairs are left, and for how long."""
        left = self._left()
        if not left:
            return ""
        pace = self._restored / (time.monotonic() - self._start)
        seconds = left / pace
        togo = f"{seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"
        return f"; {left} left, {_MINUTE * pace:.1f} a minute, {togo} to go"

    def _summary(self) -> dict[str, Any]:
        return {
            "restored": self._restored,
            "kept": [str(each.job.output) for each in self._kept],
            "failed": self.failures,
            "left": self._left(),
            "workers": dict(sorted(self._workers.items())),
            "seconds": round(time.monotonic() - self._start, 3),
        }


def _foretell(plan: "Plan", talk: Talk, *, json: bool) -> None:
    if json:
        print_json(plan.as_json())
        return
    lines = [f"restore  {_shown(job)}" for job in plan.jobs]
    lines += [
        f"keep     {each.job.output}: {each.difference or 'up to date'}" for each in plan.kept
    ]
    lines += [f"cannot   {each.path}: {each.reason}" for each in plan.unreadable]
    lines += [f"leave    {each.path}: {each.reason}" for each in plan.left_out]
    for line in lines:
        typer.echo(printable(line))
    talk.say(
        f"{_counted(plan.jobs)} to restore, {len(plan.kept)} to keep; nothing was done (--dry-run)"
    )


def _shown(job: "Job") -> str:
    return f"{' + '.join(str(path) for path in job.photos)} -> {job.output}"


def _counted(jobs: "Sequence[Job]") -> str:
    return f"{len(jobs)} pair{'' if len(jobs) == 1 else 's'}"


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= parts:
        raise typer.BadParameter(f"'{text}' is not I/N with I from 1 to N", param_hint="--shard")
    return part, parts
