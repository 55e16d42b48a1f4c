"""What the user sees of a training, and how to stop it."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from pairfix.cli.console import Talk

if TYPE_CHECKING:
    from pairfix.train.loop import Standing

__all__ = ["report_training", "stopped_by_signals"]

Report = Callable[["Standing"], None]

_LINES = 20
"""Lines that a whole training is worth where there is no terminal."""


@contextmanager
def report_training(talk: Talk) -> Iterator[Report]:
    """A bar with loss, speed and time left on a terminal, a line now and then elsewhere."""
    if talk.quiet:
        yield lambda _: None
    elif talk.console.is_terminal:
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
        with Progress(*columns, console=talk.console) as bar:
            task = bar.add_task("Training", total=1.0)
            yield lambda now: bar.update(task, completed=now.share, description=_describe(now))
    else:
        yield _lines(talk)


@contextmanager
def stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed, or the process asked to end; a second time ends it at once."""
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        restore()


def _lines(talk: Talk) -> Report:
    said = 0

    def report(now: "Standing") -> None:
        nonlocal said
        if talk.verbose or int(now.share * _LINES) > said:
            said = int(now.share * _LINES)
            talk.say(f"{now.share:4.0%}  {_describe(now)}")

    return report


def _describe(now: "Standing") -> str:
    parts = [f"step {now.step}"]
    if now.latest:
        parts += [_losses(now.latest.losses), f"{now.latest.crops_per_second:.3g} crops/s"]
    minutes, seconds = divmod(round(now.seconds_left), 60)
    return "  ".join([*parts, f"{minutes}:{seconds:02} left"])


def _losses(losses: Mapping[str, float]) -> str:
    """The terms, with the player's name where there are several."""
    players = {name.partition("/")[0] for name in losses}
    shown = {
        name if len(players) > 1 else name.partition("/")[2]: value
        for name, value in losses.items()
    }
    return ", ".join(f"{name} {value:.4g}" for name, value in shown.items())
