import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pairfix.cli import run
from pairfix.errors import (
    DeviceError,
    InputError,
    ModelError,
    OutputError,
    PairError,
    PairfixError,
)
from tests.shots import shoot_jpeg

Bench = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Bench:
    """Run the command on the pairs in ``tmp_path / "pairs"``; exit code and JSON."""
    monkeypatch.setattr("pairfix.bench.judge.full_reference", lambda *_: None)
    monkeypatch.setattr("pairfix.bench.judge.bm3d_is_installed", lambda: False)

    def call(*options: str) -> tuple[int, dict[str, Any]]:
        code = run(["bench", str(tmp_path / "pairs"), "--json", *options])
        printed = capsys.readouterr().out
        return code, json.loads(printed) if printed else {}

    return call


def add_pair(place: Path, long: Path, short: Path, truth: Path | None = None) -> Path:
    place.mkdir(parents=True)
    for name, path in (("long", long), ("short", short), ("gt", truth)):
        if path:
            shutil.copy(path, place / f"{name}{path.suffix}")
    return place


def test_models_and_baselines_are_judged_and_written(
    bench: Bench, raw_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    long, short = raw_pair
    add_pair(tmp_path / "pairs/scene", long, short, truth=short)
    output = tmp_path / "new/results"
    code, results = bench("--model", "selfir-raw", "-o", str(output))
    assert (code, results["failures"]) == (0, [])
    by_method = {each["method"]: each for each in results["verdicts"]}
    assert list(by_method) == ["short", "long, unaligned", "long", "NLM", "selfir-raw"]
    assert by_method["short"]["quality"]["psnr"] is None
    assert by_method["short"]["quality"]["ssim"] > by_method["long"]["quality"]["ssim"]
    model = by_method["selfir-raw"]
    assert model["seconds"] > sum(model["stages"].values())
    assert model["peak_bytes"] > 50e6
    assert -1 <= model["quality"]["ssim"] <= 1
    assert any("BM3D is left out" in remark for remark in results["remarks"])
    assert any("LPIPS is left out" in remark for remark in results["remarks"])
    assert json.loads((output / "results.json").read_text()) == results
    assert "| selfir-raw |" in (output / "results.md").read_text()
    sheet = cv2.imread(str(output / "contact.png"))
    assert sheet is not None
    assert sheet.shape[1] == 6 * (256 + 6) + 6


def test_one_bad_pair_does_not_stop_the_others(
    bench: Bench, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    long, short = rgb_pair
    bad = add_pair(tmp_path / "pairs/a-bad", long, short)
    (bad / "short.png").write_bytes(b"no picture")
    add_pair(tmp_path / "pairs/b-lonely", long, short).joinpath("short.png").unlink()
    add_pair(tmp_path / "pairs/c-good", long, short)
    code, results = bench()
    assert code == InputError.exit_code
    assert [each["pair"] for each in results["verdicts"]] == ["c-good"]
    assert [each["pair"] for each in results["failures"]] == ["a-bad", "b-lonely"]
    assert "short.png (is damaged" in results["failures"][0]["message"]
    assert "no readable short exposure" in results["failures"][1]["message"]
    assert any("c-good: no truth" in remark for remark in results["remarks"])


def test_pairs_are_found_by_names_and_tables_too_and_what_is_left_out_is_reported(
    bench: Bench, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    (long, short), folder = rgb_pair, tmp_path / "pairs"
    folder.mkdir()
    for name, path in (("one_long", long), ("one_short", short), ("one_gt", short)):
        shutil.copy(path, folder / f"{name}.png")
    shutil.copy(long, folder / "one_long.tif")
    shoot_jpeg(folder / "alone.jpg")
    code, results = bench("--no-baselines", "--model", "selfir-srgb")
    assert (code, results["failures"]) == (0, [])
    assert {each["pair"] for each in results["verdicts"]} == {"one"}
    assert all(each["quality"] for each in results["verdicts"])
    left_out = [each for each in results["remarks"] if each.startswith("left out: ")]
    assert left_out[0].startswith("left out: alone.jpg (no other photo of its camera")
    assert left_out[1] == "left out: one_long.tif (one_long.png, its twin, is used instead)"
    table = folder / "list.csv"
    table.write_text("long,short\none_long.png,one_short.png\n", encoding="utf-8")
    assert run(["bench", str(table), "--no-baselines", "--quiet"]) == 0


def test_incomplete_pairs_alone_are_input_errors(
    bench: Bench, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    add_pair(tmp_path / "pairs/lonely", *rgb_pair).joinpath("long.png").unlink()
    code, results = bench()
    assert code == InputError.exit_code
    assert [each["pair"] for each in results["failures"]] == ["lonely"]


def test_a_folder_without_pairs_is_a_pair_error(bench: Bench, tmp_path: Path) -> None:
    shoot_jpeg(tmp_path / "pairs/alone.jpg")
    assert bench() == (PairError.exit_code, {})


def test_a_truth_of_another_size_is_named(
    bench: Bench, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    truth = tmp_path / "gt.png"
    cv2.imwrite(str(truth), np.zeros((32, 48, 3), np.uint8))
    add_pair(tmp_path / "pairs/scene", *rgb_pair, truth=truth)
    code, results = bench("--no-baselines", "-o", str(tmp_path))
    assert code == PairError.exit_code
    assert results["verdicts"] == []
    assert not (tmp_path / "contact.png").exists()
    assert results["failures"][0]["message"].startswith("the truth is 48 x 32 pixels, short is 384")


def test_photos_too_small_for_every_method_are_refused(
    bench: Bench, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = add_pair(tmp_path / "pairs/scene", *rgb_pair, truth=rgb_pair[1])
    for photo in folder.iterdir():
        cv2.imwrite(str(photo), np.zeros((8, 48, 3), np.uint8))
    code, results = bench()
    assert code == PairError.exit_code
    (failure,) = results["failures"]
    assert "is too small: 48 x 8 pixels; 32 x 32 are needed" in failure["message"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), InputError),
        (("--model", "nonesuch"), ModelError),
        (("--backend", "nonesuch"), DeviceError),
    ],
)
def test_what_cannot_be_judged_is_refused_at_once(
    bench: Bench,
    rgb_pair: tuple[Path, Path],
    tmp_path: Path,
    options: tuple[str, ...],
    error: type[PairfixError],
) -> None:
    if options:
        add_pair(tmp_path / "pairs/scene", *rgb_pair)
    assert bench(*options) == (error.exit_code, {})


def test_earlier_results_are_not_overwritten_unasked(
    bench: Bench, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    add_pair(tmp_path / "pairs/scene", *rgb_pair)
    (tmp_path / "results.md").write_text("precious")
    assert bench("-o", str(tmp_path)) == (OutputError.exit_code, {})
    assert (tmp_path / "results.md").read_text() == "precious"
