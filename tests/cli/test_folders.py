"""`pairfix restore FOLDER`."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from pairfix.cli import run
from pairfix.errors import InputError, OutputError, UnfinishedError
from pairfix.formats import decode
from tests.batch.conftest import make_pair, shoot
from tests.shots import shoot_jpeg, shoot_raw

__all__ = ["shoot"]

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
Captured = pytest.CaptureFixture[str]


def restore(source: Path, output: Path, *options: str) -> int:
    return run(["restore", str(source), "-o", str(output), "--device", "cpu", *options])


def files(folder: Path) -> list[str]:
    """All that a user sees."""
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if not path.parts[0].startswith(".")]


def lines(captured: Captured) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def spoil(picture: Path) -> None:
    """Damage a picture's data, which only decoding finds."""
    data = bytearray(picture.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    picture.write_bytes(data)


def test_every_pair_is_restored_as_it_is_by_itself(shoot: Path, tmp_path: Path) -> None:
    assert restore(shoot, tmp_path / "out") == 0
    assert files(tmp_path / "out") == ["a.png", "night/b.png"]
    pair = [str(shoot / f"a_{role}.png") for role in ("long", "short")]
    assert run(["restore", *pair, "-o", str(tmp_path / "alone.png"), "--device", "cpu"]) == 0
    np.testing.assert_array_equal(
        decode(tmp_path / "out" / "a.png").pixels, decode(tmp_path / "alone.png").pixels
    )


def test_the_same_command_leaves_results_alone(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    restore(shoot, tmp_path / "out")
    before = (tmp_path / "out" / "a.png").stat().st_mtime_ns
    capsys.readouterr()
    assert restore(shoot, tmp_path / "out") == 0
    assert (tmp_path / "out" / "a.png").stat().st_mtime_ns == before
    assert capsys.readouterr().err.splitlines() == ["0 restored, 2 kept"]


def test_a_changed_setting_is_said_and_made_again_on_request(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    restore(shoot, tmp_path / "out")
    capsys.readouterr()
    assert restore(shoot, tmp_path / "out", "--strength", "2") == 0
    said = capsys.readouterr().err
    assert "a.png stays: made with strength 1.0" in said
    assert said.count("--existing overwrite makes these again") == 1
    again = ("--strength", "2", "--existing", "overwrite")
    assert restore(shoot, tmp_path / "out", *again) == 0
    assert "2 restored" in capsys.readouterr().err
    assert restore(shoot, tmp_path / "out", *again) == 0
    assert "0 restored, 2 kept" in capsys.readouterr().err


def test_a_photos_name_is_no_folder_for_results(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert restore(shoot, tmp_path / "out.png") == OutputError.exit_code
    assert "out.png is a photo's name, but" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_a_pair_that_failed_is_not_forgotten_for_one_of_the_same_name(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    make_pair(shoot / "a" / "long.png", shoot / "a" / "short.png", seed=3)
    spoil(shoot / "a" / "long.png")
    report = tmp_path / "out" / "index.html"
    options = ("--name", "{stem}-{number}", "--report", str(report), "--json")
    assert restore(shoot, tmp_path / "out", *options) == UnfinishedError.exit_code
    summary = lines(capsys)[-1]["summary"]
    assert (summary["restored"], list(summary["failed"])) == (2, ["a"])
    assert [len(files(tmp_path / "out")), report.read_text().count('class="views"')] == [3, 2]


def test_a_pair_that_failed_is_not_forgotten_for_one_that_shares_its_short_photo(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    make_pair(shoot / "b_long.png", shoot / "unused.png", seed=1)
    spoil(shoot / "a_long.png")
    table = tmp_path / "pairs.csv"
    rows = [f"shoot/{name}_long.png,shoot/a_short.png" for name in "ab"]
    table.write_text("\n".join(["long,short", *rows]))
    report = tmp_path / "out" / "index.html"
    options = ("--name", "{long}", "--report", str(report), "--json")
    assert restore(table, tmp_path / "out", *options) == UnfinishedError.exit_code
    summary = lines(capsys)[-1]["summary"]
    assert (summary["restored"], len(summary["failed"]), summary["left"]) == (1, 1, 0)
    assert files(tmp_path / "out") == ["index.html", "shoot/b_long.png"]
    assert report.read_text().count('class="views"') == 1


def test_what_cannot_be_of_a_raw_is_not_said_of_the_picture_beside_it(
    tmp_path: Path, capsys: Captured
) -> None:
    shoot_raw(tmp_path / "shoot" / "IMG_1.dng", shutter=1 / 4)
    shoot_jpeg(tmp_path / "shoot" / "IMG_1.jpg")
    options = ("--model", "reblur-unet-srgb", "--format", "dng", "--dry-run", "--json")
    assert restore(tmp_path / "shoot", tmp_path / "out", *options) == 0
    planned = json.loads(capsys.readouterr().out)
    assert [each["photos"] for each in planned["restore"]] == [
        [str(tmp_path / "shoot" / "IMG_1.dng")]
    ]
    assert [each["path"] for each in planned["broken"]] == [str(tmp_path / "shoot" / "IMG_1.jpg")]


def test_a_folder_of_results_that_cannot_be_made_is_a_failure_to_write(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "night").write_bytes(b"")
    assert restore(shoot, tmp_path / "out", "--json") == UnfinishedError.exit_code
    assert [each.get("exit_code") for each in lines(capsys)[:2]] == [None, OutputError.exit_code]


def test_a_changed_photo_is_said(shoot: Path, tmp_path: Path, capsys: Captured) -> None:
    restore(shoot, tmp_path / "out")
    make_pair(shoot / "a_long.png", shoot / "a_short.png", seed=9)
    capsys.readouterr()
    restore(shoot, tmp_path / "out")
    said = capsys.readouterr().err
    assert "a.png stays: made from other photos" in said
    assert "--existing overwrite makes it again" in said


def test_bad_pairs_are_reported_and_the_others_restored(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    spoil(shoot / "a_long.png")
    (shoot / "c_long.png").write_bytes(b"no picture")
    assert restore(shoot, tmp_path / "out", "--json") == UnfinishedError.exit_code
    output, messages = capsys.readouterr()
    found = [json.loads(line) for line in output.splitlines()]
    assert files(tmp_path / "out") == ["night/b.png"]
    assert [each.get("exit_code") for each in found[:-1]] == [InputError.exit_code] * 2 + [None]
    jsonschema.validate(found[2], SCHEMA)
    summary = found[-1]["summary"]
    assert summary["restored"] == 1
    assert set(summary["failed"]) == {"a", "c"}
    for name in ("a", "c"):
        assert len(re.findall(rf"\b{name}: .*{name}_long.png", messages)) == 2
    assert "2 of 3 pairs could not be restored" in messages


def test_a_failure_stops_at_once_on_request(shoot: Path, tmp_path: Path, capsys: Captured) -> None:
    for number in range(4):
        make_pair(shoot / f"p{number}_long.png", shoot / f"p{number}_short.png", seed=number)
    spoil(shoot / "a_long.png")
    code = restore(shoot, tmp_path / "out", "--fail-fast", "--json")
    assert code == UnfinishedError.exit_code
    assert lines(capsys)[-1]["summary"]["left"] >= 3


def test_jobs_restore_the_same_and_report_every_pair(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    make_pair(shoot / "c_long.png", shoot / "c_short.png", seed=3)
    spoil(shoot / "c_long.png")
    assert restore(shoot, tmp_path / "one") == UnfinishedError.exit_code
    capsys.readouterr()
    code = restore(shoot, tmp_path / "two", "--jobs", "2", "--json")
    assert code == UnfinishedError.exit_code
    *pairs, summary = lines(capsys)
    assert len(pairs) == 3
    assert summary["summary"]["restored"] == 2
    assert [*summary["summary"]["failed"]] == ["c"]
    assert files(tmp_path / "two") == files(tmp_path / "one")
    for name in files(tmp_path / "one"):
        one, two = (decode(tmp_path / each / name).pixels for each in ("one", "two"))
        np.testing.assert_array_equal(one, two)


def test_a_dry_run_lists_and_does_nothing(shoot: Path, tmp_path: Path, capsys: Captured) -> None:
    assert restore(shoot, tmp_path / "out", "--dry-run") == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in out] == ["restore", "restore"]
    assert out[1].endswith(f"{tmp_path / 'out' / 'night' / 'b.png'} (selfir-srgb)")
    assert not (tmp_path / "out").exists()
    assert restore(shoot, tmp_path / "out", "--dry-run", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in planned["restore"]] == ["a", "night/b"]
    assert {each["model"] for each in planned["restore"]} == {"selfir-srgb"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preview", "p.png"], "belongs to one pair"),
        (["--shard", "3/2"], "is not I/N"),
        (["--overwrite", "--existing", "skip"], "contradicts"),
        (["--pages"], "needs --report"),
        (["--worker-cpus", "2"], "needs --ray"),
        (["--ray", "local", "--watch"], "without --watch"),
        (["--shard", "1/2", "--watch"], "without --watch"),
        (["--name", "{number}", "--watch"], "{number} changes as photos come"),
        (["--crop", "0,0,9,9", "--adapt", "1"], "the whole photo"),
    ],
)
def test_options_that_make_no_sense_for_folders_are_refused(
    shoot: Path, tmp_path: Path, capsys: Captured, options: list[str], words: str
) -> None:
    assert restore(shoot, tmp_path / "out", *options) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_crop_is_that_of_every_pair_and_not_of_its_last_result(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert restore(shoot, tmp_path / "out", "--crop", "3,5,20,10") == 0
    assert [decode(tmp_path / "out" / each).size for each in ("a.png", "night/b.png")] == [
        (10, 20),
        (10, 20),
    ]
    capsys.readouterr()
    assert restore(shoot, tmp_path / "out") == 0
    assert "made with crop" in capsys.readouterr().err
    options = ("--crop", "0,0,20,10", "--format", "dng")
    assert restore(shoot, tmp_path / "raw", *options) == OutputError.exit_code


def test_options_for_folders_are_refused_for_one_pair(
    shoot: Path, tmp_path: Path, capsys: Captured
) -> None:
    pair = [str(shoot / f"a_{role}.png") for role in ("long", "short")]
    assert run(["restore", *pair, "-o", str(tmp_path / "o.png"), "--existing", "skip"]) == 2
    assert "folder" in " ".join(capsys.readouterr().err.split())


def test_an_output_within_the_photos_is_refused(shoot: Path) -> None:
    assert restore(shoot, shoot / "out") == OutputError.exit_code


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, capsys: Captured) -> None:
    assert restore(tmp_path / "shot", tmp_path / "out") == InputError.exit_code
    assert f"{tmp_path / 'shot'} does not exist" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can fill")
def test_an_output_that_cannot_be_made_is_one_error_before_any_work(
    shoot: Path, capsys: Captured
) -> None:
    assert restore(shoot, Path("/proc/pairfix")) == OutputError.exit_code
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_goes_on_and_does_nothing_twice(
    shoot: Path, tmp_path: Path, ending: signal.Signals, jobs: str
) -> None:
    for number in range(10):
        make_pair(shoot / f"p{number}_long.png", shoot / f"p{number}_short.png", seed=number)
    out = tmp_path / "out"
    made: dict[str, int] = {}
    rng = np.random.default_rng(3)
    for _ in range(2):
        command = [sys.executable, "-m", "pairfix", "restore", str(shoot), "-o", str(out), "-q"]
        command += ["--jobs", jobs]
        process = subprocess.Popen(command)
        time.sleep(rng.uniform(1.5, 4))
        process.send_signal(ending)
        process.wait(timeout=30)
        for name in files(out) if out.exists() else []:
            stamp = (out / name).stat().st_mtime_ns
            assert made.setdefault(name, stamp) == stamp
            decode(out / name)
    assert restore(shoot, out) == 0
    assert len(files(out)) == 12
    assert all((out / name).stat().st_mtime_ns == stamp for name, stamp in made.items())
    assert not [path for path in out.rglob("*") if ".part" in path.name]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_watched_folder_restores_what_comes_until_ctrl_c(shoot: Path, tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "pairfix", "restore", str(shoot), "-o", str(out), "--watch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        _wait_for(out / "night" / "b.png")
        make_pair(shoot / "c_long.png", shoot / "c_short.png", seed=3)
        _wait_for(out / "c.png")
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped: 3 restored; the same command goes on" in messages
    assert files(out) == ["a.png", "c.png", "night/b.png"]


def _wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.2)
    assert path.exists()
