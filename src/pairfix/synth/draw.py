"""Random numbers: tensors for a batch, and the recipe of one pair (torch)."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Draw", "one_pair"]


@dataclass(frozen=True, slots=True)
class Draw:
    """Tensors drawn from one generator, on its device."""

    generator: torch.Generator

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Uniform from `low` to `high`."""
        drawn = torch.rand(shape, generator=self.generator, device=self.generator.device)
        return low + (high - low) * drawn

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Factors from `low` to `high`, both above 0, whose logarithm is uniform."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp()

    def normal(self, *shape: int, deviation: float = 1.0) -> Tensor:
        """Normal around 0."""
        drawn = torch.randn(shape, generator=self.generator, device=self.generator.device)
        return drawn * deviation

    def happens(self, *shape: int, probability: float) -> Tensor:
        """1 with the given probability, else 0."""
        return (self.uniform(*shape) < probability).float()


def one_pair(recipe: SynthRecipe, seed: int, number: int) -> tuple[Draw, SynthRecipe]:
    """A pair's generator on the CPU, and its recipe with every range narrowed to a single value.

    Both depend on the arguments alone. Misalignment and JPEG are left to whoever writes the pair;
    the range of Gaussian noise stays if there is none.

    Args:
        recipe: What the pairs are like.
        seed: Shared by all pairs.
        number: Which pair it is.
    """
    state = np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0]
    draw = Draw(torch.Generator().manual_seed(int(state >> np.uint64(1))))
    names = recipe.noise

    def value(low: float, high: float) -> tuple[float, float]:
        drawn = draw.uniform(low=low, high=high).item()
        return drawn, drawn

    def happens(probability: float) -> float:
        return draw.happens(probability=probability).item()

    ratio = 2 ** value(*np.log2(recipe.ratio))[0]
    return draw, replace(
        recipe,
        noise=(names[int(draw.uniform().item() * len(names))],),
        ratio=(ratio, ratio),
        blur=value(*recipe.blur),
        gap=value(*recipe.gap),
        misalignment=0.0,
        objects=happens(recipe.objects),
        lights=happens(recipe.lights),
        row_noise=happens(recipe.row_noise),
        hot_pixels=happens(recipe.hot_pixels),
        processing=happens(recipe.processing),
        jpeg=0.0,
        sigma=value(*recipe.sigma) if "gaussian" in names else recipe.sigma,
    )
