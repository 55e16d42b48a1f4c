import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from pairfix.calibration import CameraProfile
from pairfix.cli import run
from tests.calibration.cameras import SHOT, STATED, KnownCamera, blank_scene, take_pictures

WITHOUT_TORCH = (
    "import sys; sys.modules.update(dict.fromkeys(('torch', 'matplotlib'))); "
    "from pairfix.cli import run; sys.exit(run(sys.argv[1:]))"
)
"""None in sys.modules: importing it fails as if it were not installed."""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    KnownCamera(stated=STATED).takes(folder)
    take_pictures(folder / "lonely", deviation=0.01)
    (folder / "lonely" / "short.png").unlink()
    return folder


def test_measured_stands_beside_stated(
    pairs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["calibrate", str(pairs)]) == 0
    captured = capsys.readouterr()
    for part in ("Known, raw", "1600", "Shot / stated", "Correlation", "Black of R, G, B"):
        assert part in captured.out
    assert "lonely" in captured.out
    assert "Measuring the noise" in captured.err


def test_json_and_file_hold_the_profile(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "calibration.json"
    assert run(["calibrate", str(pairs), "-o", str(output), "--json", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert not captured.err
    said = json.loads(captured.out)
    assert said["profile"]["domain"] == "raw"
    assert said["profile"]["settings"][0]["short"]["shot"][1] == pytest.approx(SHOT, rel=0.15)
    assert [Path(each["path"]).parent.name for each in said["left_out"]] == ["lonely"]
    profile = CameraProfile.read(output)
    assert profile.settings[0].blocks == said["profile"]["settings"][0]["blocks"]


def test_a_file_is_replaced_only_when_asked(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "calibration.json"
    output.write_text("mine", encoding="utf-8")
    assert run(["calibrate", str(pairs), "-o", str(output)]) == 8
    captured = capsys.readouterr()
    assert "exists" in captured.err
    assert "Measuring" not in captured.err
    assert output.read_text(encoding="utf-8") == "mine"
    assert run(["calibrate", str(pairs), "-o", str(output), "--overwrite", "--quiet"]) == 0
    assert not capsys.readouterr().out
    assert CameraProfile.read(output).camera == "Known"


def test_it_can_be_drawn(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    plot = tmp_path / "noise.png"
    assert run(["calibrate", str(pairs), "--plot", str(plot), "--quiet"]) == 0
    picture = cv2.imread(str(plot))
    assert picture is not None
    height, width, _ = picture.shape
    assert (height, width) == (320, 1280)
    assert run(["calibrate", str(pairs), "--plot", str(tmp_path / "noise.pdf")]) == 8
    assert "end it in .png" in capsys.readouterr().err


def test_raws_can_be_measured_as_developed(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["calibrate", str(pairs), "--domain", "srgb", "--json", "--quiet"]) == 0
    profile = json.loads(capsys.readouterr().out)["profile"]
    assert profile["domain"] == "srgb"
    assert len(profile["settings"][0]["short"]["shot"]) == 3


def test_pictures_need_no_asking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take_pictures(tmp_path / "0", deviation=0.02)
    assert run(["calibrate", str(tmp_path), "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["profile"]["domain"] == "srgb"
    assert run(["calibrate", str(tmp_path), "--domain", "raw"]) == 4


def test_a_damaged_pair_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    KnownCamera().take(tmp_path / "1")
    damaged = KnownCamera().take(tmp_path / "0") / "short.dng"
    damaged.write_bytes(damaged.read_bytes()[:40_000])
    assert run(["calibrate", str(tmp_path), "--json", "--quiet"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["profile"]["settings"][0]["pairs"] == 1
    assert {Path(each["path"]).parent.name for each in said["left_out"]} == {"0"}


def test_it_needs_neither_torch_nor_matplotlib(pairs: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, "calibrate", str(pairs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [*command, "--plot", str(tmp_path / "noise.png")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 9
    assert done.stderr.count("\n") == 1
    assert "pip install 'pairfix[torch]'" in done.stderr


def test_what_cannot_be_measured_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate", str(tmp_path)]) == 4
    assert "holds no photos" in capsys.readouterr().err
    assert run(["calibrate", str(tmp_path / "none")]) == 3
    capsys.readouterr()
    KnownCamera().take(tmp_path / "bright", light=blank_scene())
    assert run(["calibrate", str(tmp_path), "--quiet"]) == 4
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "tripod" in captured.err
    KnownCamera(name="Other").take(tmp_path / "other")
    assert run(["calibrate", str(tmp_path), "--quiet"]) == 4
    assert "different cameras" in capsys.readouterr().err


def test_help_does_not_load_what_calibrates() -> None:
    code = (
        "import sys; from pairfix.cli import run; run(['calibrate', '--help']); "
        "sys.exit(bool({'cv2', 'pairfix.calibration', 'torch'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0
