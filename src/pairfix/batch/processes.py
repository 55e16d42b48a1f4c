"""Processes of this run: started without a terminal, ended with it; what they log is told here."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

__all__ = ["Forwarding", "Helper", "end_on_sigterm", "lead_group"]

_PATIENCE = 30.0
"""Seconds until a process that was told to end is killed; a tile takes a few."""


@dataclass(slots=True)
class Helper:
    """A process, from the outside."""

    process: BaseProcess
    connection: Connection

    @classmethod
    def start(cls, work: Callable[..., None], *arguments: object, name: str) -> "Helper":
        """Start a process.

        Args:
            work: A function of a module, called with the process's end of a connection and the
                arguments.
            arguments: They are pickled.
            name: Of the process.
        """
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        level = logging.getLogger("pairfix").getEffectiveLevel()
        process = context.Process(
            target=_begin, args=(theirs, level, work, arguments), name=name, daemon=True
        )
        with _without_terminal():
            process.start()
        theirs.close()
        return cls(process, ours)

    def receive(self) -> Any:  # noqa: ANN401
        """What it has to say next; its log messages are handled here, and None returned for them.

        Raises:
            EOFError, OSError: It has ended.
        """
        message = self.connection.recv()
        if not isinstance(message, logging.LogRecord):
            return message
        logging.getLogger(message.name).handle(message)
        return None

    def stop(self) -> None:
        """Ask it to clean up and end."""
        self.process.terminate()

    def kill(self) -> None:
        """End it at once, and with it what it has started if it leads a group."""
        if self.process.pid is None:  # 0 would be this process's own group
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (AttributeError, OSError):  # Windows; it leads none yet
            self.process.kill()

    def end(self) -> None:
        """Wait for its end, but not for ever."""
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.kill()
            self.process.join()
        self.connection.close()


def lead_group() -> None:
    """Let this process lead a group, so that `Helper.kill` reaches what it starts."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


def end_on_sigterm() -> None:
    """Let SIGTERM raise KeyboardInterrupt, so that what is under way is cleaned up."""
    signal.signal(signal.SIGTERM, _stop)


def _begin(
    connection: Connection, level: int, work: Callable[..., None], arguments: tuple[object, ...]
) -> None:
    """The process: it ends in silence when it is told to, or nobody listens any more."""
    try:
        end_on_sigterm()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        logger = logging.getLogger("pairfix")
        logger.setLevel(level)
        logger.addHandler(Forwarding(connection))
        work(connection, *arguments)
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return


class Forwarding(logging.Handler):
    """Log messages become the first process's."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        """Send a message as plain text."""
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self._connection.send(record)


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


def _end_with_parent() -> None:
    """Stop also if the first process is killed: another run may restore the same pair soon."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
