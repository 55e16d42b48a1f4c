"""Random frames of a given variance (torch): each a `pairfix.synth.noise.model.Sampler`."""

import math

import torch
from torch import Tensor

from pairfix.synth.draw import Draw

__all__ = ["gaussian", "poisson", "poisson_and_tukey", "tukey_quantile", "tukey_variance"]

_TUKEY_SHAPE = 0.09
"""Shape (lambda) of D2HNet's read noise; the normal distribution's is about 0.14."""
_FEWEST_ELECTRONS = 1e-6
"""Shot noise below which counting photons shows nothing."""
_OPEN_END = 2.0**-24
"""Keeps probabilities between 0 and 1, both excluded."""


def gaussian(clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
    """Normal noise of variance ``shot x + read`` (Foi et al. 2008; Brooks et al. 2019, Eq. 1)."""
    deviation = (shot * clean.clamp_min(0) + read).sqrt()
    return clean + deviation * draw.normal(*clean.shape)


def poisson(clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
    """Photons of which ``1 / shot`` make white, and normal read noise."""
    return _photons(clean, shot, draw) + read.sqrt() * draw.normal(*clean.shape)


def poisson_and_tukey(clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
    """Photons and read noise of Tukey's lambda distribution, heavier in its tails (D2HNet)."""
    uniform = draw.uniform(*clean.shape)
    quantile = tukey_quantile(uniform.clamp(_OPEN_END, 1 - _OPEN_END))
    scale = (read / tukey_variance()).sqrt()
    return _photons(clean, shot, draw) + scale * quantile


def tukey_quantile(probability: Tensor) -> Tensor:
    """Tukey's lambda distribution of scale 1: level that is not exceeded with `probability`."""
    upper = probability**_TUKEY_SHAPE
    return (upper - (1 - probability) ** _TUKEY_SHAPE) / _TUKEY_SHAPE


def tukey_variance() -> float:
    """Variance of Tukey's lambda distribution of scale 1."""
    shape = _TUKEY_SHAPE
    product = math.gamma(shape + 1) ** 2 / math.gamma(2 * shape + 2)
    return 2 / shape**2 * (1 / (1 + 2 * shape) - product)


def _photons(clean: Tensor, shot: Tensor, draw: Draw) -> Tensor:
    step = shot.clamp_min(_FEWEST_ELECTRONS)
    return torch.poisson(clean.clamp_min(0) / step, generator=draw.generator) * step
