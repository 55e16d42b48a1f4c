import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import imageio.v3 as iio
import jsonschema
import numpy as np
import pytest
from PIL import Image

from pairfix.backends import registry
from pairfix.backends.cpu import multiplies_int8
from pairfix.cli import run
from pairfix.errors import DeviceError, InputError, ModelError, OutputError, PairError
from pairfix.formats import decode
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.tiff_read import read_chain
from pairfix.image import DevelopSettings
from pairfix.output import results

Pair = tuple[Path, Path]
SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


def restore(pair: Pair, output: Path, *options: str) -> int:
    return run(["restore", *map(str, pair), "-o", str(output), *options])


@pytest.mark.parametrize(
    "name", ["out.png", "out.tif", "out.jpg", "out.avif", "out.jxl", "out.dng"]
)
def test_a_raw_pair_becomes_a_file_of_every_format(
    raw_pair: Pair, tmp_path: Path, name: str
) -> None:
    assert restore(raw_pair, tmp_path / name) == 0
    result = decode(tmp_path / name)
    assert sorted(result.size) == [320, 384]
    assert result.domain == ("raw" if name.endswith("dng") else "srgb")
    assert result.exposure.shutter == pytest.approx(1 / 60)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_result_is_upright(raw_pair: Pair, tmp_path: Path) -> None:
    restore(raw_pair, tmp_path / "out.png")
    assert decode(tmp_path / "out.png").size == (384, 320)


def test_the_result_is_cleaner_than_the_short_photo(raw_pair: Pair, tmp_path: Path) -> None:
    def noise(path: Path) -> float:
        green = decode(path, "srgb").pixels[:, :, 1].astype(np.float32)
        return float(np.abs(cv2.Laplacian(green, cv2.CV_32F)).mean())

    restore(raw_pair, tmp_path / "out.png")
    assert noise(tmp_path / "out.png") < 0.5 * noise(raw_pair[1])


def test_an_rgb_pair_of_unequal_brightness_becomes_as_bright_as_the_long_photo(
    rgb_pair: Pair, tmp_path: Path
) -> None:
    assert restore(rgb_pair, tmp_path / "out.png", "--bits", "8") == 0
    result, long = decode(tmp_path / "out.png").pixels, decode(rgb_pair[0]).pixels
    assert result.dtype == np.uint8
    np.testing.assert_allclose(result.mean(axis=(0, 1)), long.mean(axis=(0, 1)), rtol=0.05)


@pytest.fixture
def reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Restores a pair with options, and returns its report, which fits the schema."""

    def restored(pair: Pair, *options: str) -> dict[str, Any]:
        assert restore(pair, tmp_path / "out.png", "--json", *options) == 0
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        jsonschema.validate(report, json.loads(SCHEMA.read_text()))
        return report

    return restored


def test_json_goes_to_standard_output_alone_and_fits_its_schema(
    raw_pair: Pair, reported: Callable[..., dict[str, Any]]
) -> None:
    report = reported(raw_pair)
    assert report["runtime"]["device"] == "cpu"
    assert list(report["seconds"]) == [
        "decode",
        "match",
        "align",
        "flicker",
        "clean",
        "fuse",
        "sharp",
        "points",
        "develop",
        "write",
    ]
    assert 0 <= report["long_share"] <= 1


def test_only_stages_that_apply_to_pictures_are_reported(
    rgb_pair: Pair, reported: Callable[..., dict[str, Any]]
) -> None:
    assert not {"clean", "points"} & reported(rgb_pair)["seconds"].keys()


def test_a_model_that_sees_one_photo_gets_nothing_from_the_other(
    rgb_pair: Pair, reported: Callable[..., dict[str, Any]]
) -> None:
    report = reported(rgb_pair, "--model", "reblur-unet-srgb")
    assert report["long_share"] is None
    assert "sharp" not in report["seconds"]


def test_the_network_alone_can_be_asked_for(
    raw_pair: Pair, reported: Callable[..., dict[str, Any]]
) -> None:
    report = reported(raw_pair, "--no-sharp-long", "--no-points")
    assert report["long_share"] is None
    assert not {"sharp", "points"} & report["seconds"].keys()


def test_a_strength_is_reported(
    raw_pair: Pair, tmp_path: Path, reported: Callable[..., dict[str, Any]]
) -> None:
    page = tmp_path / "out.html"
    report = reported(raw_pair, "--strength", "0.5", "--report", str(page))
    assert report["strength"] == 0.5
    assert re.search(r"Strength\W.*?>\s*0\.5\s*<", page.read_text(encoding="utf-8"), re.DOTALL)


def test_mirror_images_are_reported_and_change_the_result_a_little(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, page = tmp_path / "plain.png", tmp_path / "out.html"
    assert restore(raw_pair, plain) == 0
    options = ("--ensemble", "2", "--json", "--report", str(page))
    assert restore(raw_pair, tmp_path / "out.png", *options) == 0
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    assert report["ensemble"] == 2
    assert "mean of 2" in page.read_text(encoding="utf-8")
    pictures = (iio.imread(each).astype(int) for each in (plain, tmp_path / "out.png"))
    difference = np.abs(np.subtract(*pictures))
    assert 0 < difference.mean() < 2 * 257


@pytest.mark.parametrize("count", ["0", "9", "many"])
def test_a_number_of_mirror_images_out_of_range_is_refused(tmp_path: Path, count: str) -> None:
    missing = tmp_path / "a.dng", tmp_path / "b.dng"
    assert restore(missing, tmp_path / "out.png", f"--ensemble={count}") == 2


@pytest.mark.parametrize("strength", ["-0.1", "3.5", "much"])
def test_a_strength_out_of_range_is_refused(tmp_path: Path, strength: str) -> None:
    missing = tmp_path / "a.dng", tmp_path / "b.dng"
    assert restore(missing, tmp_path / "out.png", f"--strength={strength}") == 2


def test_a_strength_is_refused_before_any_work_where_the_network_is_told_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "a.dng", tmp_path / "b.dng"
    options = ("--model", "d2hnet-s-raw", "--strength", "2")
    assert restore(missing, tmp_path / "out.png", *options) == ModelError.exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert "not told how noisy" in line


def test_a_crop_is_written_upright_and_reported(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore(raw_pair, tmp_path / "out.png", "--crop", "5,10,30,40", "--json") == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    assert report["crop"] == {"left": 5, "top": 10, "width": 30, "height": 40}
    assert "only a part: 30 x 40 pixels from 5, 10" in captured.err
    assert decode(tmp_path / "out.png").size == (40, 30)


@pytest.mark.parametrize(
    "crop", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "0,0,0,5", "0,0,5,0", "-1,0,5,5", "0.5,0,5,5", ""]
)
def test_a_crop_that_is_none_is_refused_before_any_work(tmp_path: Path, crop: str) -> None:
    missing = tmp_path / "a.dng", tmp_path / "b.dng"
    assert restore(missing, tmp_path / "out.png", f"--crop={crop}") == 2


def test_a_crop_beyond_the_photo_is_refused_in_one_line(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--crop", "300,0,21,10", "--quiet")
    assert restore(raw_pair, tmp_path / "out.png", *options) == OutputError.exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert "which is 320 x 384 pixels" in line
    assert not list(tmp_path.iterdir())


def test_quiet_says_nothing(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restore(raw_pair, tmp_path / "out.png", "--quiet")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_the_device_is_always_reported(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--device", "cpu", "--backend", "onnx", "--precision", "fp32"
    restore(raw_pair, tmp_path / "out.png", *options)
    assert "selfir-raw on CPU (ONNX Runtime, fp32)" in capsys.readouterr().err


def test_the_preview_shows_all_three_side_by_side(raw_pair: Pair, tmp_path: Path) -> None:
    restore(raw_pair, tmp_path / "out.png", "--preview", str(tmp_path / "compare.jpg"))
    height, width = decode(tmp_path / "compare.jpg").size
    assert width > 3 * 300
    assert height > 300


def test_an_srgb_model_has_a_raw_pair_developed_first(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore(raw_pair, tmp_path / "out.png", "--model", "selfir-srgb") == 0
    assert "developed by LibRaw" in capsys.readouterr().err


def test_photos_in_the_wrong_order_are_swapped_with_a_note(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore((raw_pair[1], raw_pair[0]), tmp_path / "swapped.png") == 0
    assert "swapped" in capsys.readouterr().err
    restore(raw_pair, tmp_path / "out.png")
    np.testing.assert_array_equal(
        decode(tmp_path / "out.png").pixels, decode(tmp_path / "swapped.png").pixels
    )


def test_exposure_correction_brightens(raw_pair: Pair, tmp_path: Path) -> None:
    restore(raw_pair, tmp_path / "a.png")
    restore(raw_pair, tmp_path / "b.png", "--exposure", "0.5")
    assert decode(tmp_path / "b.png").pixels.mean() > 1.1 * decode(tmp_path / "a.png").pixels.mean()


def test_a_dng_of_a_darker_short_photo_keeps_its_exposure_and_records_the_brightening(
    dark_pair: Pair, tmp_path: Path
) -> None:
    assert restore(dark_pair, tmp_path / "out.dng") == 0
    result, short = decode(tmp_path / "out.dng"), decode(dark_pair[1])
    assert result.bayer is not None
    assert short.bayer is not None
    levels = [
        (frame.pixels.mean() - bayer.black[0]) / (bayer.white - bayer.black[0])
        for frame, bayer in ((result, result.bayer), (short, short.bayer))
    ]
    assert levels[0] == pytest.approx(levels[1], rel=0.05)
    with (tmp_path / "out.dng").open("rb") as file:
        (directory, *_) = read_chain(file)
    numerator, denominator = np.frombuffer(directory[50730].data, np.int32)
    assert numerator / denominator == pytest.approx(2, abs=0.1)


def test_a_dng_shows_what_a_png_would(dark_pair: Pair, tmp_path: Path) -> None:
    for name in ("out.dng", "out.png"):
        assert restore(dark_pair, tmp_path / name, "--exposure", "0.5") == 0
    with Image.open(tmp_path / "out.dng") as thumbnail:
        shown = np.asarray(thumbnail)
    size = shown.shape[1], shown.shape[0]
    with Image.open(tmp_path / "out.png") as picture:
        expected = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX), int)
    assert np.abs(shown - expected).mean() < 2


@pytest.mark.skipif(not multiplies_int8(), reason="the CPU has no instructions for int8")
def test_int8_is_the_default_and_shows_what_floats_do(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, pictures = [], []
    for precision in ("auto", "int8", "fp32"):
        output = tmp_path / f"{precision}.png"
        assert restore(raw_pair, output, "--device", "cpu", "--precision", precision) == 0
        said.append(capsys.readouterr().err)
        pictures.append(decode(output).pixels.astype(int))
    assert [each.count("(ONNX Runtime, int8)") for each in said] == [1, 1, 0]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert 0 < np.abs(pictures[1] - pictures[2]).mean() / 65535 < 0.005


def test_int8_for_a_model_that_was_not_trained_for_it_is_refused_at_once(
    raw_pair: Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(registry, "multiplies_int8", lambda: True)
    options = "--model", "pairnet-raw", "--precision", "int8"
    assert restore(raw_pair, tmp_path / "out.png", *options) == ModelError.exit_code
    assert capsys.readouterr().err == (
        "pairfix: model pairnet-raw was not trained to run in int8; use --precision auto\n"
    )


def test_tiles_do_not_change_the_result(raw_pair: Pair, tmp_path: Path) -> None:
    for name, tile in (("a.png", "1024"), ("b.png", "160")):
        restore(raw_pair, tmp_path / name, "--tile", tile, "--precision", "fp32")
    difference = decode(tmp_path / "a.png").pixels.astype(int) - decode(tmp_path / "b.png").pixels
    assert np.abs(difference).mean() / 65535 < 3e-4


def test_an_existing_file_is_refused_before_any_work_and_kept(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.png"
    output.write_bytes(b"precious")
    assert restore(raw_pair, output) == OutputError.exit_code
    assert output.read_bytes() == b"precious"
    assert "--overwrite" in capsys.readouterr().err
    assert restore(raw_pair, output, "--overwrite") == 0
    assert decode(output).size == (384, 320)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--model", "nothing"], ModelError.exit_code, "no model nothing"),
        (["--backend", "nothing"], 2, "--backend"),
        (["--backend", "onnx", "--precision", "bf16"], DeviceError.exit_code, "fp32, int8 only"),
        (["--device", "nothing"], 2, "--device"),
        (["--tile", "many"], 2, "--tile"),
        (["--white-balance", "1,2"], 2, "--white-balance"),
        (["--white-balance", "nan,1,1"], 2, "--white-balance"),
        (
            ["--bits", "12"],
            OutputError.exit_code,
            "PNG cannot hold 12 bits per channel; use 16 or 8",
        ),
    ],
)
def test_a_wrong_option_gets_its_own_exit_code(
    raw_pair: Pair,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    message: str,
) -> None:
    assert restore(raw_pair, tmp_path / "out.png", *options) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_device_that_is_not_there_is_an_error(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if sys.platform == "darwin":
        pytest.skip("an Apple machine may have it")
    assert restore(raw_pair, tmp_path / "out.png", "--device", "mps") == DeviceError.exit_code
    assert capsys.readouterr().err.startswith("pairfix: the device mps cannot be used")


def test_a_damaged_input_is_one_line(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.dng"
    broken.write_bytes(raw_pair[1].read_bytes()[:5000])
    assert restore((raw_pair[0], broken), tmp_path / "out.png", "-q") == InputError.exit_code
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert str(broken) in message


def test_the_same_photo_twice_is_refused(raw_pair: Pair, tmp_path: Path) -> None:
    assert restore((raw_pair[0], raw_pair[0]), tmp_path / "out.png") == PairError.exit_code


def test_a_developed_pair_becomes_a_linear_dng(raw_pair: Pair, tmp_path: Path) -> None:
    for name in ("out.dng", "out.png"):
        assert restore(raw_pair, tmp_path / name, "--model", "selfir-srgb") == 0
    dng, png = decode(tmp_path / "out.dng"), decode(tmp_path / "out.png")
    assert (dng.bayer, dng.size, dng.exposure) == (None, png.size, png.exposure)
    assert np.abs(dng.pixels.astype(int) - png.pixels).max() < 0.002 * 65535


def test_a_mosaic_becomes_a_linear_dng_on_request(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore(raw_pair, tmp_path / "a.dng", "--dng", "linear", "--demosaic", "ppg") == 0
    assert "left to whoever" not in capsys.readouterr().err
    assert restore(raw_pair, tmp_path / "b.dng", "--dng", "cfa") == 0
    linear, mosaic = decode(tmp_path / "a.dng"), decode(tmp_path / "b.dng")
    assert linear.bayer is None
    assert mosaic.bayer is not None
    developed = decode(tmp_path / "b.dng", "srgb", DevelopSettings(demosaic="ppg"))
    assert np.abs(linear.pixels.astype(int) - developed.pixels).mean() < 0.003 * 65535


def test_a_dng_of_developed_photos_cannot_have_a_mosaic(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--model", "selfir-srgb", "--dng", "cfa"
    assert restore(raw_pair, tmp_path / "out.dng", *options) == OutputError.exit_code
    message = capsys.readouterr().err
    assert "was developed, so that there is no mosaic" in message
    assert "Restoring" not in message


def test_a_dng_of_an_rgb_pair_is_refused(
    rgb_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore(rgb_pair, tmp_path / "out.dng") == OutputError.exit_code
    assert "a DNG needs raw photos" in capsys.readouterr().err


def test_a_raw_model_refuses_an_rgb_pair(
    rgb_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = restore(rgb_pair, tmp_path / "out.png", "--model", "selfir-raw")
    assert code == ModelError.exit_code
    assert "not srgb ones" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one child")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, sent: str) -> None:
    example = Path(__file__).parents[2] / "examples" / "neon"
    listening = (
        "import signal, pairfix.cli; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "pairfix.cli.main()"
    )  # background jobs of a shell ignore Ctrl-C
    pair = str(example / "long.dng"), str(example / "short.dng")
    command = [sys.executable, "-c", listening, "restore", *pair]
    with subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.png"), "--tile", "1"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("Restoring"))
        time.sleep(0.05)
        process.send_signal(signal.Signals[sent])
        assert "interrupted; no unfinished file is left behind" in process.stderr.read()
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["-o", "--preview"])
@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_a_result_never_replaces_an_input(
    rgb_pair: Pair,
    tmp_path: Path,
    option: str,
    overwrite: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = rgb_pair[1].read_bytes()
    code = restore(rgb_pair, tmp_path / "out.png", option, str(rgb_pair[1]), *overwrite)
    assert code == OutputError.exit_code
    assert "is also an input" in capsys.readouterr().err
    assert rgb_pair[1].read_bytes() == before


@pytest.mark.parametrize("suffix", ["gif", "webp", "mp4"])
def test_a_moving_preview_shows_the_crop_in_turns(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    if suffix == "mp4":
        pytest.importorskip("av")
    preview = tmp_path / f"compare.{suffix}"
    options = ("--crop", "20,30,80,64", "--preview", str(preview))
    assert restore(raw_pair, tmp_path / "out.png", *options) == 0
    assert "short, long and result taking turns" in capsys.readouterr().err
    plugin = "pyav" if suffix == "mp4" else "pillow"
    frames = iio.imread(preview, plugin=plugin, index=...)  # type: ignore[arg-type]
    assert frames.shape[1:] == (64, 80, 3)
    result = decode(tmp_path / "out.png").pixels[40:, :] / 257
    last = frames[5 if suffix == "mp4" else 2]
    assert np.abs(last[40:].astype(float) - result).mean() < 6


def test_a_moving_preview_replaces_nothing_unless_told(raw_pair: Pair, tmp_path: Path) -> None:
    preview = tmp_path / "compare.gif"
    preview.write_bytes(b"kept")
    options = ("--preview", str(preview))
    assert restore(raw_pair, tmp_path / "out.png", *options) == OutputError.exit_code
    assert preview.read_bytes() == b"kept"


def test_formats_of_previews_are_listed_with_the_moving_ones(
    rgb_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--preview", str(tmp_path / "compare.foo")
    assert restore(rgb_pair, tmp_path / "out.png", *options) == OutputError.exit_code
    message = capsys.readouterr().err
    assert "use .png, .tif, .tiff, .jpg, .jpeg, .avif, .jxl, .exr, .gif, .webp, .mp4" in message


def test_what_a_dng_holds_cannot_be_chosen_for_a_picture(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore(raw_pair, tmp_path / "out.png", "--dng", "linear") == OutputError.exit_code
    assert "leave --dng out" in capsys.readouterr().err


def test_a_preview_needs_its_own_name(rgb_pair: Pair, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    assert restore(rgb_pair, output, "--preview", str(output)) == OutputError.exit_code


def test_one_photo_needs_a_model_that_takes_one(
    rgb_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["restore", str(rgb_pair[0]), "-o", str(tmp_path / "out.png")])
    assert code == PairError.exit_code
    assert "needs a long and a short exposure" in capsys.readouterr().err


def test_a_preview_cannot_be_a_mosaic(raw_pair: Pair, tmp_path: Path) -> None:
    preview = str(tmp_path / "compare.dng")
    assert restore(raw_pair, tmp_path / "out.png", "--preview", preview) == OutputError.exit_code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["develop", "compare", "encode_picture"])
def test_an_interruption_in_a_late_stage_leaves_nothing_behind(
    raw_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results, stage, interrupt)
    preview = str(tmp_path / "compare.jpg")
    assert restore(raw_pair, tmp_path / "out.png", "--preview", preview) == 130
    assert not list(tmp_path.iterdir())


def test_developing_options_apply_where_libraw_develops_first(
    raw_pair: Pair, tmp_path: Path
) -> None:
    restore(raw_pair, tmp_path / "a.png", "--model", "selfir-srgb")
    restore(raw_pair, tmp_path / "b.png", "--model", "selfir-srgb", "--white-balance", "3,1,1")
    reds = [decode(tmp_path / name).pixels[:, :, 0].mean() for name in ("a.png", "b.png")]
    assert reds[1] > 1.1 * reds[0]


@pytest.mark.parametrize("kind", ["raw", "rgb"])
def test_a_result_in_a_wide_space_shows_the_same_colours(
    raw_pair: Pair, rgb_pair: Pair, tmp_path: Path, kind: str
) -> None:
    pair = raw_pair if kind == "raw" else rgb_pair
    restore(pair, tmp_path / "a.tif")
    options = ("--colour-space", "rec2020", "--preview", str(tmp_path / "c.png"))
    assert restore(pair, tmp_path / "b.tif", *options) == 0
    plain, wide = (decode(tmp_path / name) for name in ("a.tif", "b.tif"))
    assert "converted from its ICC profile to sRGB" in wide.notes
    assert "converted from its ICC profile to sRGB" in decode(tmp_path / "c.png").notes
    difference = plain.pixels.astype(np.int32) - wide.pixels
    assert np.abs(difference).mean() < 0.01 * 65535


def test_a_picture_keeps_the_colour_space_of_the_short_one(rgb_pair: Pair, tmp_path: Path) -> None:
    long, short = rgb_pair
    wide = tmp_path / "short.png"
    with Image.open(short) as opened:
        opened.save(wide, icc_profile=adobe_rgb_profile())
    assert restore((long, wide), tmp_path / "a.png", "--colour-space", "source") == 0
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.info["icc_profile"] == adobe_rgb_profile()


def test_developing_options_that_cannot_apply_are_noted(
    rgb_pair: Pair, raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restore(rgb_pair, tmp_path / "a.png", "--white-balance", "daylight")
    assert "do not apply" in capsys.readouterr().err
    restore(raw_pair, tmp_path / "a.dng", "--highlight-mode", "blend")
    assert "whoever develops the DNG" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_json_that_cannot_be_printed_is_one_line(raw_pair: Pair, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pairfix", "restore", *map(str, raw_pair), "--json", "-q"]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*command, "-o", str(tmp_path / "out.png")],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == OutputError.exit_code
    assert result.stderr.count("\n") == 1
