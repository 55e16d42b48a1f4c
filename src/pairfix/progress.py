"""The stages of a run: announced as they begin, timed when they end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Progress", "Stage", "Timeline", "no_progress"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a run that the user sees."""

    name: str
    """Key of the stage in reports."""
    label: str
    """What the user reads while it runs."""


Progress = Callable[[Stage, int, int], None]
"""Called with the stage, the steps done and the steps in all."""


def no_progress(_stage: Stage, _done: int, _total: int) -> None:
    """Report nothing."""


class Timeline:
    """Announces the stages of a run and records how long each takes."""

    def __init__(self, progress: Progress = no_progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        """By the stage's name, in order."""

    @contextmanager
    def run(self, stage: Stage) -> Iterator[None]:
        """Announce a stage, and time the block."""
        self.progress(stage, 0, 1)
        start = time.perf_counter()
        yield
        self.seconds[stage.name] = time.perf_counter() - start
        self.progress(stage, 1, 1)
