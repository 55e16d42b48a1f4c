"""Restore a plan's pairs in several processes that share the cores.

Each process has its models open and is given the next pair when it has finished one. One that is
killed costs the pair that it was restoring; another takes its place.
"""

import logging
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from pairfix.backends.threads import available_cores, limit_threads
from pairfix.batch.outcome import Outcome, finish, states_of
from pairfix.batch.plan import Job, Plan
from pairfix.errors import MemoryExhaustedError, PairfixError, from_system
from pairfix.pipeline import Restored, Restorer
from pairfix.recipe import Recipe

__all__ = ["restore_side_by_side"]

_PATIENCE = 30.0
"""Seconds until a process that was told to end is killed; a tile takes a few."""


def restore_side_by_side(plan: Plan, recipe: Recipe, processes: int) -> Generator[Outcome]:
    """Restore pairs in several processes; they end when the iterator is closed.

    Args:
        plan: What is to be done.
        recipe: How; it writes no preview and no report.
        processes: How many at most, at least 1.

    Yields:
        What became of each pair, in the order in which they are done.

    Raises:
        ModelError, DeviceError, MissingExtraError: As `pairfix.pipeline.Restorer`.
    """
    Restorer(recipe)  # refuses before any work what no process could do
    waiting = deque(plan.jobs)
    count = min(processes, len(waiting))
    threads = max(1, available_cores() // max(1, count))
    staff: list[_Worker] = []
    busy: dict[Connection, _Worker] = {}

    def employ(worker: _Worker | None) -> None:
        if worker is None:
            worker = _Worker.start(plan, recipe, threads)
            staff.append(worker)
        worker.give(waiting.popleft())
        busy[worker.connection] = worker

    try:
        for _ in range(count):
            employ(None)
        while busy:
            for connection in wait([*busy]):
                worker = busy[connection]  # type: ignore[index]
                message = worker.receive()
                if isinstance(message, logging.LogRecord):
                    logging.getLogger(message.name).handle(message)
                    continue
                del busy[worker.connection]
                if waiting:
                    employ(worker if worker.process.is_alive() else None)
                else:
                    worker.connection.close()
                yield message
    finally:
        for worker in busy.values():
            worker.process.terminate()
        for worker in staff:
            worker.end()


@dataclass(slots=True)
class _Worker:
    """A process, from the outside."""

    process: BaseProcess
    connection: Connection
    job: Job | None = None

    @classmethod
    def start(cls, plan: Plan, recipe: Recipe, threads: int) -> "_Worker":
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        level = logging.getLogger("pairfix").getEffectiveLevel()
        process = context.Process(
            target=_work,
            args=(theirs, plan, recipe, threads, level),
            name="pairfix-worker",
            daemon=True,
        )
        with _without_terminal():
            process.start()
        theirs.close()
        return cls(process, ours)

    def give(self, job: Job) -> None:
        self.job = job
        try:
            self.connection.send(job)
        except OSError:
            return  # it was killed, and `receive` says so

    def receive(self) -> Outcome | logging.LogRecord:
        """What it has to say; of a process that was killed, that its pair failed."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.end()
        assert self.job is not None  # noqa: S101  (only busy workers are listened to)
        error = MemoryExhaustedError(
            "the process that restored it was killed, perhaps because memory ran out",
            "use fewer --jobs, or a smaller --tile",
        )
        return Outcome(self.job.name, self.job.photos, None, error)

    def end(self) -> None:
        """Wait for its end."""
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


@contextmanager
def _without_terminal() -> Iterator[None]:
    """Start a process that Ctrl-C and a closed terminal reach only through this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, plan: Plan, recipe: Recipe, threads: int, level: int) -> None:
    """The process: restore one pair after the other until there are no more."""
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        limit_threads(threads)
        logger = logging.getLogger("pairfix")
        logger.setLevel(level)
        logger.addHandler(_Forwarding(connection))
        restorer = Restorer(recipe)
        while True:
            job: Job = connection.recv()
            states = states_of(job)
            connection.send(finish(plan, job, states, _restored(restorer, job), recipe))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return


def _restored(restorer: Restorer, job: Job) -> Restored | PairfixError:
    try:
        return restorer.restore(*job.photos)
    except PairfixError as error:
        return error
    except (OSError, MemoryError) as error:
        return from_system(error)


class _Forwarding(logging.Handler):
    """Log messages become the first process's."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self._connection.send(record)


def _end_with_parent() -> None:
    """Stop also if the first process is killed: another run may restore the same pair soon."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
