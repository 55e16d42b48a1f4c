"""The stages of a run, as they pass."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pairfix.image import Progress

__all__ = ["Stages", "no_progress"]


class Stages:
    """Announces the stages and keeps their times."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress or no_progress
        self.seconds: dict[str, float] = {}
        """By stage, in order."""

    @contextmanager
    def run(self, name: str) -> Iterator[None]:
        """Announce a stage, and note how long what is done in it takes."""
        self.progress(name, 0, 1)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.progress(name, 1, 1)


def no_progress(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""
