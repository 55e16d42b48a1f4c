from typing import Any

import pytest

pytest.importorskip("torch")

from pairfix.train.objectives import Phase
from pairfix.train.train_recipe import TrainRecipe, cosine, current_phase, progress
from tests.train.fakes import Scripted


def test_progress_is_measured_in_steps_or_in_minutes() -> None:
    assert progress(TrainRecipe(steps=200), 50, 1e6) == 0.25
    assert progress(TrainRecipe(minutes=2), 50, 30) == 0.25


def test_stages_share_the_training() -> None:
    phases = [Phase(str(share), Scripted(), 1e-4, share=share) for share in (0.25, 0.75)]
    assert current_phase(phases, 0.0) == (0, 0.0)
    assert current_phase(phases, 0.125) == (0, 0.5)
    assert current_phase(phases, 0.25) == (1, 0.0)
    assert current_phase(phases, 0.625) == (1, 0.5)
    assert current_phase(phases, 1.0) == (1, 1.0)


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [cosine(share, 0.1) for share in (0.0, 0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0])
    assert cosine(0.0, 0.0) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"steps": 1, "minutes": 1.0},
        {"minutes": float("nan")},
        {"steps": 1, "batch": 0},
        {"steps": 1, "ema_decay": 1.0},
        {"steps": 1, "warmup": -0.1},
        {"steps": 1, "optimiser": "mouon"},
        {"steps": 1, "precision": "int8"},
    ],
)
def test_an_invalid_recipe_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|either"):
        TrainRecipe(**fields)
