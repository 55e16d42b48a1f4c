import json
import subprocess
import sys
from pathlib import Path

import pytest

from pairfix.bench import measured
from pairfix.bench.command import CommandFailedError, restore


def measure(target: Path, code: str) -> dict[str, float]:
    command = [sys.executable, measured.__file__, str(target), sys.executable, "-c", code]
    subprocess.run(command, check=True)
    value: dict[str, float] = json.loads(target.read_text())
    return value


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not report it")
def test_peak_memory_is_that_of_the_command_alone(tmp_path: Path) -> None:
    ballast = bytearray(200_000_000)
    little = measure(tmp_path / "little.json", "pass")
    much = measure(tmp_path / "much.json", "bytearray(90_000_000)")
    assert little["peak_bytes"] < 60e6 < len(ballast)
    assert 90e6 < much["peak_bytes"] < 150e6


def test_seconds_and_status_are_those_of_the_command(tmp_path: Path) -> None:
    taken = measure(tmp_path / "taken.json", "import time; time.sleep(0.3); raise SystemExit(7)")
    assert taken["status"] == 7
    assert 0.3 <= taken["seconds"] < 30


def test_a_failing_command_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"long\.png does not exist") as caught:
        restore(tmp_path / "long.png", tmp_path / "short.png", tmp_path / "result.png", [])
    assert caught.value.status == 3


def test_what_a_command_says_is_understood_whatever_the_terminals_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    with pytest.raises(CommandFailedError, match="fehlt-ü"):
        restore(tmp_path / "fehlt-ü.png", tmp_path / "b.png", tmp_path / "out.png", [])
