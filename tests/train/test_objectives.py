"""What every objective must do, and who is trained by what."""

from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch")

from pairfix.networks import NETWORKS  # noqa: E402
from pairfix.train.objectives import OBJECTIVES, ObjectiveSettings  # noqa: E402
from tests.train.fakes import small_fusion, smooth_pairs  # noqa: E402

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from pairfix.synth.batch import PairBatch
    from pairfix.train.fusion import Fusion
    from pairfix.train.objectives import Objective, Phase

COMBINATIONS = [
    ("supervised", "selfir", {}),
    ("supervised", "selfir", {"inputs": ("short",)}),
    ("supervised", "selfir", {"inputs": ("long",), "noise": True}),
    ("supervised", "selfir", {"channels": 3, "noise": True}),
    ("supervised", "srn", {}),
    ("supervised", "dhn", {}),
    ("supervised", "reblur-unet", {}),
    ("noisy-supervised", "selfir", {}),
    ("noisy-supervised", "selfir", {"inputs": ("long",)}),
    ("self-supervised", "selfir", {"noise": True}),
    ("self-supervised", "d2hnet", {}),
    ("selfir", "selfir", {"noise": True}),
    ("selfir", "selfir", {"channels": 3, "inputs": ("short",)}),
    ("selfir", "d2hnet", {}),
    ("two-phase", "d2hnet", {}),
    ("adversarial", "deblurmerger", {}),
    ("adversarial", "deblurrnn", {}),
    ("reblur", "reblur-module", {}),
]
REBLURRED = [
    ("supervised", "selfir"),
    ("supervised", "srn"),
    ("two-phase", "d2hnet"),
    ("adversarial", "deblurmerger"),
    ("adversarial", "deblurrnn"),
]
SMALL_MODULE = dict(NETWORKS["reblur-module"].small)


def generator(seed: int = 0) -> "Generator":
    return torch.Generator().manual_seed(seed)


def phases_of(
    objective: str,
    name: str,
    *,
    settings: ObjectiveSettings | None = None,
    **fields: Any,  # noqa: ANN401
) -> tuple["Fusion", tuple["Phase", ...]]:
    network, spec = NETWORKS[name], OBJECTIVES[objective]
    config = network.config(**{**network.small, **fields})
    fusion = small_fusion(name, **fields)
    if settings is None:
        deblurrer = small_fusion("selfir") if objective == "reblur" else None
        settings = ObjectiveSettings(deblurrer=deblurrer)
    assert spec.suits(network, config)
    return fusion, spec.build(fusion, network, config, settings, generator())


def reblurred(objective: str, name: str) -> tuple["Fusion", tuple["Phase", ...]]:
    settings = ObjectiveSettings(reblur=1, reblur_module=SMALL_MODULE)
    return phases_of(objective, name, settings=settings)


def pairs(objective: str, channels: int = 4) -> "PairBatch":
    """As small as the networks allow."""
    crop = 32 * OBJECTIVES[objective].shrinks
    return smooth_pairs(generator(1), channels=channels, crop=crop)


def state_of(module: "nn.Module") -> dict[str, "Tensor"]:
    return {name: each.detach().clone() for name, each in module.named_parameters()}


def changed(module: "nn.Module", before: dict[str, "Tensor"]) -> bool:
    return any(not torch.equal(each, before[name]) for name, each in module.named_parameters())


def take_step(objective: "Objective", batch: "PairBatch") -> None:
    """One turn of every player; only that one may change and get gradients."""
    for player, module in objective.players.items():
        before = {name: state_of(each) for name, each in objective.players.items()}
        losses = objective.losses(player, batch, generator(2))
        assert losses
        assert all(each.ndim == 0 and each.isfinite() for each in losses.values())
        torch.stack(list(losses.values())).sum().backward()
        for other, each in objective.players.items():
            reached = [parameter.grad is not None for parameter in each.parameters()]
            assert all(reached) if other == player else not any(reached)
        torch.optim.Adam(module.parameters(), 1e-3).step()
        for other, each in objective.players.items():
            assert changed(each, before[other]) == (other == player)
        module.zero_grad(set_to_none=True)


@pytest.mark.parametrize(("objective", "name", "fields"), COMBINATIONS)
def test_a_step_trains_each_player_by_itself(
    objective: str, name: str, fields: dict[str, Any]
) -> None:
    _, phases = phases_of(objective, name, **fields)
    assert sum(phase.share for phase in phases) == pytest.approx(1)
    for phase in phases:
        take_step(phase.objective, pairs(objective, fields.get("channels", 4)))


@pytest.mark.parametrize(("objective", "name"), REBLURRED)
def test_the_reblurring_loss_can_be_added_to_any_objective_that_sees_the_truth(
    objective: str, name: str
) -> None:
    _, phases = reblurred(objective, name)
    players = [list(phase.objective.players) for phase in phases]
    assert players[-1][-1] == "reblurring"
    trained = phases[-1].objective
    batch = pairs(objective)
    assert trained.losses(players[-1][-2], batch, generator())["reblur"] > 0
    take_step(trained, batch)


def test_every_objective_is_stepped_through() -> None:
    assert {objective for objective, *_ in COMBINATIONS} == set(OBJECTIVES)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_suits_its_default_objective(name: str) -> None:
    network = NETWORKS[name]
    assert OBJECTIVES[network.training.objective].suits(network, network.config(**network.small))


def test_objectives_know_which_networks_they_do_not_suit() -> None:
    for name in ("selfir", "deblurmerger", "reblur-module"):
        network = NETWORKS[name]
        assert not OBJECTIVES["two-phase"].suits(network, network.config(**network.small))
    module = NETWORKS["reblur-module"]
    suiting = [name for name, spec in OBJECTIVES.items() if spec.suits(module, module.config())]
    assert suiting == ["reblur"]


@pytest.mark.parametrize("objective", ["self-supervised", "selfir", "noisy-supervised"])
def test_reblurring_is_refused_without_truth(objective: str) -> None:
    with pytest.raises(ValueError, match="reblurring loss"):
        phases_of(objective, "selfir", settings=ObjectiveSettings(reblur=1))


def test_reblurring_is_refused_without_a_network_that_sees_blur() -> None:
    with pytest.raises(ValueError, match="it needs a model whose results it learns to blur"):
        phases_of("reblur", "reblur-module", settings=ObjectiveSettings())
    blind = ObjectiveSettings(deblurrer=small_fusion("selfir", inputs=("short",)))
    with pytest.raises(ValueError, match="no blur"):
        phases_of("reblur", "reblur-module", settings=blind)
    with pytest.raises(ValueError, match="no blur"):
        phases_of("supervised", "selfir", settings=ObjectiveSettings(reblur=1), inputs=("short",))
