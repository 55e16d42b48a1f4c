"""Restore a pair by the installed command, in a separate process."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pairfix.bench import measured
from pairfix.errors import PairfixError

__all__ = ["CommandFailedError", "Run", "restore"]

_PREFIX = "pairfix: "
_KILLED = "the command ended without a message (did it run out of memory?)"


class CommandFailedError(PairfixError):
    """The command failed; has its message and exit code."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the command reported, and the time and memory it took."""

    report: dict[str, Any]
    """As `docs/report.schema.json` describes it."""
    seconds: float
    """From the command's start to the finished file."""
    peak_bytes: int | None
    """Peak resident memory; None where the system does not report it."""


def restore(long: Path, short: Path, output: Path, options: Sequence[str]) -> Run:
    """Run ``pairfix restore`` on a pair.

    Args:
        long: The long exposure.
        short: The short exposure.
        output: The result.
        options: Further options of the command.

    Raises:
        CommandFailedError: The command failed.
    """
    arguments = ["restore", str(long), str(short), "-o", str(output), *options]
    command = [sys.executable, "-m", "pairfix", *arguments, "--json", "--quiet", "--overwrite"]
    with tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "measured.json"
        printed, said = _run([sys.executable, measured.__file__, str(facts), *command])
        if not facts.exists():
            raise CommandFailedError(_KILLED, 1)
        taken = json.loads(facts.read_text(encoding="utf-8"))
    if taken["status"]:
        lines = said.strip().splitlines() or [_KILLED]
        raise CommandFailedError(lines[-1].removeprefix(_PREFIX), max(taken["status"], 1))
    return Run(json.loads(printed), taken["seconds"], taken["peak_bytes"])


def _run(command: list[str]) -> tuple[str, str]:
    """What a command prints on standard output and error; terminated if we are interrupted."""
    with subprocess.Popen(  # noqa: S603  (our own command)
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            return process.communicate()
        except BaseException:
            process.terminate()
            raise
