"""Pairs and phases small enough for tests."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks import NETWORKS
from pairfix.synth.batch import PairBatch
from pairfix.train.distributed import Workers
from pairfix.train.fusion import Fusion
from pairfix.train.loop import Loop
from pairfix.train.objectives import OBJECTIVES, ObjectiveSettings, Phase
from pairfix.train.train_recipe import TrainRecipe

CPU = torch.device("cpu")


def small_recipe(**fields: Any) -> TrainRecipe:  # noqa: ANN401
    small = {"batch": 2, "crop": 32, "validation_pairs": 2, "log_every": 1, "warmup": 0.0}
    return TrainRecipe(**small | fields)


def smooth_pairs(
    generator: torch.Generator, *, count: int = 2, channels: int = 4, crop: int = 32
) -> PairBatch:
    """Smooth pictures; blurred a little for the long frame, noisy for the short one."""
    coarse = torch.rand(count, channels, crop // 8, crop // 8, generator=generator)
    truth = functional.interpolate(coarse, (crop, crop), mode="bilinear")
    noise = 0.1 * torch.randn(truth.shape, generator=generator)
    long, noise_map = functional.avg_pool2d(truth, 5, 1, 2), torch.full_like(truth, 0.1)
    return PairBatch(truth + noise, long, truth, noise_map, 0 * noise_map)


def small_fusion(
    name: str = "selfir",
    *,
    normalised: bool = True,
    seed: int = 0,
    **fields: Any,  # noqa: ANN401
) -> Fusion:
    network = NETWORKS[name]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Fusion(network, network.config(**{**network.small, **fields}), normalised=normalised)


def supervised(fusion: Fusion) -> tuple[Phase, ...]:
    network = NETWORKS["selfir"]
    build = OBJECTIVES["supervised"].build
    generator = torch.Generator()
    return build(fusion, network, network.config(width=8), ObjectiveSettings(), generator)


def small_loop(
    recipe: TrainRecipe,
    workers: Workers | None = None,
    **fields: Any,  # noqa: ANN401
) -> Loop:
    fusion = small_fusion(**fields)
    return Loop(fusion, supervised(fusion), smooth_pairs, recipe, CPU, workers or Workers())


class Scripted:
    """An objective whose losses are scripted functions of one number that is trained."""

    def __init__(self, *values: float) -> None:
        self.module = nn.Linear(1, 1, bias=False)
        self.values = list(values)

    @property
    def players(self) -> Mapping[str, nn.Module]:
        return {"network": self.module}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        del player, batch, generator
        return {"scripted": self.module.weight.sum() * self.values.pop(0)}
