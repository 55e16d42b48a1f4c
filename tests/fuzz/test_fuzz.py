"""Mutated files are used, or refused in one line, within two seconds."""

import json
import sys
from pathlib import Path

import pytest

from tests.fuzz.cases import contents, make_seeds, run_cases, run_contents
from tests.fuzz.check import check
from tests.fuzz.seeds import KINDS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits processes as Linux does")

_CASES = 300
_REGRESSIONS = sorted(Path(__file__).with_name("regressions").glob("*.json"))


def test_seeds_are_whole(tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind != "model"]
    seeds = make_seeds(kinds, tmp_path / "seeds")
    for kind in kinds:
        for number, files in enumerate(seeds[kind]):
            folder = tmp_path / f"{kind}-{number}"
            folder.mkdir()
            for name, data in files.items():
                (folder / name).write_bytes(data)
            foreign = "cmyk.jpg" in files or "other.heic" in files
            assert check(kind, folder) != foreign


def test_cases_are_the_same_every_time(tmp_path: Path) -> None:
    seeds = make_seeds(["png"], tmp_path)["png"]
    again = [contents("png", seeds, number, 0) for number in range(20)]
    assert again == [contents("png", seeds, number, 0) for number in range(20)]
    assert len({json.dumps(each, default=bytes.hex) for each in again}) > 15


def test_an_error_that_nobody_foresees_is_a_defect(tmp_path: Path) -> None:
    outcomes = [*run_contents("nothing", [("a", {"a.png": b""}), ("b", {})], tmp_path / "case")]
    assert [bool(each.defect) for each in outcomes] == [False, True]
    assert "ValueError" in outcomes[1].defect


@pytest.mark.parametrize("path", _REGRESSIONS, ids=lambda path: path.stem)
def test_what_was_a_defect_is_none_any_more(tmp_path: Path, path: Path) -> None:
    files = json.loads(path.read_text(encoding="utf-8"))
    case = path.stem, {name: bytes.fromhex(data) for name, data in files.items()}
    (outcome,) = run_contents(path.stem.partition("-")[0], [case], tmp_path / "case")
    assert not outcome.defect


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_are_used_or_refused(kind: str, tmp_path: Path) -> None:
    if kind == "model":
        pytest.importorskip("onnxscript")
    seeds = make_seeds([kind], tmp_path / "seeds")[kind]
    outcomes = [*run_cases(kind, seeds, range(_CASES), 0, tmp_path / "case")]
    assert len(outcomes) == _CASES
    assert not [f"{each.name}: {each.defect}" for each in outcomes if each.defect]
    useful = sum(each.useful for each in outcomes)
    assert 0.02 * _CASES < useful < 0.9 * _CASES
