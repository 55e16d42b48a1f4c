import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pairfix.cli import run
from pairfix.errors import (
    InputError,
    MetricError,
    MissingExtraError,
    OutputError,
    WeightsMissingError,
)
from pairfix.score import find_metric
from tests.score.weights import (
    empty_cache,
    needs_pyiqa,
    write_niqe_weights,
    write_nrqm_weights,
)

pytestmark = needs_pyiqa
USAGE = 2


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return empty_cache(tmp_path, monkeypatch)


@pytest.fixture
def photos(tmp_path: Path) -> tuple[str, str]:
    """A smooth photo and the same with noise, named out of order."""
    generator = np.random.default_rng(0)
    smooth = cv2.GaussianBlur(generator.random((128, 160, 3), np.float32), (0, 0), 3)
    noisy = smooth + generator.normal(0, 0.1, smooth.shape)
    paths = tmp_path / "z.png", tmp_path / "a.png"
    for path, pixels in zip(paths, (smooth, noisy), strict=True):
        cv2.imwrite(str(path), (np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return str(paths[0]), str(paths[1])


def test_a_table_is_sorted_by_name_and_says_where_better_is(
    photos: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["score", *photos, "--metric", "piqe,entropy", "--device", "cpu"]) == 0
    shown = capsys.readouterr().out
    assert "piqe ↓" in shown
    assert "entropy ↑" in shown
    assert shown.index("a.png") < shown.index("z.png")


def test_differences_are_marked_as_better_or_worse(
    photos: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    smooth, noisy = photos
    arguments = ["score", smooth, "-m", "entropy", "--against", noisy, "--device", "cpu"]
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    assert shown.count("▼") == 2
    assert "▼ worse than" in shown


def test_json_holds_scores_differences_and_metrics(
    photos: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    smooth, noisy = photos
    arguments = ["score", smooth, "-m", "piqe,nrqm", "--against", noisy, "--offline", "--json"]
    assert run(arguments) == WeightsMissingError.exit_code
    result = json.loads(capsys.readouterr().out)
    (photo,) = result["photos"]
    assert result["metrics"]["piqe"]["better"] == "lower"
    assert photo["difference"]["piqe"] == pytest.approx(
        photo["scores"]["piqe"] - result["against"]["scores"]["piqe"]
    )
    assert photo["difference"]["nrqm"] is None
    assert "NRQM_model.mat" in photo["errors"]["nrqm"]


def test_csv_has_one_line_per_photo(
    photos: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["score", *photos, "-m", "piqe", "--against", photos[0], "--csv"]
    assert run(arguments) == 0
    lines = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [Path(line["file"]).name for line in lines] == ["a.png", "z.png"]
    assert float(lines[1]["piqe difference"]) == 0
    assert float(lines[0]["piqe"]) > 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize("form", [[], ["--csv"]])
def test_scores_that_cannot_be_printed_are_one_line(
    form: list[str], photos: tuple[str, str]
) -> None:
    command = [sys.executable, "-m", "pairfix", "score", photos[0], "-m", "entropy", "-q", *form]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == OutputError.exit_code
    assert done.stderr.count("\n") == 1


def test_a_failure_is_reported_once_and_the_rest_is_shown(
    photos: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    arguments = ["score", str(broken), *photos, "-m", "piqe,entropy", "--csv"]
    assert run(arguments) == InputError.exit_code
    printed = capsys.readouterr()
    assert printed.err.count("broken.png") == 1
    filled = [line for line in csv.DictReader(printed.out.splitlines()) if line["piqe"]]
    assert len(filled) == len(photos)


def test_missing_weights_have_an_exit_code_of_their_own(
    photos: tuple[str, str], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["score", photos[0], "-m", "nrqm", "--offline", "-q"]
    assert run(arguments) == WeightsMissingError.exit_code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("NRQM_model.mat are missing") == 1
    write_nrqm_weights(cache)
    assert run(arguments) == 0


def test_offline_the_default_is_what_needs_no_download(
    photos: tuple[str, str], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", photos[0], "--offline", "--json"]) == 0
    printed = capsys.readouterr()
    assert set(json.loads(printed.out)["metrics"]) == {"niqe", "piqe"}
    assert "without nrqm and pi, whose weights are not on this machine" in printed.err
    write_niqe_weights(cache)
    write_nrqm_weights(cache)
    assert run(["score", photos[0], "--offline", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["metrics"]) == {"niqe", "nrqm", "pi"}


@pytest.mark.usefixtures("cache")
def test_without_a_network_the_default_is_what_needs_no_download(
    photos: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", photos[0], "--json"]) == 0
    printed = capsys.readouterr()
    assert set(json.loads(printed.out)["metrics"]) == {"niqe", "piqe"}
    assert "without nrqm and pi, whose weights are missing and cannot be downl" in printed.err


@pytest.mark.parametrize("name", ["nothing", "ssim", "fid"])
def test_metrics_that_cannot_score_are_refused(
    name: str, photos: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", photos[0], "-m", name]) == MetricError.exit_code
    assert "pairfix score --list" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["photo.png", "--json", "--csv"], ["photo.png", "-m", ","], ["--list", "--csv"]],
)
def test_wrong_usage_is_reported(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", *arguments]) == USAGE
    assert "Invalid value" in capsys.readouterr().err


@pytest.mark.parametrize("machine", [True, False])
def test_metrics_are_listed_with_their_weights(
    machine: bool,  # noqa: FBT001
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("nrqm", "brisque", "piqe", "qalign")
    monkeypatch.setattr("pairfix.score.known_metrics", lambda: tuple(map(find_metric, names)))
    monkeypatch.setenv("COLUMNS", "200")
    write_nrqm_weights(cache)
    assert run(["score", "--list", *(["--json"] if machine else [])]) == 0
    shown = capsys.readouterr().out
    states = ["here", "fetched on first use", "none needed", "several GB, not checked"]
    if machine:
        assert [each["weights"] for each in json.loads(shown)] == states
    else:
        assert all(text in shown for text in (*names, *states, "↓ lower", "↑ higher"))


def test_without_pyiqa_it_says_what_to_install(
    photos: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairfix.score.catalogue.find_spec", lambda _name: None)
    assert run(["score", *photos]) == MissingExtraError.exit_code
    assert "pip install 'pairfix[score]'" in capsys.readouterr().err


def test_the_help_states_the_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "--help"]) == 0
    assert "PolyForm Noncommercial 1.0.0" in " ".join(capsys.readouterr().out.split())
