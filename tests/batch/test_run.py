import gc
from pathlib import Path
from typing import Any

import pytest

from pairfix.batch import finish, plan_shoot, restore_shoot, run
from pairfix.pipeline import Restored
from pairfix.recipe import Recipe, Shoot

RECIPE = Recipe(align="none", device="cpu")


def test_a_run_that_is_closed_loses_nothing_that_it_has_restored(
    shoot: Path, tmp_path: Path
) -> None:
    outcomes = restore_shoot(plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE), RECIPE)
    assert next(outcomes).name == "a"
    outcomes.close()
    assert (tmp_path / "out" / "night" / "b.png").is_file()


def test_outcomes_come_one_by_one_where_one_pair_fits_into_memory(
    shoot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "fits_beside", lambda _: False)
    outcomes = restore_shoot(plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE), RECIPE)
    assert next(outcomes).name == "a"
    outcomes.close()
    assert not (tmp_path / "out" / "night" / "b.png").exists()


def test_a_photo_is_given_up_before_the_next_one_is_written(
    shoot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[int] = []

    def count(*arguments: Any) -> Any:  # noqa: ANN401
        gc.collect()
        alive.append(sum(type(each) is Restored for each in gc.get_objects()))
        return finish.finish(*arguments)

    monkeypatch.setattr(run, "finish", count)
    plan = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    assert not [each for each in restore_shoot(plan, RECIPE) if each.error]
    assert alive == [1, 1]
