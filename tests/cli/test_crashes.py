"""Whole commands that are killed, run out of disk, or run into each other."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits"),
]
Pair = tuple[Path, Path]


def _command(pair: Pair, output: Path, *further: str) -> list[str]:
    """Without the history, which holds the time, results are the same every time."""
    words = ["restore", *map(str, pair), "-o", str(output), "--no-metadata", *further]
    return [sys.executable, "-m", "pairfix", *words]


@pytest.mark.parametrize("suffix", [".png", ".dng"])
def test_a_restoration_killed_at_any_moment(raw_pair: Pair, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out{suffix}"
    command = _command(raw_pair, output, "--overwrite", "--quiet")
    begun = time.monotonic()
    subprocess.run(command, check=True)
    seconds, whole = time.monotonic() - begun, output.read_bytes()
    output.write_bytes(b"before")
    chance = Random(suffix)  # noqa: S311
    for _ in range(6):
        running = subprocess.Popen(command)
        time.sleep(chance.uniform(0.5, 1) * seconds)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert output.read_bytes() in (b"before", whole)
    subprocess.run(command, check=True)
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    assert output.read_bytes() == whole


@pytest.mark.parametrize(
    ("suffix", "further"),
    [
        *((each, {}) for each in (".png", ".tif", ".jpg", ".dng")),
        (".png", {"--preview": "preview.png"}),
        (".dng", {"--report": "report.html"}),
    ],
)
def test_a_disk_that_is_full(
    raw_pair: Pair, tmp_path: Path, suffix: str, further: dict[str, str]
) -> None:
    """No file may become longer than a kilobyte."""
    output = tmp_path / f"out{suffix}"
    output.write_bytes(b"before")
    options = [word for option, name in further.items() for word in (option, str(tmp_path / name))]
    command = _command(raw_pair, output, "--overwrite", *options)
    done = subprocess.run(
        ["/bin/bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 8, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("pairfix: ")
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    assert output.read_bytes() == b"before"


def test_restorations_that_write_one_result_at_once(raw_pair: Pair, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    command = _command(raw_pair, output, "--overwrite", "--quiet")
    subprocess.run(command, check=True)
    whole = output.read_bytes()
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [each.wait() for each in running] == [0, 0, 0]
    assert output.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
