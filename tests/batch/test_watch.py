"""Watching a folder, with the system's notices played by a test."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from pairfix.batch import Outcome
from pairfix.batch.watch import _changes, check_watching, watch_shoot
from pairfix.errors import InputError
from pairfix.recipe import Existing, Recipe, Shoot
from tests.batch.conftest import make_pair

RECIPE = Recipe(device="cpu")
Step = Callable[[], object]


def nothing() -> None:
    """Nobody touches the folder."""


def watched(shoot: Path, out: Path, steps: list[Step], *, existing: Existing = "skip") -> list[str]:
    """Names of the pairs as they are restored, failures with an exclamation mark."""

    def changes(_folder: Path) -> Iterator[bool]:
        for step in steps:
            step()
            yield step is not nothing

    found = watch_shoot(Shoot(shoot, out, existing=existing), RECIPE, changes=changes)
    return [_told(each) for each in found]


def _told(outcome: Outcome) -> str:
    return outcome.name + ("!" if outcome.error else "")


def test_a_pair_is_restored_once_its_files_stay_as_they_are(shoot: Path, tmp_path: Path) -> None:
    data = (shoot / "a_short.png").read_bytes()

    def grow(share: float) -> Step:
        return lambda: (shoot / "a_short.png").write_bytes(data[: round(share * len(data))])

    steps = [grow(0.3), grow(0.6), grow(1), nothing, nothing, nothing]
    assert watched(shoot, tmp_path / "out", steps) == ["night/b", "a"]


def test_pairs_that_come_later_are_restored_and_none_twice(shoot: Path, tmp_path: Path) -> None:
    steps: list[Step] = [nothing, nothing, nothing]
    steps.append(lambda: make_pair(shoot / "c_long.png", shoot / "c_short.png", seed=3))
    steps += [nothing, nothing]
    assert watched(shoot, tmp_path / "out", steps) == ["a", "night/b", "c"]
    assert watched(shoot, tmp_path / "out", [nothing, nothing, nothing]) == []


def test_a_failure_is_said_once_and_tried_again_when_its_file_changes(
    shoot: Path, tmp_path: Path
) -> None:
    whole = (shoot / "a_long.png").read_bytes()
    (shoot / "a_long.png").write_bytes(whole[:1000])
    steps: list[Step] = [nothing, nothing, nothing, nothing]
    steps.append(lambda: (shoot / "a_long.png").write_bytes(whole))
    steps += [nothing, nothing]
    assert watched(shoot, tmp_path / "out", steps) == ["a!", "night/b", "a"]


def test_a_result_is_made_again_when_a_sidecar_comes_if_results_are_to_be_up_to_date(
    shoot: Path, tmp_path: Path
) -> None:
    steps: list[Step] = [nothing, nothing, nothing]
    steps += [lambda: (shoot / "a_short.xmp").write_text("<x/>"), nothing, nothing]
    again = watched(shoot, tmp_path / "out", steps, existing="overwrite")
    assert again == ["a", "night/b", "a"]


def test_a_photo_waits_for_its_partner(shoot: Path, tmp_path: Path) -> None:
    short = (shoot / "a_short.png").read_bytes()
    (shoot / "a_short.png").unlink()
    steps: list[Step] = [nothing, nothing, nothing]
    steps += [lambda: (shoot / "a_short.png").write_bytes(short), nothing, nothing]
    assert watched(shoot, tmp_path / "out", steps) == ["night/b", "a"]


def test_an_empty_folder_is_waited_for(shoot: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    steps: list[Step] = [nothing, lambda: (shoot / "night").rename(empty / "night"), nothing]
    assert watched(empty, tmp_path / "out", [*steps, nothing]) == ["night/b"]


def test_a_table_cannot_be_watched(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").touch()
    with pytest.raises(InputError, match="not a folder"):
        check_watching(Shoot(tmp_path / "pairs.csv", tmp_path / "out"))


def test_what_comes_before_the_system_is_asked_is_looked_for(
    shoot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("watchfiles")
    monkeypatch.setattr("pairfix.batch.watch._SETTLED", 0.05)
    assert list(islice(_changes(shoot), 4)) == [True, False, True, False]


@pytest.mark.slow
def test_the_system_tells_of_new_pairs(shoot: Path, tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")

    def add() -> None:
        time.sleep(6)
        make_pair(shoot / "c_long.png", shoot / "c_short.png", seed=3)

    threading.Thread(target=add).start()
    outcomes = watch_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    assert [_told(next(outcomes)) for _ in range(3)] == ["a", "night/b", "c"]
    outcomes.close()
