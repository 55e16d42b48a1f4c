"""The command line: one file per command, one error boundary; only here are typer and rich used."""

import logging
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from pairfix._version import __version__
from pairfix.allocator import keep_freed_memory
from pairfix.cli import (
    align,
    bench,
    calibrate,
    finetune,
    models,
    pairs,
    restore,
    score,
    synth,
    train,
)
from pairfix.cli.console import show_error
from pairfix.cli.help import Command, Group
from pairfix.cli.streams import settle_streams
from pairfix.errors import PairfixError, from_system

__all__ = ["app", "main", "run"]

_log = logging.getLogger(__name__)
_USAGE, _INTERRUPTED = 2, 130
_ENDING = ("SIGTERM", "SIGHUP")
"""Signals that end a run; Windows lacks the second, and `nohup` ignores it."""

app = typer.Typer(
    name="pairfix",
    cls=Group,
    help="One sharp, clean photo from a long (blurred) and a short (noisy) exposure.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    restore.restore,
    align.align,
    score.score,
    bench.bench,
    synth.synth,
    pairs.pairs,
    calibrate.calibrate,
    train.train,
    finetune.finetune,
):
    app.command(cls=Command)(command)
app.add_typer(models.app, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pairfix {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; SIGTERM and a closed terminal (SIGHUP) count as Ctrl-C."""
    settle_streams()
    keep_freed_memory()
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; errors are printed on one line.

    So is what the operating system refuses where no module foresees it; --verbose shows where. An
    empty argument, which would name the current folder, is refused: no option needs one.

    Returns:
        The exit code.
    """
    if "" in (sys.argv[1:] if arguments is None else arguments):
        show_error("an argument is empty; if it is a script's variable, set it")
        return _USAGE
    try:
        try:
            app(arguments)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except PairfixError as error:
        show_error(str(error))
        return error.exit_code
    except (OSError, MemoryError) as error:
        _log.debug("not foreseen", exc_info=True)
        foreseen = from_system(error)
        show_error(str(foreseen))
        return foreseen.exit_code
    except SystemExit as finished:
        if finished.code == _INTERRUPTED:
            show_error("interrupted; no unfinished file is left behind")
        return finished.code if isinstance(finished.code, int) else 0
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
