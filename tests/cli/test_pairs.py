import json
from pathlib import Path

import pytest

from pairfix.cli import run
from tests.shots import shoot_jpeg, shoot_raw


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    shoot_raw(folder / "one" / "long.dng", shutter=1 / 4)
    shoot_raw(folder / "one" / "short.dng", shutter=1 / 32)
    shoot_jpeg(folder / "alone [red].jpg")
    return folder


def test_pairs_and_what_was_left_out_are_listed(
    photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["pairs", str(photos)]) == 0
    said = capsys.readouterr().out
    for part in ("one/long.dng", "folder", "Test Bayer", "1/4 s, 1/32 s", "3.0"):
        assert part in said
    assert "alone [red].jpg" in said
    assert "no other photo of its camera" in said


def test_json_says_the_same(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pairs", str(photos), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (pair,) = found["pairs"]
    assert pair["long"] == str(photos / "one" / "long.dng")
    assert (pair["how"], pair["kind"], pair["size"]) == ("folder", "raw", [48, 64])
    assert pair["stops"] == pytest.approx(3)
    assert pair["exposures"]["long"]["taken"] == "2026-05-01T21:10:01"
    assert [Path(each["path"]).name for each in found["left_out"]] == ["alone [red].jpg"]


def test_a_table_is_accepted_as_well(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = photos / "pairs.csv"
    table.write_text("long,short\none/long.dng,one/short.dng\n", encoding="utf-8")
    assert run(["pairs", str(table)]) == 0
    assert "csv" in capsys.readouterr().out


def test_nothing_found_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pairs", str(tmp_path)]) == 4
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "holds no photos" in captured.err
    shoot_jpeg(tmp_path / "alone.jpg")
    assert run(["pairs", str(tmp_path), "--json"]) == 4
    captured = capsys.readouterr()
    assert "holds no pairs among 1 photos" in captured.err
    assert json.loads(captured.out)["pairs"] == []


def test_a_missing_folder_is_an_input_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["pairs", str(tmp_path / "none")]) == 3
    assert "does not exist" in capsys.readouterr().err
