"""What is shown of a training while it runs."""

import pytest

pytest.importorskip("torch")

from pairfix.cli.console import Talk
from pairfix.cli.training import report_training
from pairfix.train.log import Losses
from pairfix.train.loop import Status


@pytest.mark.parametrize(
    ("losses", "shown"),
    [
        ({"network/supervised": 0.5, "network/supervised/2": 0.25}, "supervised 0.5"),
        (
            {"discriminator/adversarial": 1.5, "generator/adversarial": -0.5},
            "discriminator/adversarial 1.5, generator/adversarial -0.5",
        ),
    ],
)
def test_losses_are_named_by_player_where_there_are_several(
    losses: dict[str, float], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    latest = Losses(7, 2.0, "only", 1e-4, 123.4, losses)
    with report_training(Talk(quiet=False, verbose=True)) as report:
        report(Status(7, 0.5, "only", latest, 62.0))
    said = capsys.readouterr().err
    assert said.startswith(f" 50%  step 7  {shown}")
    assert said.endswith("  123 crops/s  1:02 left\n")
