from collections.abc import Mapping
from pathlib import Path

import pytest

from pairfix.cli import run
from pairfix.errors import MissingExtraError, OutputError
from pairfix.image import Picture
from pairfix.output import results
from pairfix.output.html import Score

Pair = tuple[Path, Path]


def restore(pair: Pair, output: Path, *options: str | Path) -> int:
    return run(["restore", *map(str, pair), "-o", str(output), *map(str, options)])


@pytest.mark.parametrize("name", ["out.png", "out.dng"])
def test_a_raw_pair_has_a_page_of_upright_photos(
    raw_pair: Pair, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "out.html"
    assert restore(raw_pair, tmp_path / name, "--report", page) == 0
    assert "Making the page" in capsys.readouterr().err
    text = page.read_text(encoding="utf-8")
    assert 'width="320" height="384"' in text
    assert f"<h1>{name}</h1>" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "out.html"])


def test_an_rgb_pair_has_a_page(rgb_pair: Pair, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    assert restore(rgb_pair, tmp_path / "out.jpg", "--report", page) == 0
    text = page.read_text(encoding="utf-8")
    assert "Short<span>, brightened by +" in text


def test_page_and_preview_can_be_combined(rgb_pair: Pair, tmp_path: Path) -> None:
    page, preview = tmp_path / "out.html", tmp_path / "out.jpg"
    options = ("--report", page, "--preview", preview)
    assert restore(rgb_pair, tmp_path / "out.png", *options) == 0
    assert page.stat().st_size > 10_000
    assert preview.stat().st_size > 10_000


def test_an_existing_page_is_refused_before_any_work_and_kept(
    raw_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "out.html"
    page.write_text("precious")
    assert restore(raw_pair, tmp_path / "out.png", "--report", page) == OutputError.exit_code
    assert "--overwrite" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    assert page.read_text() == "precious"
    assert restore(raw_pair, tmp_path / "out.png", "--report", page, "--overwrite") == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_page_needs_its_own_name(rgb_pair: Pair, tmp_path: Path) -> None:
    code = restore(rgb_pair, tmp_path / "out.png", "--report", tmp_path / "out.png")
    assert code == OutputError.exit_code
    assert not list(tmp_path.iterdir())


def test_a_page_never_replaces_an_input(
    rgb_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "long.html"
    page.write_bytes(rgb_pair[0].read_bytes())
    pair = page, rgb_pair[1]
    code = restore(pair, tmp_path / "out.png", "--report", page, "--overwrite")
    assert code == OutputError.exit_code
    assert "is also an input" in capsys.readouterr().err
    assert page.read_bytes() == rgb_pair[0].read_bytes()


def test_an_interruption_while_the_page_is_made_leaves_nothing_behind(
    raw_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "render_page", interrupt)
    assert restore(raw_pair, tmp_path / "out.png", "--report", tmp_path / "out.html") == 130
    assert not list(tmp_path.iterdir())


def test_scores_without_a_page_are_wrong_usage(
    rgb_pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert restore(rgb_pair, tmp_path / "out.png", "--report-scores") == 2
    assert "needs --report" in capsys.readouterr().err


def test_scores_that_cannot_be_computed_are_refused_before_any_work(
    rgb_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise MissingExtraError("this needs pyiqa, which is not installed")

    monkeypatch.setattr(results, "check_scoring", missing)
    options = ("--report", tmp_path / "out.html", "--report-scores")
    code = restore(rgb_pair, tmp_path / "out.png", *options)
    assert code == MissingExtraError.exit_code
    assert not list(tmp_path.iterdir())


def test_scores_are_on_the_page_if_requested(
    rgb_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def score_pictures(photos: Mapping[str, Picture]) -> list[Score]:
        return [Score("niqe", lower_is_better=True, values=dict.fromkeys(photos, 1.25))]

    monkeypatch.setattr(results, "check_scoring", lambda: None)
    monkeypatch.setattr(results, "score_pictures", score_pictures)
    page = tmp_path / "out.html"
    options = ("--report", page, "--report-scores")
    assert restore(rgb_pair, tmp_path / "out.png", *options) == 0
    assert page.read_text(encoding="utf-8").count("1.250") == 3
