import platform
import subprocess
import sys

import pytest

_COMMON = """
import pathlib, sys
from threading import Thread
import numpy as np
from pairfix.allocator import keep_freed_memory

def resident():
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
"""
_FREES_AN_ARRAY = """
if sys.argv[1] == "keep":
    keep_freed_memory()
arrays = [np.ones(2 << 20) for _ in range(4)]
before = resident()
del arrays
print(before - resident())
"""


_ALLOCATES_IN_TURNS = """
keep_freed_memory()
before = resident()
thread = Thread(target=lambda: np.ones(2 << 20).sum())
thread.start()
thread.join()
array = np.ones(2 << 20)
print(resident() - before)
"""

_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="settings of glibc")


def _printed(program: str, *arguments: str) -> int:
    command = [sys.executable, "-c", _COMMON + program, *arguments]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@_glibc
def test_freed_arrays_stay_with_the_process_only_if_asked_to() -> None:
    kept, given_back = (_printed(_FREES_AN_ARRAY, how) for how in ("keep", "give back"))
    assert kept < 1 << 14 < given_back


@_glibc
def test_what_a_thread_freed_is_used_by_others() -> None:
    assert _printed(_ALLOCATES_IN_TURNS) < 1.5 * (1 << 14)
