"""Cases by number, run one after the other in a process whose time and memory are limited."""

import multiprocessing
import resource
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from tests.fuzz.check import check, clear, resealed
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import Seed, seeds_of

__all__ = ["Outcome", "contents", "make_seeds", "run_cases", "run_contents"]

SECONDS = 2.0
"""Of processor time that a case may take."""
_PATIENCE = 60.0
"""Seconds until a case counts as endless, on a machine that others use as well."""
_MEMORY = 4 << 30
"""Bytes of address space; libraries and the threads of ONNX Runtime reserve 2 GB of it."""
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case ended."""

    kind: str
    name: str
    """Its number, or the file that holds it."""
    useful: bool
    """Whether the file could be used, rather than refused."""
    seconds: float
    """Of processor time."""
    peak: int
    """Bytes of memory that the process took at most until then."""
    defect: str = ""
    """What went wrong; empty if nothing did."""


def make_seeds(kinds: Iterable[str], folder: Path) -> dict[str, list[Seed]]:
    """The seeds of some kinds, made in a folder of each."""
    made = {}
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        made[kind] = seeds_of(kind, folder / kind)
    return made


def contents(kind: str, seeds: list[Seed], number: int, seed: int) -> Seed:
    """The files of a case: the same for the same seeds and numbers."""
    chance = Random(f"{kind} {seed} {number}")  # noqa: S311
    files = dict(chance.choice(seeds))
    name = chance.choice(sorted(files))
    files[name] = mutated(kind, name, files[name], chance)
    if kind == "model" and chance.random() < 0.95:
        return resealed(files)
    return files


def run_cases(
    kind: str, seeds: list[Seed], numbers: Iterable[int], seed: int, folder: Path
) -> Iterator[Outcome]:
    """Run cases in one process, which is started anew when it dies or hangs."""
    cases = ((str(number), contents(kind, seeds, number, seed)) for number in numbers)
    return run_contents(kind, cases, folder)


def run_contents(kind: str, cases: Iterable[tuple[str, Seed]], folder: Path) -> Iterator[Outcome]:
    """Run named cases likewise."""
    worker = None
    try:
        for name, files in cases:
            worker = worker or _Worker(folder)
            outcome = worker.run(kind, name, files)
            yield outcome
            if outcome.defect:
                worker.stop()
                worker = None
    finally:
        if worker:
            worker.stop()


class _Worker:
    """A process that uses files."""

    def __init__(self, folder: Path) -> None:
        self._own, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, folder), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, kind: str, name: str, files: Seed) -> Outcome:
        """Let it use files, and wait."""
        self._own.send((kind, name, dict(files)))
        try:
            if self._own.poll(_PATIENCE):
                found: Outcome = self._own.recv()
                return found
            defect = f"it took more than {_PATIENCE:.0f} s"
        except EOFError:
            self._process.join()
            defect = f"the process ended with {self._process.exitcode}"
        return Outcome(kind, name, useful=False, seconds=_PATIENCE, peak=0, defect=defect)

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join()


def _serve(connection: Connection, folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    warnings.simplefilter("error")  # the command line would print them
    while True:
        try:
            kind, name, files = connection.recv()
        except EOFError:
            return
        connection.send(_outcome(kind, name, files, folder))


def _outcome(kind: str, name: str, files: Seed, folder: Path) -> Outcome:
    clear(folder)
    for each, data in files.items():
        (folder / each).write_bytes(data)
    begun, useful, defect = time.process_time(), False, ""
    try:
        useful = check(kind, folder)
    except Exception:  # noqa: BLE001 (any is a defect)
        defect = traceback.format_exc(limit=-4)
    seconds = time.process_time() - begun
    if seconds > SECONDS and not defect:
        defect = f"it took {seconds:.1f} s"
    return Outcome(kind, name, useful, seconds, _peak(), defect)


def _peak() -> int:
    """Bytes of memory at most; `getrusage` would count those of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
