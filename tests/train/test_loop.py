"""The loop: it learns, continues from where it stopped, and gives up where nothing is learnt."""

import math

import pytest

torch = pytest.importorskip("torch")

from pairfix.errors import ModelError  # noqa: E402
from pairfix.train.distributed import Workers  # noqa: E402
from pairfix.train.loop import Loop, Status  # noqa: E402
from pairfix.train.objectives import Phase  # noqa: E402
from tests.train.fakes import (  # noqa: E402
    CPU,
    Scripted,
    small_fusion,
    small_loop,
    small_recipe,
    smooth_pairs,
    supervised,
)


def run(loop: Loop, stop_after: int | None = None) -> list[Status]:
    statuses: list[Status] = []
    loop.run(
        stop=lambda: loop.step == stop_after,
        report=statuses.append,
        review=lambda: None,
    )
    return statuses


def scripted_loop(*values: float) -> tuple[Loop, Scripted]:
    objective = Scripted(*values)
    recipe = small_recipe(steps=len(values), learning_rate=0.1)
    phase = Phase("scripted", objective, 0.1)
    return Loop(small_fusion(), [phase], smooth_pairs, recipe, CPU, Workers()), objective


def test_the_loss_falls() -> None:
    loop = small_loop(small_recipe(steps=16, learning_rate=5e-3))
    statuses = run(loop)
    losses = [each.losses["network/supervised"] for each in loop.losses]
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])
    assert [each.step for each in statuses] == list(range(1, 17))
    assert statuses[-1].latest == loop.losses[-1]
    assert loop.losses[-1].crops_per_second > 0


def test_stopping_and_going_on_changes_no_bit() -> None:
    recipe = small_recipe(steps=6)
    whole, first, second = small_loop(recipe), small_loop(recipe), small_loop(recipe)
    run(whole)
    run(first, stop_after=3)
    second.load_state_dict(first.state_dict())
    run(second)
    expected, found = whole.state_dict(), second.state_dict()
    for state in expected, found:
        del state["seconds"]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("precision", ["bf16", pytest.param("fp16", marks=pytest.mark.slow)])
def test_half_precision_learns_too(precision: str) -> None:
    recipe = small_recipe(steps=6, learning_rate=3e-3, precision=precision)
    loop = small_loop(recipe)
    run(loop)
    losses = [each.losses["network/supervised"] for each in loop.losses]
    assert losses[-1] < losses[0]
    assert all(value.dtype == torch.float32 for value in loop.fusion.state_dict().values())


def test_steps_that_are_not_finite_are_skipped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop, objective = scripted_loop(math.nan, math.inf, 1.0)
    before = objective.module.weight.item()
    loop.run(stop=lambda: loop.step == 2, report=lambda _: None, review=lambda: None)
    assert objective.module.weight.item() == before
    run(loop)
    assert objective.module.weight.item() < before
    assert caplog.text.count("1 of the last 1 steps of network were skipped: not finite") == 2


def test_losses_that_are_never_finite_end_the_training() -> None:
    loop, _ = scripted_loop(*[math.nan] * 30)
    with pytest.raises(ModelError, match="have not been finite for 20 steps; try a smaller"):
        run(loop)


def test_stages_follow_each_other_each_with_its_learning_rate() -> None:
    fusion = small_fusion()
    (phase,) = supervised(fusion)
    phases = [
        Phase("first", phase.objective, 1e-3, share=0.25),
        Phase("second", phase.objective, 1e-4, share=0.75),
    ]
    recipe = small_recipe(steps=8)
    loop = Loop(fusion, phases, smooth_pairs, recipe, CPU, Workers())
    run(loop)
    assert [each.phase for each in loop.losses] == ["first"] * 2 + ["second"] * 6
    assert loop.losses[2].learning_rate == pytest.approx(1e-4, rel=0.1)


def test_minutes_end_the_training() -> None:
    loop = small_loop(small_recipe(minutes=0.02))
    statuses = run(loop)
    assert 1.2 <= loop.seconds < 10
    assert statuses[-1].seconds_left < 0.1 + statuses[0].seconds_left


@pytest.mark.parametrize(("every", "reviews"), [(None, 20), (5, 8)])
def test_reviews_come_now_and_then(every: int | None, reviews: int) -> None:
    loop, _ = scripted_loop(*[1.0] * 40)
    loop._recipe = small_recipe(steps=40, learning_rate=0.1, validate_every=every)
    seen: list[int] = []
    loop.run(stop=lambda: False, report=lambda _: None, review=lambda: seen.append(loop.step))
    assert abs(len(seen) - reviews) <= 1
