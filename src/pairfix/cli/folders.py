"""`pairfix restore FOLDER`: every pair of a folder or table."""

import time
from collections import Counter
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any

import typer

from pairfix.cli.console import Talk, print_json, show_error
from pairfix.cli.folder_options import FolderOptions
from pairfix.errors import UnfinishedError, printable
from pairfix.recipe import Recipe, Shoot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pairfix.batch import Job, Joining, Kept, Outcome, Plan

__all__ = ["restore_folder", "watch_folder"]

_MINUTE = 60.0


def restore_folder(
    shoot: Shoot,
    recipe: Recipe,
    talk: Talk,
    options: FolderOptions,
    *,
    json: bool,
) -> None:
    """Restore every pair, and say what became of each; the recipe's report is a contact sheet.

    Raises:
        UnfinishedError: A pair failed; all others were restored, unless `fail_fast`.
        PairfixError: Nothing can be restored.
    """
    from pairfix.batch import check_cluster, joining  # noqa: PLC0415  (keeps --help quick)

    cluster = options.cluster
    if cluster is not None:
        check_cluster(cluster)
    with nullcontext() if cluster is None or options.dry_run else joining(cluster) as joined:
        from pairfix.batch import check_sheet, plan_shoot  # noqa: PLC0415  (meanwhile)

        plan = plan_shoot(shoot, recipe)
        if options.dry_run:
            _foretell(plan, talk, json=json)
            return
        if recipe.report:
            check_sheet(recipe.report, shoot.output)
        due = len(plan.jobs) + len({each.pair for each in plan.broken})
        tally = _Tally(plan.kept, due, talk, json=json)
        _note_stale(plan, talk)
        _restore(plan, recipe, talk, tally, options, joined)
    tally.close()


def _note_stale(plan: "Plan", talk: Talk) -> None:
    """Say which results stay although they would be made otherwise now."""
    stale = [kept for kept in plan.kept if kept.difference]
    for kept in stale:
        talk.note(f"{kept.job.output} stays: {kept.difference}")
    if stale:
        talk.note(f"--existing overwrite makes {'these' if len(stale) > 1 else 'it'} again")


def _restore(
    plan: "Plan",
    recipe: Recipe,
    talk: Talk,
    tally: "_Tally",
    options: FolderOptions,
    joined: "Joining | None",
) -> None:
    from pairfix.batch import restore_shoot, write_sheet  # noqa: PLC0415  (keeps --help quick)

    try:
        with (
            talk.folder_progress(tally.due, options.processes) as (progress, advance),
            closing(
                restore_shoot(
                    plan, recipe, progress=progress, processes=options.processes, cluster=joined
                )
            ) as outcomes,
        ):
            for outcome in outcomes:
                tally.add(outcome)
                advance()
                if options.fail_fast and tally.failures:
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
        self.failures: dict[tuple[Path, ...], tuple[str, str]] = {}
        """Names and reasons by the pairs' photos: pairs may share a name, or a photo."""
        self._kept, self.due, self._talk, self._json = kept, due, talk, json
        self._restored = 0
        self._workers: Counter[str] = Counter()
        """How many pairs each worker of a cluster restored."""
        self._start = time.monotonic()

    def add(self, outcome: "Outcome") -> None:
        """A pair that was restored, or not."""
        self.outcomes.append(outcome)
        done = outcome.restoration
        for photos in [each for each in self.failures if {*each} <= {*outcome.photos}]:
            del self.failures[photos]  # of an earlier try, when the pair may not have been whole
        if done is None:
            self.failures[outcome.photos] = outcome.name, str(outcome.error)
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
        for name, reason in self.failures.values():
            self._talk.say(f"  failed: {name}: {reason}")
        if self._json:
            print_json({"summary": self._summary()}, indent=None)
        if self.failures:
            total = self.due + len(self._kept)
            goes_on = "restores the others" if self._left() else "leaves the others alone"
            raise UnfinishedError(
                f"{len(self.failures)} of {total} pairs could not be restored",
                f"mend or remove them; the same command {goes_on}",
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
        failed: dict[str, str] = {}
        for name, reason in self.failures.values():
            failed[name] = f"{failed[name]}; {reason}" if name in failed else reason
        return {
            "restored": self._restored,
            "kept": [str(each.job.output) for each in self._kept],
            "failed": failed,
            "left": self._left(),
            "workers": dict(sorted(self._workers.items())),
            "seconds": round(time.monotonic() - self._start, 3),
        }


def _foretell(plan: "Plan", talk: Talk, *, json: bool) -> None:
    if json:
        print_json(plan.as_json())
        return
    lines = [f"restore  {_shown(job)} ({job.model})" for job in plan.jobs]
    lines += [
        f"keep     {each.job.output}: {each.difference or 'up to date'}" for each in plan.kept
    ]
    lines += [f"cannot   {each.path}: {each.reason}" for each in plan.broken]
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
