"""One pair of many: its own randomness, and a recipe that leaves nothing open (torch)."""

from dataclasses import replace

import numpy as np
import torch

from pairfix.synth.draw import Draw
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["one_pair"]


def one_pair(recipe: SynthRecipe, seed: int, number: int) -> tuple[Draw, SynthRecipe]:
    """A pair's generator on the CPU, and its recipe with every range narrowed to a single value.

    Both depend on the arguments alone. Misalignment and JPEG are left to whoever writes the pair.

    Args:
        recipe: What the pairs are like.
        seed: Of all pairs.
        number: Of this one.
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
        jpeg=0.0,
    )
