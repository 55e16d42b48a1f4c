import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from pairfix.cli import run
from pairfix.formats import decode
from tests.synth.photos import photo_folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photo_folder(tmp_path_factory.mktemp("synth") / "photos", 2)


def synth(source: Path, output: Path, *options: str) -> int:
    return run(["synth", str(source), "-o", str(output), "--blur", "0", "8", *options])


def test_pairs_are_written_that_restore_reads(photos: Path, tmp_path: Path) -> None:
    assert synth(photos, tmp_path / "pairs", "--count", "1", "--size", "192x160") == 0
    pair = tmp_path / "pairs" / "0000"
    assert sorted(path.name for path in pair.iterdir()) == [
        "gt.dng",
        "long.dng",
        "pair.json",
        "short.dng",
    ]
    assert decode(pair / "short.dng").size == (160, 192)
    arguments = ["restore", str(pair / "long.dng"), str(pair / "short.dng")]
    assert run([*arguments, "-o", str(tmp_path / "out.png"), "--quiet"]) == 0
    assert decode(tmp_path / "out.png").size == (160, 192)


def test_json_lists_the_pairs(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--count", "2", "--size", "64x64", "--noise", "physical", "--seed", "4", "--json")
    assert synth(photos, tmp_path / "pairs", *options) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert "2 pairs written" in captured.err
    assert [each["folder"] for each in report["pairs"]] == [
        str(tmp_path / "pairs" / name) for name in ("0000", "0001")
    ]
    assert {each["noise"] for each in report["pairs"]} == {"physical"}
    about = json.loads((tmp_path / "pairs" / "0001" / "pair.json").read_text())
    assert report["pairs"][1].items() >= about.items()


def test_the_format_says_what_pairs(photos: Path, tmp_path: Path) -> None:
    options = ("--count", "1", "--size", "64x64", "--quiet")
    assert synth(photos, tmp_path / "a", *options, "--format", "jpg") == 0
    assert decode(tmp_path / "a" / "0000" / "short.jpg").pixels.dtype == np.uint8
    assert synth(photos, tmp_path / "b", *options, "--domain", "srgb") == 0
    assert decode(tmp_path / "b" / "0000" / "short.png").pixels.dtype == np.uint16
    assert synth(photos, tmp_path / "c", *options, "--format", "tiff", "--bits", "16") == 0
    assert decode(tmp_path / "c" / "0000" / "short.tif").pixels.dtype == np.uint16
    assert synth(photos, tmp_path / "d", *options, "--domain", "raw", "--format", "png") == 2


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--format", "jpg", "--bits", "16"), 8, "long.jpg: JPEG cannot hold 16 bits"),
        (("--noise", "sensor,gaussian"), 2, "gaussian makes no raw pairs, only sensor,"),
        (("--noise", "static"), 2, "'static' is not one of sensor, physical, "),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_rendered(
    options: tuple[str, ...],
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert synth(tmp_path / "missing", tmp_path / "pairs", *options) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_video_makes_pairs(tmp_path: Path) -> None:
    pytest.importorskip("av")
    frames = photo_folder(tmp_path / "frames", 4, (96, 128))
    video = cv2.VideoWriter(
        str(tmp_path / "a.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 240, (128, 96)
    )
    for path in sorted(frames.iterdir()):
        video.write(np.ascontiguousarray(decode(path).pixels[:, :, ::-1]))
    video.release()
    options = ("--from-video", "--frames", "2", "3", "--gap-frames", "0", "0", "--quiet")
    assert synth(tmp_path / "a.avi", tmp_path / "pairs", *options) == 0
    assert decode(tmp_path / "pairs" / "0000" / "long.dng").size == (94, 126)
    (tmp_path / "b.avi").write_text("no video", encoding="utf-8")
    assert synth(tmp_path / "b.avi", tmp_path / "others", *options) == 3


def test_nothing_is_overwritten_unless_asked(photos: Path, tmp_path: Path) -> None:
    options = ("--count", "1", "--size", "64x64", "--quiet")
    assert synth(photos, tmp_path / "pairs", *options) == 0
    assert synth(photos, tmp_path / "pairs", *options) == 8
    assert synth(photos, tmp_path / "pairs", *options, "--overwrite") == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--size", "64"),
        ("--size", "63x64"),
        ("--noise", "nonsense"),
        ("--noise", "gaussian"),
        ("--format", "jpg,png"),
        ("--format", "png", "--noise", "gaussian", "--sigma", "9", "3"),
        ("--format", "png", "--noise", "poisson", "--sigma", "3", "9"),
        ("--ratio", "8", "4"),
        ("--ratio", "0.5", "4"),
        ("--displacement", "inf"),
        ("--from-video", "--frames", "0", "3"),
    ],
)
def test_nonsense_is_refused(photos: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert synth(photos, tmp_path / "pairs", *options) == 2
    assert not (tmp_path / "pairs").exists()


def test_gaussian_noise_is_as_strong_as_was_said(photos: Path, tmp_path: Path) -> None:
    options = (
        "--count",
        "1",
        "--size",
        "192x160",
        "--noise",
        "gaussian",
        "--sigma",
        "20",
        "20",
        "--bits",
        "8",
    )
    assert synth(photos, tmp_path / "pairs", "--format", "png", *options) == 0
    pair = tmp_path / "pairs" / "0000"
    short = decode(pair / "short.png").pixels.astype(float)
    truth = decode(pair / "gt.png").pixels / 257
    within = (truth > 80) & (truth < 170)
    assert (short - truth)[within].std() == pytest.approx(20, rel=0.05)


def test_a_missing_or_empty_folder_is_an_input_error(tmp_path: Path) -> None:
    assert synth(tmp_path / "none", tmp_path / "pairs") == 3
    (tmp_path / "empty").mkdir()
    assert synth(tmp_path / "empty", tmp_path / "pairs") == 3


@pytest.mark.slow
def test_ctrl_c_leaves_only_whole_pairs(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "pairs"
    listening = (
        "import signal, pairfix.cli; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "pairfix.cli.main()"
    )  # a shell's background jobs are born deaf to Ctrl-C
    command = [sys.executable, "-c", listening, "synth", str(photos), "-o", str(output)]
    with subprocess.Popen(
        [*command, "--count", "500", "--size", "64x64"], stderr=subprocess.PIPE
    ) as process:
        while not (output / "0001").exists():
            time.sleep(0.01)
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in said
    for folder in output.iterdir():
        assert len([*folder.iterdir()]) == 4
        assert not folder.name.startswith(".")


def test_help_does_not_load_pytorch() -> None:
    code = (
        "import sys; from pairfix.cli import run; run(['synth', '--help']); "
        "sys.exit(bool({'cv2', 'pairfix.calibration', 'torch'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0
