import subprocess
import sys
import time

import pytest

from pairfix import __version__
from pairfix.cli import run


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["restore", "--help"]])
def test_asking_for_help_or_the_version_is_quick(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pairfix", *arguments]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import typer, rich, numpy"], check=True)
    assert min(times) < max(0.5, 3 * (time.perf_counter() - bare))


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pairfix {__version__}\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run(["nothing"]) == 2
