"""Restore a plan's pairs in several processes that share the cores.

Each process has its models open and is given the next pair when it has finished one. One that is
killed costs the pair that it was restoring; another takes its place.
"""

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait

from pairfix.allocator import keep_freed_memory
from pairfix.batch.finish import finish
from pairfix.batch.jobs import Job, Plan
from pairfix.batch.memory import fitting_processes
from pairfix.batch.outcome import Outcome
from pairfix.batch.processes import Helper
from pairfix.batch.records import Inputs
from pairfix.errors import MemoryExhaustedError, caught
from pairfix.pipeline import Restorer
from pairfix.progress import Progress, Stage, Timeline, no_progress
from pairfix.recipe import Recipe, Shoot
from pairfix.threads import available_cores, limit_threads

__all__ = ["restore_side_by_side"]


def restore_side_by_side(
    plan: Plan, recipe: Recipe, processes: int, progress: Sequence[Progress] = ()
) -> Generator[Outcome]:
    """Restore pairs in several processes; they end when the iterator is closed.

    Args:
        plan: What is to be done.
        recipe: How; it writes no preview and no report.
        processes: How many at most, at least 1; fewer if memory is free for fewer.
        progress: Of each process, as many as there may be; or none.

    Yields:
        What became of each pair, in the order in which they are done.

    Raises:
        ModelError, DeviceError, MissingExtraError: As `pairfix.pipeline.Restorer`.
    """
    Restorer(recipe)  # refuses before any work what no process could do
    waiting = deque(plan.jobs)
    count = fitting_processes(min(processes, len(waiting)), [job.need for job in waiting])
    threads = max(1, available_cores() // max(1, count))
    staff: list[_Worker] = []
    busy: dict[Connection, _Worker] = {}

    def employ(worker: _Worker | None, told: Progress) -> None:
        if worker is None:
            helper = Helper.start(
                _work, plan.shoot, recipe, threads, bool(progress), name="pairfix-worker"
            )
            worker = _Worker(helper, told, waiting[0])
            staff.append(worker)
        worker.give(waiting.popleft())
        busy[worker.helper.connection] = worker

    try:
        for told in [*progress, *[no_progress] * count][:count]:
            employ(None, told)
        while busy:
            for connection in wait([*busy]):
                worker = busy[connection]  # type: ignore[index]
                outcome = worker.receive()
                if outcome is None:
                    continue
                del busy[worker.helper.connection]
                if waiting:
                    alive = worker.helper.process.is_alive()
                    employ(worker if alive else None, worker.progress)
                else:
                    worker.helper.connection.close()
                yield outcome
    finally:
        for worker in busy.values():
            worker.helper.stop()
        for worker in staff:
            worker.helper.end()


@dataclass(frozen=True, slots=True)
class _Step:
    """How far a process is with its pair."""

    stage: Stage
    done: int
    total: int


@dataclass(slots=True)
class _Worker:
    """A process, from the outside, and the pair that it restores."""

    helper: Helper
    progress: Progress
    job: Job

    def give(self, job: Job) -> None:
        self.job = job
        try:
            self.helper.connection.send(job)
        except OSError:
            return  # it was killed, and `receive` says so

    def receive(self) -> Outcome | None:
        """What became of its pair, once it is done; if it was killed, that the pair failed.

        Raises:
            RuntimeError: It ended by a defect, which it has printed.
        """
        try:
            message: Outcome | _Step | None = self.helper.receive()
        except (EOFError, OSError):
            self.helper.end()
            if (self.helper.process.exitcode or 0) > 0:
                raise RuntimeError(
                    f"a process broke off while it restored {self.job.name}"
                ) from None
        else:
            if not isinstance(message, _Step):
                return message
            self.progress(message.stage, message.done, message.total)
            return None
        error = MemoryExhaustedError(
            "the process that restored it was killed, perhaps because memory ran out",
            "use fewer --jobs, or a smaller --tile",
        )
        return Outcome(self.job.name, self.job.photos, None, error)


def _work(
    connection: Connection,
    shoot: Shoot,
    recipe: Recipe,
    threads: int,
    tells: bool,  # noqa: FBT001  (processes take no keywords)
) -> None:
    """The process: restore one pair after the other until there are no more."""
    limit_threads(threads)
    keep_freed_memory()
    restorer = Restorer(recipe)

    def tell(stage: Stage, done: int, total: int) -> None:
        connection.send(_Step(stage, done, total))

    progress = tell if tells else no_progress
    while True:
        job: Job = connection.recv()
        inputs = Inputs.of(job.photos, recipe)
        result = caught(partial(restorer.restore, *job.photos, timeline=Timeline(progress)))
        connection.send(finish(shoot, job, inputs, result, recipe))
