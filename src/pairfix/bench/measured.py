"""Run a command; write its exit status, seconds and peak memory to a file as JSON.

    python measured.py FILE COMMAND [ARGUMENT ...]

A script of its own, which imports nothing large: Linux counts the memory that a process holds when
it starts another one towards the other's peak.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes per unit of ru_maxrss."""


def main() -> None:
    """Run the command in the arguments."""
    target, *command = sys.argv[1:]
    start = time.perf_counter()
    process = subprocess.Popen(command)  # noqa: S603  (our own command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    status, peak = _wait(process)
    seconds = time.perf_counter() - start
    measured = {"status": status, "seconds": seconds, "peak_bytes": peak}
    Path(target).write_text(json.dumps(measured), encoding="utf-8")


def _wait(process: "subprocess.Popen[bytes]") -> tuple[int, int | None]:
    """Exit status, and peak resident memory where the system reports it (not on Windows)."""
    if sys.platform == "win32":
        return process.wait(), None
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * _UNIT


if __name__ == "__main__":
    main()
