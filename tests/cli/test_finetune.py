"""`pairfix finetune` as the user types it; what it does is tested in tests/tune."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("matplotlib")

from pairfix.cli import run
from pairfix.train import training
from tests.calibration.cameras import KnownCamera
from tests.tune.conftest import build_start_again


@pytest.fixture(scope="module")
def my_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finetune") / "my_pairs"
    KnownCamera(neighbour=0.6).takes(folder, 3)
    return folder


@pytest.mark.slow
def test_a_folder_of_pairs_becomes_a_model_named_after_it(
    my_pairs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["finetune", str(my_pairs), "--steps", "2", "--batch", "1", "--json"]) == 0
    captured = capsys.readouterr()
    facts = json.loads(captured.out)
    assert facts["steps"] == 2
    assert facts["gain"]["after"] > facts["gain"]["before"]
    assert "use it with: pairfix restore ... --model ./my_pairs-model" in captured.err
    pair = [str(my_pairs / "0" / name) for name in ("long.dng", "short.dng")]
    model = ["--model", "./my_pairs-model", "--backend", "onnx", "--device", "cpu"]
    assert run(["restore", *pair, "-o", "out.png", *model]) == 0
    assert (tmp_path / "out.png").is_file()


@pytest.mark.slow
def test_tuning_that_does_not_help_has_an_exit_code_of_its_own(
    my_pairs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(training, "build_model", build_start_again)
    output = tmp_path / "mine"
    short = ["--steps", "1", "--batch", "1", "--least-gain", "60"]
    assert run(["finetune", str(my_pairs), "-o", str(output), *short]) == 13
    assert "tuning did not help" in capsys.readouterr().err
    assert not output.exists()


def test_too_few_pairs_are_one_line(
    my_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "one.csv"
    pair = my_pairs / "0"
    table.write_text(f"long,short\n{pair / 'long.dng'},{pair / 'short.dng'}\n")
    assert run(["finetune", str(table), "-o", str(tmp_path / "mine")]) == 4
    assert capsys.readouterr().err.splitlines()[-1].startswith("pairfix: too few pairs")


def test_photos_that_the_objective_would_ignore_are_refused(
    my_pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--objective", "selfir", "--photos", "sharp"]
    assert run(["finetune", str(my_pairs), *options]) == 2
    assert "it needs --objective auto" in capsys.readouterr().err
