"""What the user sees: messages and progress on standard error, results on standard output."""

import json
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pairfix.errors import printable
from pairfix.progress import Progress as Callback
from pairfix.progress import Stage, no_progress

__all__ = ["Talk", "make_table", "print_json", "show_error"]


class Talk:
    """Messages, notes and progress on standard error, as detailed as the user asked for."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.console = Console(stderr=True)
        level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.WARNING
        handler = RichHandler(console=self.console, show_time=False, show_path=False)
        handler.setFormatter(_Escaping("%(message)s"))
        logger = logging.getLogger("pairfix")
        logger.handlers[:] = [handler]
        logger.setLevel(level)

    def say(self, message: str) -> None:
        """Print a line, unless quiet."""
        if not self.quiet:
            self.console.print(Text(printable(message)), soft_wrap=True)

    def note(self, message: str) -> None:
        """Print something the user should know about the photos."""
        self.say(f"note: {message}")

    @contextmanager
    def progress(self) -> Iterator[Callback]:
        """Show a bar with the remaining time on a terminal, else one line per stage."""
        if self.quiet:
            yield no_progress
        elif self.console.is_terminal:
            with _bars(self.console) as bars:
                yield _on_bars(bars)
        else:
            yield self._plain

    @contextmanager
    def folder_progress(
        self, pairs: int, processes: int
    ) -> Iterator[tuple[list[Callback], Callable[[], None]]]:
        """Show a bar for the pairs and one for the stage of each process, on a terminal.

        Yields:
            What reports the stages of each process's pair, and what counts a pair as done.
        """
        if self.quiet or not self.console.is_terminal:
            yield [], lambda: None
            return
        with _bars(self.console) as bars:
            whole = bars.add_task("Pairs", total=pairs)
            stages = [bars.add_task("", total=None, visible=False) for _ in range(processes)]
            yield [_on_one_bar(bars, each) for each in stages], lambda: bars.advance(whole)

    def _plain(self, stage: Stage, done: int, total: int) -> None:
        if done == 0:
            self.say(stage.label)
        elif self.verbose and total > 1:
            self.say(f"  {done} of {total}")


def print_json(value: dict[str, Any] | list[Any], *, indent: int | None = 2) -> None:
    """Print one machine-readable value on standard output, as valid JSON whatever it holds.

    Text is escaped as in messages; numbers that are not finite become null.

    Args:
        value: What to print.
        indent: Of nested values; None: all on one line.

    Raises:
        OutputError: Standard output cannot be written.
    """
    typer.echo(json.dumps(_valid(value), indent=indent, allow_nan=False))


def make_table(*names: str) -> Table:
    """An empty table that wraps long cells."""
    table = Table()
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def show_error(message: str) -> None:
    """Print an error on one line."""
    typer.echo(f"pairfix: {printable(message)}", err=True)


class _Escaping(logging.Formatter):
    """Messages on one line each, whatever the names in them hold."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return printable(super().formatMessage(record))


def _valid(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {printable(str(name)): _valid(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_valid(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return printable(value) if isinstance(value, str) else value


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _on_one_bar(bars: Progress, task: TaskID) -> Callback:
    """Stages that follow each other on the same bar."""

    def show(stage: Stage, done: int, total: int) -> None:
        bars.update(task, description=stage.label, completed=done, total=total, visible=True)

    return show


def _on_bars(bars: Progress) -> Callback:
    tasks: dict[Stage, TaskID] = {}

    def show(stage: Stage, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage.label, total=total)
        elif done < total or not bars.tasks[tasks[stage]].finished:
            bars.update(tasks[stage], completed=done, total=total)

    return show
