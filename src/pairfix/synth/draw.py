"""Random numbers for a batch (torch)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Draw"]


@dataclass(frozen=True, slots=True)
class Draw:
    """Tensors drawn from one generator, on its device."""

    generator: torch.Generator

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Equally likely from `low` to `high`."""
        drawn = torch.rand(shape, generator=self.generator, device=self.generator.device)
        return low + (high - low) * drawn

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Equally likely factors from `low` to `high`, both above 0."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp()

    def normal(self, *shape: int, deviation: float = 1.0) -> Tensor:
        """Normal around 0."""
        drawn = torch.randn(shape, generator=self.generator, device=self.generator.device)
        return drawn * deviation

    def happens(self, *shape: int, probability: float) -> Tensor:
        """1 with the given probability, else 0."""
        return (self.uniform(*shape) < probability).float()
