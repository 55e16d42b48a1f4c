import json
import subprocess
import sys
import time

import pytest

from pairfix import __version__
from pairfix.cli import run
from pairfix.errors import ModelError


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


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list"]) == 0
    printed = capsys.readouterr().out
    assert "selfir-raw" in printed
    assert "selfir-srgb" in printed


def test_models_are_listed_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert models["selfir-raw"]["network"] == "selfir"
    assert models["selfir-srgb"]["domain"] == "srgb"


def test_a_models_card_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "selfir-raw"]) == 0
    assert "licence" in capsys.readouterr().out.lower()


def test_a_models_facts_are_shown_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "selfir-raw", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert set(facts["sha256"]) == {"weights.safetensors", "fusion.onnx"}


def test_an_unknown_model_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "nothing"]) == ModelError.exit_code
    assert "selfir-raw" in capsys.readouterr().err
