import subprocess
import sys

import pytest

from pairfix import __version__
from pairfix.cli import run

BIG = {"cv2", "imagecodecs", "matplotlib", "onnx", "onnxruntime", "rawpy", "tifffile", "torch"}
"""Libraries that are slow to import."""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["restore", "--help"]])
def test_asking_for_help_or_the_version_loads_nothing_big(arguments: list[str]) -> None:
    code = (
        "import sys; from pairfix.cli import run; code = run(sys.argv[1:]); "
        f"sys.exit(', '.join({BIG} & set(sys.modules)) or code)"
    )
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pairfix {__version__}\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run(["nothing"]) == 2


@pytest.mark.parametrize("command", [[], ["restore"], ["models"], ["models", "import"]])
def test_help_shows_no_type_for_flags(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0
    assert "--help" in (shown := capsys.readouterr().out)
    assert "<bool>" not in shown


def test_paragraphs_of_help_flow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert run(["restore", "--help"]) == 0
    assert "into another folder; the same command goes on" in capsys.readouterr().out


def test_models_without_a_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 2
    assert "List the models" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["restore", "", "short.png"], ["restore", "a", "-o", ""]])
def test_an_empty_argument_does_not_name_the_current_folder(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith("pairfix: an argument is empty; ")


def test_ctrl_c_counts_while_modules_are_imported() -> None:
    code = (
        "import builtins\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *arguments):\n"
        "    if name == 'typer':\n"
        "        raise KeyboardInterrupt\n"
        "    return real(name, *arguments)\n"
        "builtins.__import__ = interrupted\n"
        "from pairfix.__main__ import main\n"
        "main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert (ended.returncode, ended.stderr) == (130, b"")
