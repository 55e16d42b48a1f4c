import platform
import subprocess
import sys

import pytest

_FREES_AN_ARRAY = """
import pathlib, sys
import numpy as np
from pairfix.allocator import keep_freed_memory

def resident():
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

if sys.argv[1] == "keep":
    keep_freed_memory()
arrays = [np.ones(2 << 20) for _ in range(4)]
before = resident()
del arrays
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_freed_arrays_stay_with_the_process_only_if_asked_to() -> None:
    def returned(how: str) -> int:
        command = [sys.executable, "-c", _FREES_AN_ARRAY, how]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    assert returned("keep") < 1 << 14 < returned("give back")
