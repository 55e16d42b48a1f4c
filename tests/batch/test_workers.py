import logging
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pairfix.batch import plan_shoot
from pairfix.batch.processes import Forwarding, Helper
from pairfix.batch.workers import _Worker, restore_side_by_side
from pairfix.errors import MemoryExhaustedError
from pairfix.progress import no_progress
from pairfix.recipe import Recipe, Shoot
from tests.batch.conftest import make_pair

RECIPE = Recipe(align="none", device="cpu")


@pytest.fixture
def large_shoot(shoot: Path) -> Path:
    """Eight pairs."""
    for number in range(6):
        make_pair(shoot / f"p{number}_long.png", shoot / f"p{number}_short.png", seed=number)
    return shoot


def unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part" in path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_killed_process_costs_its_pair_alone(large_shoot: Path, tmp_path: Path) -> None:
    shoot = Shoot(large_shoot, tmp_path / "out")
    plan = plan_shoot(shoot, RECIPE)
    outcomes = restore_side_by_side(plan, RECIPE, 2)
    made = [next(outcomes)]
    (victim, *_) = multiprocessing.active_children()
    os.kill(victim.pid or 0, signal.SIGKILL)
    made += outcomes
    assert sorted(each.name for each in made) == sorted(job.name for job in plan.jobs)
    (failed,) = [each for each in made if each.error]
    assert isinstance(failed.error, MemoryExhaustedError)
    assert len(plan_shoot(shoot, RECIPE).kept) == len(plan.jobs) - 1
    (again,) = restore_side_by_side(plan_shoot(shoot, RECIPE), RECIPE, 2)
    assert again.error is None
    assert not unfinished(tmp_path)


def test_a_defect_in_a_process_is_not_taken_for_a_lack_of_memory(
    shoot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (job, _) = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE).jobs
    worker = _Worker(Helper.start(break_off, name="test"), no_progress, job)
    with pytest.raises(RuntimeError, match="a process broke off while it restored a"):
        worker.receive()
    assert "ValueError: a defect" in capfd.readouterr().err


def break_off(_connection: Connection) -> None:
    """What a process does."""
    raise ValueError("a defect")


def test_each_process_tells_its_stages(shoot: Path, tmp_path: Path) -> None:
    stages: list[list[str]] = [[], []]
    told = [lambda stage, _done, _total, names=names: names.append(stage.name) for names in stages]
    plan = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    assert not [each for each in restore_side_by_side(plan, RECIPE, 2, told) if each.error]
    assert all("decode" in names and "fuse" in names for names in stages)


def test_log_messages_reach_the_first_process() -> None:
    ours, theirs = multiprocessing.Pipe()
    record = logging.LogRecord("pairfix", 30, "", 0, "%s is damaged", (Path("a.png"),), None)
    Forwarding(theirs).handle(record)
    assert ours.recv().getMessage() == "a.png is damaged"


def test_closing_ends_the_processes_and_leaves_whole_results(
    large_shoot: Path, tmp_path: Path
) -> None:
    shoot = Shoot(large_shoot, tmp_path / "out")
    outcomes = restore_side_by_side(plan_shoot(shoot, RECIPE), RECIPE, 2)
    assert next(outcomes).error is None
    outcomes.close()
    assert not multiprocessing.active_children()
    assert not unfinished(tmp_path)
    assert plan_shoot(shoot, RECIPE).jobs
