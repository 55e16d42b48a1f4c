"""Memory bounds what is done at the same time."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pairfix.batch import finish, memory, plan_shoot, restore_shoot, run
from pairfix.batch.memory import Need, fits_beside, fitting_processes, free_memory, need_of
from pairfix.formats import read_facts
from pairfix.model import find_model
from pairfix.model.measured import read_measured
from pairfix.pipeline import Restorer
from pairfix.recipe import Recipe, Shoot

RECIPE = Recipe(align="none", device="cpu")
GIGABYTE = 10**9


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A system with 8 GiB of free memory."""
    (tmp_path / "proc").mkdir()
    text = "MemTotal:  16777216 kB\nMemAvailable:  8388608 kB\n"
    (tmp_path / "proc" / "meminfo").write_text(text, encoding="ascii")
    return tmp_path


def test_free_memory_is_what_the_system_says(system: Path) -> None:
    assert free_memory(system) == 8 << 30


def test_a_containers_limit_counts_without_what_is_merely_cached(system: Path) -> None:
    group = system / "sys" / "fs" / "cgroup"
    group.mkdir(parents=True)
    files = {"max": "4096", "current": "3000", "stat": "anon 2000\ninactive_file 1000"}
    for name, text in files.items():
        (group / f"memory.{name}").write_text(f"{text}\n", encoding="ascii")
    assert free_memory(system) == 4096 - 2000
    (group / "memory.max").write_text("max\n", encoding="ascii")
    assert free_memory(system) == 8 << 30


def test_systems_that_say_nothing_set_no_bound(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None


def test_a_pair_needs_what_was_measured_of_its_model_and_more_if_it_is_larger(
    shoot: Path,
) -> None:
    small = [read_facts(path) for path in shoot.glob("a_*.png")]
    whole = [replace(photo, size=(3000, 4000)) for photo in small]
    model, larger = find_model("selfir-srgb"), find_model("d2hnet-s-srgb")
    measured = read_measured(model.folder)
    assert measured is not None
    assert need_of(whole, model).restoring == measured.megabytes * 1e6
    assert need_of(small, model).restoring < need_of(whole, model).restoring
    assert need_of(whole, larger).restoring > need_of(whole, model).restoring


@pytest.mark.parametrize(
    ("free", "count"), [(None, 4), (9 * GIGABYTE, 4), (5 * GIGABYTE, 2), (GIGABYTE, 1)]
)
def test_no_more_processes_are_started_than_fit(
    free: int | None, count: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: free)
    needs = [Need(GIGABYTE, 0), Need(2 * GIGABYTE, 0)]
    with caplog.at_level(logging.WARNING, "pairfix"):
        assert fitting_processes(4, needs) == count
    assert (f"memory is free for {count} of 4 jobs" in caplog.text) == (count < 4)


def test_pairs_overlap_only_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = [Need(GIGABYTE, GIGABYTE)]
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * GIGABYTE)
    assert fits_beside(needs)
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * GIGABYTE - 1)
    assert not fits_beside(needs)


@pytest.mark.parametrize(("room", "first"), [(True, ["read", "read"]), (False, ["read", "write"])])
def test_one_pair_is_in_memory_at_a_time_where_no_more_fits(
    room: object,
    first: list[str],
    shoot: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[str] = []

    def logged(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: object) -> Any:  # noqa: ANN401
            steps.append(name)
            return work(*arguments)

        return step

    monkeypatch.setattr(run, "fits_beside", lambda _: bool(room))
    monkeypatch.setattr(run, "finish", logged("write", finish.finish))
    monkeypatch.setattr(Restorer, "_read", logged("read", Restorer._read))
    plan = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    assert not [each for each in restore_shoot(plan, RECIPE) if each.error]
    assert steps[:2] == first
    assert sorted(steps) == ["read", "read", "write", "write"]
