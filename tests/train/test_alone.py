"""Two trainings into one folder: the second ends at once, whatever became of the first."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("filelock")

from pairfix.errors import OutputError
from pairfix.train.alone import alone

_HOLD = """
import sys
from pathlib import Path
from pairfix.train.alone import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(model: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that trains into the folder."""
    command = [sys.executable, "-c", _HOLD, str(model)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == b"held"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_training_ends_at_once(tmp_path: Path) -> None:
    with (
        another(tmp_path / "mine"),
        pytest.raises(OutputError, match=r"another training is making .*mine; wait until") as error,
        alone(tmp_path / "mine"),
    ):
        pass
    assert error.value.exit_code == 8


def test_one_process_cannot_train_twice_either(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "mine"),
        pytest.raises(OutputError, match="another training"),
        alone(tmp_path / "mine"),
    ):
        pass


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can fill")
def test_a_place_that_cannot_be_written_is_not_taken_for_another_training() -> None:
    with (
        pytest.raises(OutputError, match="/proc/mine cannot be written"),
        alone(Path("/proc/mine")),
    ):
        pass


def test_other_folders_are_free(tmp_path: Path) -> None:
    with another(tmp_path / "mine"), alone(tmp_path / "yours"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_killed_training_holds_nothing(tmp_path: Path) -> None:
    with another(tmp_path / "mine") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with alone(tmp_path / "mine"):
            pass


def test_a_training_that_failed_holds_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), alone(tmp_path / "mine"):
        raise KeyboardInterrupt
    with alone(tmp_path / "mine"):
        pass
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "message"), [("none/mine", "does not exist"), ("x" * 250, "cannot be written")]
)
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(OutputError, match=message), alone(tmp_path / name):
        pass
    assert not [*tmp_path.iterdir()]
