"""The command that trains: what it refuses, what it says, how it stops."""

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest

from pairfix.cli import run, train_options
from pairfix.errors import InputError, MissingExtraError, ModelError, OutputError
from pairfix.formats import decode
from tests.scenes import scene

SMALL = [
    *("--set", "width=8", "--batch", "1", "--crop", "32"),
    *("--val-pairs", "1", "--device", "cpu", "--quiet"),
]

torch_needed = pytest.mark.skipif(
    not all(map(find_spec, ("torch", "onnxscript", "matplotlib"))),
    reason="PyTorch is not installed",
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sharp") / "photos"
    folder.mkdir()
    for seed in range(3):
        pixels = np.rint(scene((160, 160), seed).transpose(1, 2, 0) * 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{seed}.png"), pixels)
    return folder


def train(photos: Path, output: Path, *arguments: str, network: str = "selfir") -> int:
    return run(["train", network, str(photos), "-o", str(output), *SMALL, *arguments])


@torch_needed
@pytest.mark.slow
def test_a_trained_network_restores_in_both_back_ends(
    photos: Path,
    raw_pair: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = tmp_path / "mine"
    assert train(photos, model, "--steps", "2", "--json") == 0
    printed, said = capsys.readouterr()
    report = json.loads(printed)
    assert said == ""
    assert report["complete"]
    assert report["steps"] == 2
    assert set(report["restored"]) == {"psnr", "ssim"}
    pictures = []
    for backend in ("torch", "onnx"):
        output = tmp_path / f"{backend}.png"
        restore = ["restore", *map(str, raw_pair), "-o", str(output), "--model", str(model)]
        assert run([*restore, "--backend", backend, "--align", "none", "--quiet"]) == 0
        pictures.append(decode(output).pixels.astype(float))
    differs = np.abs(pictures[0] - pictures[1]) > 64
    assert differs.mean() < 1e-4  # where the direction of the demosaicing is undecided


@torch_needed
def test_ctrl_c_leaves_a_model_and_a_training_to_resume(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pairfix.train.player import Player  # noqa: PLC0415  (needs PyTorch)

    step = Player.step

    def interrupted(*arguments: Any) -> None:  # noqa: ANN401
        os.kill(os.getpid(), signal.SIGINT)
        step(*arguments)

    monkeypatch.setattr(Player, "step", interrupted)
    model = tmp_path / "mine"
    handler = signal.getsignal(signal.SIGINT)
    assert train(photos, model, "--minutes", "10") == 130
    assert signal.getsignal(signal.SIGINT) is handler
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("pairfix: stopped after step 1; ")
    assert said.endswith(f"{model} is the model so far; --resume continues\n")
    command = "pairfix train selfir photos --output mine --set width=8"
    assert command in (model / "README.md").read_text()
    assert (tmp_path / "mine.training" / "state.pt").is_file()


@torch_needed
def test_ctrl_c_before_the_first_step_leaves_an_earlier_model_alone(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pairfix.train.task import Pairs  # noqa: PLC0415  (needs PyTorch)

    load = Pairs.load

    def interrupted(*arguments: Any) -> Pairs:  # noqa: ANN401
        os.kill(os.getpid(), signal.SIGINT)
        return load(*arguments)

    monkeypatch.setattr(Pairs, "load", interrupted)
    assert train(photos, tmp_path / "mine") == 130
    assert "stopped before the first step" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


@torch_needed
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--objective", "magic"], 2, "'magic' is not one of 'supervised'"),
        (["--loss", "magic"], 2, "'magic' is not one of 'l1'"),
        (
            ["--from", "selfir-srgb"],
            ModelError.exit_code,
            "selfir-srgb is SelfIR for srgb, not SelfIR for raw",
        ),
        (["--from", "nothing"], ModelError.exit_code, "there is no model nothing"),
        (
            ["--set", "depth=3"],
            ModelError.exit_code,
            "SelfIR has no field 'depth'; it has channels, width,",
        ),
        (["--set", "width=zero"], 2, "is not FIELD=VALUE"),
        (["--set", "channels=3"], 2, "raw has 4 channels, not 3"),
        (["--noise", "sensor,static"], 2, "'static' is not one of sensor"),
        (["--ratio", "8", "4"], 2, "8 to 4 is not a range from 1 upwards"),
        (["--augment", "cutnoise,static"], 2, "'static' is not one of varmap, cutnoise"),
        (["--jpeg", "0.3"], 2, "raw photos are never JPEGs"),
        (["--steps", "3", "--minutes", "2"], 2, "either steps or minutes"),
        (["--minutes", "0"], 2, "minutes must be positive"),
        (["--minutes", "inf"], 2, "minutes must be finite"),
        (["--deblurrer", "selfir-raw"], ModelError.exit_code, "does not learn from another model"),
        (["--resume"], OutputError.exit_code, "no checkpoint to resume"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    arguments: list[str],
    code: int,
    message: str,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(photos, tmp_path / "mine", *arguments) == code
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


@torch_needed
def test_a_folder_without_photos_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, tmp_path / "mine") == InputError.exit_code
    assert f"{tmp_path} holds no photos" in capsys.readouterr().err


def test_an_unknown_network_is_refused(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(photos, tmp_path / "mine", network="magic") == ModelError.exit_code
    assert "there is no network magic; use one of " in capsys.readouterr().err


def test_without_pytorch_the_extra_is_named(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pairfix.export.graphs.find_spec", lambda _: None)
    assert train(photos, tmp_path / "mine") == MissingExtraError.exit_code
    assert "pip install 'pairfix[torch]'" in capsys.readouterr().err


@torch_needed
def test_help_names_the_noise_models() -> None:
    from pairfix.synth.noise import NOISES  # noqa: PLC0415  (needs PyTorch)

    _, about = get_args(train_options.Noise)
    assert f": {', '.join(NOISES)}" in about.help


def test_help_loads_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys; from pairfix.cli import run; run(['train', '--help']); "
        "sys.exit(bool({'torch', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0
