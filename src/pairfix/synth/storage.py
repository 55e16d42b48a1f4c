"""Display values as files hold them: in 8 bits, or as JPEG (torch)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pairfix.synth.draw import Draw
from pairfix.synth.jpeg import compress
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Storage"]

_PEAK = 255
_SUBSAMPLED = 0.7
"""Probability that a JPEG has chroma at half the size."""


@dataclass(frozen=True, slots=True)
class Storage:
    """How N pairs are stored; each field is ``N x 1 x 1 x 1``."""

    jpeg: Tensor | None
    """Which pairs are compressed; None where the recipe has no JPEG, which saves the work."""
    quality: Tensor
    subsampled: Tensor

    @classmethod
    def draw(cls, count: int, recipe: SynthRecipe, draw: Draw) -> "Storage":
        """How each of `count` pairs is stored, both frames alike."""
        shape = (count, 1, 1, 1)
        low, high = recipe.jpeg_quality
        return cls(
            jpeg=draw.happens(*shape, probability=recipe.jpeg) > 0 if recipe.jpeg else None,
            quality=draw.uniform(*shape, low=low, high=high).round(),
            subsampled=draw.happens(*shape, probability=_SUBSAMPLED) > 0,
        )

    def store(self, display: Tensor) -> Tensor:
        """Display values, ``N x 3 x H x W``, as they are read back: 0 to 1 in steps of 1/255."""
        plain = (display.clamp(0, 1) * _PEAK).round() / _PEAK
        if self.jpeg is None:
            return plain
        compressed = compress(plain, self.quality, subsampled=self.subsampled)
        return torch.where(self.jpeg, compressed, plain)
