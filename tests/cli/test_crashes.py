"""Whole commands that are killed, run out of disk, or run into each other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from pairfix.cli import run
from pairfix.errors import OutputError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits"),
]
Pair = tuple[Path, Path]


def _words(pair: Pair, output: Path, *further: str) -> list[str]:
    """Without the history, which holds the time, results are the same every time."""
    return ["restore", *map(str, pair), "-o", str(output), "--no-metadata", *further]


def _command(pair: Pair, output: Path, *further: str) -> list[str]:
    return [sys.executable, "-m", "pairfix", *_words(pair, output, *further)]


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """Let files of this process become no longer, as if the disk were full."""
    import resource  # noqa: PLC0415  (not on Windows)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("suffix", [".png", ".dng"])
def test_a_restoration_killed_at_any_moment(raw_pair: Pair, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out{suffix}"
    command = _command(raw_pair, output, "--overwrite", "--quiet")
    begun = time.monotonic()
    subprocess.run(command, check=True)
    seconds, whole = time.monotonic() - begun, output.read_bytes()
    output.write_bytes(b"before")
    chance = Random(suffix)  # noqa: S311
    for _ in range(3):
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
    raw_pair: Pair,
    tmp_path: Path,
    suffix: str,
    further: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No file may become longer than a kilobyte."""
    output = tmp_path / f"out{suffix}"
    output.write_bytes(b"before")
    options = [word for option, name in further.items() for word in (option, str(tmp_path / name))]
    with longest_file(1024):
        code = run(_words(raw_pair, output, "--overwrite", *options))
    said = capsys.readouterr().err
    assert code == OutputError.exit_code, said
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("pairfix: ")
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
