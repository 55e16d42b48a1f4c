"""Killed at any moment, on a full disk, or in a crowd: what is there is whole."""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from pairfix.formats.atomic import appearing, replacing

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits")

_SIZE = 1 << 20
_WRITER = f"""
import sys
from pathlib import Path
from pairfix.formats.atomic import appearing, replacing

target = Path(sys.argv[1])
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    content = bytes([number % 256]) * {_SIZE}
    if target.name == "folder":
        with appearing(target, lambda: None) as beside:
            for name in "abc":
                (beside / name).write_bytes(content)
    else:
        with replacing(target, overwrite=True) as file:
            file.write(content)
"""


def _start(target: Path, times: int) -> "subprocess.Popen[bytes]":
    """A process that writes a result again and again, every time with other bytes."""
    command = [sys.executable, "-c", _WRITER, str(target), str(times)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert writer.stdout
    assert writer.stdout.readline() == b"ready\n"
    return writer


def _is_whole(target: Path) -> bool:
    """Whether all bytes are those of one run."""
    files = [*target.iterdir()] if target.is_dir() else [target]
    contents = {path.read_bytes() for path in files}
    (content,) = contents
    return len(files) in (1, 3) and content == content[:1] * _SIZE


@pytest.mark.parametrize("name", ["file.png", "folder"])
def test_after_a_kill_at_any_moment_a_result_is_whole(tmp_path: Path, name: str) -> None:
    target, chance = tmp_path / name, Random(name)  # noqa: S311
    found = 0
    for _ in range(8):
        writer = _start(target, 10**6)
        time.sleep(chance.uniform(0, 0.1))
        writer.kill()
        writer.communicate()
        if target.exists():
            assert _is_whole(target)
            found += 1
    assert found
    if name == "folder":
        with appearing(target, lambda: None) as beside:
            (beside / "a").write_bytes(b"last")
    else:
        with replacing(target, overwrite=True) as file:
            file.write(b"last")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["file.png", "folder"])
def test_many_writers_of_one_result_leave_one_whole(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    _start(target, 1).communicate()
    for writer in [_start(target, 15) for _ in range(3)]:
        while writer.poll() is None:
            time.sleep(0.02)
            if name == "file.png" and target.exists():  # a folder is read file by file
                assert _is_whole(target)
        writer.communicate()
        assert writer.returncode == 0
    assert _is_whole(target)
    assert [path.name for path in tmp_path.iterdir()] == [name]
