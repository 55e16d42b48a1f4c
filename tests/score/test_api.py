import logging
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pairfix.errors import (
    InputError,
    MetricError,
    MissingExtraError,
    PairfixError,
    WeightsMissingError,
)
from pairfix.image import Picture
from pairfix.score import (
    DEFAULT_METRICS,
    find_metric,
    known_metrics,
    score,
    score_all,
    weights_are_here,
)
from pairfix.score.load import LoadedMetric
from tests.score.weights import (
    NRQM_SCORE,
    empty_cache,
    needs_pyiqa,
    write_niqe_weights,
    write_nrqm_weights,
)

pytestmark = needs_pyiqa
MEMORY = 3e9


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pyiqa looks for its weights; empty."""
    return empty_cache(tmp_path, monkeypatch)


def picture(size: tuple[int, int] = (128, 160), seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).random((*size, 3), np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return Picture((np.clip(smooth, 0, 1) * 65535).astype(np.uint16), b"")


def test_metrics_are_found_by_name_in_any_capitalisation() -> None:
    assert find_metric("NIQE") == find_metric("niqe")
    assert find_metric("niqe").lower_is_better
    assert not find_metric("MUSIQ").lower_is_better
    assert {find_metric(each) for each in DEFAULT_METRICS} <= set(known_metrics())


def test_an_unknown_metric_is_answered_with_similar_ones() -> None:
    with pytest.raises(MetricError, match=r"no metric niqqe; did you mean .*niqe"):
        find_metric("niqqe")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("psnr", "full-reference"), ("fid", "sets of photos"), ("clipscore", "caption")],
)
def test_metrics_that_need_more_than_a_photo_are_refused(name: str, reason: str) -> None:
    with pytest.raises(MetricError, match=reason):
        find_metric(name)
    assert name not in {metric.name for metric in known_metrics()}


@pytest.mark.usefixtures("cache")
def test_metrics_without_weights_need_none() -> None:
    without = [metric for metric in known_metrics() if not metric.needs_weights]
    assert {metric.name for metric in without} == {"niqe", "piqe", "entropy"}
    assert all(map(weights_are_here, without))
    assert not weights_are_here(find_metric("nrqm"))


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(("seed", "value"), [(0, 8.531), (1, 8.409), (2, 8.494)])
def test_niqe_agrees_with_basicsr_without_a_download(seed: int, value: float) -> None:
    """The values are those of ``calculate_niqe`` of BasicSR 1.4.2 (luma, no border cropped)."""
    generator = np.random.default_rng(seed)
    layers = [
        cv2.resize(generator.random((side, side, 3), np.float32), (640, 480), interpolation=2)
        / side**0.5
        for side in (4, 12, 40, 120)
    ]
    mixed = np.sum(layers, axis=0)
    pixels = (mixed - mixed.min()) / (mixed.max() - mixed.min())
    pixels += generator.normal(0, 0.01, pixels.shape)
    levels = (np.clip(pixels, 0, 1) * 255).astype(np.uint8)[..., ::-1]
    scores = score(Picture(levels.astype(np.uint16) * 257, b""), ["niqe"], offline=True)
    assert scores.values["niqe"] == pytest.approx(value, rel=0.02)


@pytest.mark.parametrize("offline", [True, False])
def test_missing_weights_are_named_with_how_to_get_them(cache: Path, offline: bool) -> None:  # noqa: FBT001
    scores = score(picture(), ["nrqm", "piqe"], device="cpu", offline=offline)
    assert set(scores.values) == {"piqe"}
    error = scores.failures["nrqm"]
    assert isinstance(error, WeightsMissingError)
    assert "NRQM_model.mat" in error.message
    assert f"save it as {cache / 'NRQM_model.mat'}" in error.hint
    assert ("--offline" in error.hint) == offline


@pytest.mark.usefixtures("cache")
def test_missing_weights_of_the_hub_are_named() -> None:
    pytest.importorskip("timm")
    error = score(picture(), ["hyperiqa"], device="cpu", offline=True).failures["hyperiqa"]
    assert isinstance(error, WeightsMissingError)
    assert "hf download timm/resnet50" in error.hint


@pytest.mark.usefixtures("cache")
def test_offline_looks_up_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **_: asked.append(arguments))
    looked_up = socket.getaddrinfo
    score(picture(), ["nrqm"], device="cpu", offline=True)
    assert asked == []
    assert socket.getaddrinfo is looked_up


def test_damaged_weights_are_an_error(cache: Path) -> None:
    (cache / "NRQM_model.mat").write_bytes(b"nothing")
    error = score(picture(), ["nrqm"], device="cpu").failures["nrqm"]
    assert isinstance(error, MetricError)
    assert "cannot be loaded" in error.message


def test_the_default_metrics_score_a_photo(cache: Path) -> None:
    write_niqe_weights(cache)
    write_nrqm_weights(cache)
    scores = score(picture((104, 104)), device="cpu", offline=True)
    assert scores.failures == {}
    assert set(scores.values) == set(DEFAULT_METRICS)
    assert scores.values["nrqm"] == pytest.approx(NRQM_SCORE)


def test_a_photo_always_scores_the_same() -> None:
    names = ["niqe", "piqe", "entropy"]
    assert score(picture(), names, device="cpu") == score(picture(), names, device="cpu")


@pytest.mark.usefixtures("cache")
def test_pyiqa_is_silent(
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("pairfix"), "handlers", [])
    with caplog.at_level(logging.DEBUG, logger="pairfix"):
        score(picture(), ["niqe", "brisque"], device="cpu")
    assert capfd.readouterr() == ("", "")
    assert "brisque_svm_weights" in caplog.text


def test_eight_and_sixteen_bits_score_alike(tmp_path: Path) -> None:
    levels = (picture().pixels // 257).astype(np.uint8)
    dark = levels // 8
    files = [tmp_path / "8.png", tmp_path / "16.png"]
    cv2.imwrite(str(files[0]), dark)
    cv2.imwrite(str(files[1]), dark.astype(np.uint16) * 257)
    eight, sixteen = score_all(files, ["piqe", "entropy"], device="cpu")
    assert eight.values == pytest.approx(sixteen.values, rel=1e-4)
    assert eight.values["entropy"] < 5


def test_raws_are_developed_first(shared: Path) -> None:
    scores = score(shared / "pairs/neon/short.dng", ["piqe"], device="cpu")
    assert 0 < scores.values["piqe"] < 100


@pytest.mark.parametrize("name", ["piqe", "niqe", "nrqm", "pi"])
def test_a_tiny_photo_is_refused_naming_the_least_size(cache: Path, name: str) -> None:
    write_niqe_weights(cache)
    write_nrqm_weights(cache)
    least = find_metric(name).sampling.smallest
    small = score(picture((least - 1, 200)), [name], device="cpu").failures[name]
    assert isinstance(small, MetricError)
    assert f"it needs at least {least} x {least}" in small.hint


@pytest.mark.parametrize("name", ["piqe", "niqe", "nrqm"])
def test_the_least_size_is_enough(cache: Path, name: str) -> None:
    write_niqe_weights(cache)
    write_nrqm_weights(cache)
    least = find_metric(name).sampling.smallest
    assert name in score(picture((least, least)), [name], device="cpu").values


def test_an_error_in_a_metric_is_one_line() -> None:
    about = replace(find_metric("piqe"), name="stumbling")

    def compute(_tensor: object) -> object:
        raise RuntimeError("first line\nsecond line")

    metric = LoadedMetric(about, "cpu", compute)
    with pytest.raises(MetricError, match="it: first line; the photo may be too small"):
        metric.score(picture().pixels, "photo.png")
    with pytest.raises(MetricError, match="yields no number"):
        LoadedMetric(about, "cpu", lambda _: float("nan")).score(picture().pixels, "photo.png")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModuleNotFoundError("no", name="pkg_resources"), MissingExtraError),
        (AssertionError(""), MetricError),
    ],
)
def test_the_reason_that_a_metric_cannot_be_loaded_is_reported(
    error: Exception, kind: type[PairfixError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("pyiqa.create_metric", fail)
    found = score(picture(), ["piqe"], device="cpu").failures["piqe"]
    assert isinstance(found, kind)


def test_a_damaged_photo_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    scores = score_all([tmp_path / "broken.png", picture()], ["piqe", "entropy"], device="cpu")
    assert set(scores[1].values) == {"piqe", "entropy"}
    assert scores[0].values == {}
    broken, again = scores[0].failures.values()
    assert isinstance(broken, InputError)
    assert broken is again


def test_progress_counts_the_scores() -> None:
    steps: list[tuple[int, int]] = []
    score(
        picture(),
        ["piqe", "entropy"],
        device="cpu",
        progress=lambda _stage, done, total: steps.append((done, total)),
    )
    assert steps == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.slow
def test_twelve_megapixels_stay_within_three_gigabytes(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), picture((3024, 4032)).pixels)
    metrics = [word for name in ("piqe", "niqe", "entropy") for word in ("-m", name)]
    assert _peak(["pairfix", "score", str(photo), *metrics, "--offline"], tmp_path) < MEMORY


def _peak(arguments: list[str], torch_home: Path) -> float:
    """Peak memory of a command in bytes."""
    code = (
        "import os, resource, sys, subprocess;"
        "subprocess.run([sys.executable, '-m', *sys.argv[2:]], check=True,"
        " env=os.environ | {'TORCH_HOME': sys.argv[1]});"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(torch_home), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1]) * 1024
