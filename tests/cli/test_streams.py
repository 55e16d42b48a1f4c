"""Whether anybody reads what a command prints never decides about what it does."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pairfix.cli.console import Talk, print_json
from pairfix.errors import printable

PAIRFIX = [sys.executable, "-m", "pairfix"]
SHELL = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")


def _shell(line: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a line in which "$@" is the command; the exit code is that of the command."""
    return subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {line}", "bash", *PAIRFIX, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@SHELL
@pytest.mark.parametrize(
    "line",
    ['"$@" 2>/dev/full', '"$@" 2>&1 | head -1', '"$@" | true', '"$@" >&-', '"$@" >&- 2>&-'],
)
def test_a_photo_is_written_whoever_reads(
    rgb_pair: tuple[Path, Path], tmp_path: Path, line: str
) -> None:
    output = tmp_path / "out.png"
    done = _shell(line, "restore", *map(str, rgb_pair), "-o", str(output), "--json", "--verbose")
    assert done.returncode == 0, done.stderr
    assert output.is_file()
    assert "Traceback" not in done.stderr


@SHELL
@pytest.mark.parametrize("arguments", [["models", "list"], ["--help"], ["--version"]])
@pytest.mark.parametrize("line", ['"$@" | true', '"$@" >&-', '"$@" 2>/dev/full'])
def test_commands_that_nobody_reads_end_well(arguments: list[str], line: str) -> None:
    done = _shell(line, *arguments)
    assert (done.returncode, done.stderr) == (0, "")


@SHELL
@pytest.mark.parametrize(
    "arguments", [["models", "list"], ["--version"], ["models", "list", "--json"]]
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_results_that_cannot_be_written_are_one_error(
    arguments: list[str], unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = _shell('"$@" >/dev/full', *arguments)
    assert done.returncode == 8
    assert done.stderr.count("\n") == 1
    assert "standard output cannot be written" in done.stderr


@SHELL
def test_errors_keep_their_code_when_they_cannot_be_shown() -> None:
    assert _shell('"$@" 2>/dev/full', "models", "show", "nothing").returncode == 6
    assert _shell('"$@" 2>/dev/full', "nothing").returncode == 2


@SHELL
def test_a_terminal_without_a_character_gets_a_substitute(tmp_path: Path) -> None:
    line = 'LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 PYTHONIOENCODING=ascii "$@"'
    (tmp_path / "Nächte").mkdir()
    done = _shell(line, "pairs", str(tmp_path / "Nächte"))
    assert done.returncode == 4, done.stderr
    assert done.stderr.isascii()


@pytest.mark.parametrize(
    "mark", ["\x1b", "\x9b", "\u202e", "\u2066", "\u206b", "\udcff", "\u2028", "\n"]
)
def test_what_breaks_or_reorders_text_is_escaped(
    mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mark not in printable(f"a{mark}b")
    print_json({f"k{mark}": [f"a{mark}b", float("nan"), float("inf")]})
    ((name, values),) = json.loads(capsys.readouterr().out).items()
    assert mark not in name + values[0]
    assert values[1:] == [None, None]


@pytest.mark.parametrize("mark", ["\x1b[31m", "\u202e", "\udcff", "\n", "[red]"])
def test_log_messages_name_files_as_they_are_but_for_what_breaks_the_line(
    mark: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Talk(quiet=False, verbose=True)
    # pytest's report would hold the message too, and xdist cannot send a lone surrogate
    monkeypatch.setattr(logging.getLogger("pairfix"), "propagate", False)
    logging.getLogger("pairfix.test").warning("left out %s", f"a{mark}b")
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert f"a{printable(mark)}b" in shown


@SHELL
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_of_files_reach_no_stream_as_they_are(tmp_path: Path, encoding: str) -> None:
    name = b"a\x1b[31m\xff" + "\u202e".encode() + b"\n[red]b"
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    folder.mkdir()
    for photo in ("long.png", "short.png"):
        (folder / photo).write_bytes(b"\x89PNG\r\n\x1a\n")
    line = f'PYTHONIOENCODING={encoding} "$@"'
    for code, *arguments in (
        (4, "pairs", tmp_path),
        (4, "pairs", tmp_path, "--json"),
        (6, "models", "show", folder),
        (3, "restore", folder / "long.png", folder / "short.png", "-o", folder / "out.png"),
    ):
        done = _shell(line, *map(str, arguments))
        shown = done.stdout + done.stderr
        assert done.returncode == code, shown
        assert arguments[0] == "pairs" or r"a\x1b[31m\udcff\u202e\n[red]b" in shown
        assert all(each == "\n" or printable(each) == each for each in shown)
        assert shown.isascii() or encoding != "ascii"
