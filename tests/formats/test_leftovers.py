"""After a kill: what it left is removed by the next run, and what a run uses stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pairfix.formats import leftovers
from pairfix.formats.atomic import appearing, replacing

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _write_file(path: Path) -> None:
    with replacing(path, overwrite=True) as file:
        file.write(b"new")


def _write_folder(path: Path) -> None:
    with appearing(path, lambda: None) as folder:
        (folder / "weights").write_bytes(b"new")


def _killed(call: str, target: Path) -> None:
    """Run code that begins to write `target` and is killed within."""
    code = (
        "import os, signal, sys; from pathlib import Path; "
        f"from pairfix.formats.atomic import appearing, replacing\nwith {call} as beside:\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode < 0


def test_what_a_kill_left_of_a_file_is_removed_by_the_next_run(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"before")
    _killed("replacing(Path(sys.argv[1]), overwrite=True)", target)
    assert len(_names(tmp_path)) == 2
    assert target.read_bytes() == b"before"
    _write_file(target)
    assert _names(tmp_path) == ["a.png"]
    assert target.read_bytes() == b"new"


def test_what_a_kill_left_of_a_folder_is_removed_by_the_next_run(tmp_path: Path) -> None:
    _killed("appearing(Path(sys.argv[1]), lambda: None)", tmp_path / "model")
    assert len(_names(tmp_path)) == 1
    _write_folder(tmp_path / "model")
    assert _names(tmp_path) == ["model"]


def test_what_a_run_uses_or_is_another_files_stays(tmp_path: Path) -> None:
    others = [".b.png.0123abcd.part", ".a.png.notes.part", "a.png.0123abcd.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    with replacing(tmp_path / "a.png", overwrite=True) as file:
        file.write(b"slow")
        _write_file(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"slow"
    assert set(_names(tmp_path)) == {*others, "a.png"}


_WRITES_AGAIN_AND_AGAIN = """
import os, sys
from pathlib import Path
from pairfix.formats.atomic import appearing, replacing
os.fsync = lambda _: None
for _ in range(300):
    with replacing(Path(sys.argv[1]), overwrite=True) as file:
        file.write(b"whole")
    with appearing(Path(sys.argv[2]), lambda: None) as folder:
        (folder / "weights").write_bytes(b"whole")
"""


@pytest.mark.parametrize("same", [True, False])
def test_several_processes_may_write_at_once(tmp_path: Path, *, same: bool) -> None:
    """The same files, or others whose long names begin alike."""
    begin = "a" * 50
    names = [f"{begin}{'' if same else number}" for number in range(3)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITES_AGAIN_AND_AGAIN, tmp_path / f"{name}.png", place]
        )
        for name, place in (
            (name, tmp_path / f"{name}{number}") for number, name in enumerate(names)
        )
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    assert not [name for name in _names(tmp_path) if name.startswith(".")]


def test_what_a_kill_left_of_another_long_name_stays(tmp_path: Path) -> None:
    _killed("replacing(Path(sys.argv[1]), overwrite=True)", tmp_path / f"{'a' * 50}1.png")
    _write_file(tmp_path / f"{'a' * 50}2.png")
    assert len(_names(tmp_path)) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_a_folder_is_replaced_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(leftovers, "_exchange", lambda *_: False)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").write_bytes(b"")
    _write_folder(tmp_path / "model")
    assert _names(tmp_path) == ["model"]
    assert _names(tmp_path / "model") == ["weights"]


def test_a_kill_between_two_renames_gives_the_old_folder_back(tmp_path: Path) -> None:
    (tmp_path / ".model.0123abcd.old").mkdir()
    (tmp_path / ".model.0123abcd.old" / "weights").write_bytes(b"before")
    (tmp_path / ".model.0123abcd.part").mkdir()
    leftovers.remove_leftovers(tmp_path / "model")
    assert _names(tmp_path) == ["model"]
    assert (tmp_path / "model" / "weights").read_bytes() == b"before"


def test_a_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _: stored.append(_names(tmp_path)))
    _write_file(tmp_path / "a.png")
    _write_folder(tmp_path / "model")
    first, second = stored
    assert "a.png" not in first
    assert "model" not in second
