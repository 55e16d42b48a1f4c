"""D2HNet's training in two phases, on pairs reduced by factors of their own (torch).

Source: Zhao et al., D2HNet: Joint Denoising and Deblurring with Hierarchical Network, 2022
(Section 4.2, Equation 5). In the paper DeblurNet learns at half the size and is used at whatever
reduction makes a photo 1024 x 1024. Here both nets learn at the reductions that will be used:
`pairfix.networks.Reduction` reduces every photo to at most one size, so that the factor depends on
the photo; it is usually fractional, and not the same for both sides. Every pair of a batch has a
factor for each side, yet all have the same size: beyond a pair's edge its last pixels are
repeated. No size depends on random numbers, so that nothing waits for the device.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pairfix.networks import Graph, Network, Reduction
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.losses import l1
from pairfix.train.objectives.reblurring import Term, with_reblurring
from pairfix.train.objectives.spec import Objective, ObjectiveSettings, Phase

__all__ = ["DeblurReduced", "DrawnReduction", "EnhanceFull", "build_two_phase", "draw_factors"]

_WEIGHT = 100.0
_BETAS = 0.5, 0.999
_LEARNING_RATES = 1e-4, 5e-5
_EPOCHS = 100, 150
"""Of the two phases (Section 5.1)."""

_LARGEST = 4.0
"""Reduces 4032 px, the longer side of a 12 MP photo, to D2HNet's 1024."""
_ASPECT = 4 / 3
"""Ratio of the reductions of such a photo's sides."""
_LEAST_SHARE = 0.5
"""Share of the pairs with the least factor for both sides, which all small photos have."""
_SLIVER = 1e-3
"""Part of a reduced pixel that is ignored."""


def draw_factors(count: int, least: float, generator: torch.Generator) -> Tensor:
    """Draw factors for the heights and the widths of a batch.

    Half the pairs have the least factor. For the others the logarithm of the factor is uniform,
    up to 4 (or the least factor if that is greater); the sides' factors differ by up to 4/3.

    Args:
        count: Pairs of the batch.
        least: Least factor, 1 or more.
        generator: Source of the factors.

    Returns:
        ``count x 2`` on the generator's device.
    """
    spread, tilt, share = torch.rand(3, count, generator=generator, device=generator.device)
    common = math.log(least) + spread * math.log(max(_LARGEST / least, 1))
    lean = (tilt - 0.5) * math.log(_ASPECT)
    factors = torch.stack([common + lean, common - lean], 1).exp().clamp(min=least)
    return torch.where((share < _LEAST_SHARE)[:, None], least, factors)


class DrawnReduction:
    """Averaging a batch down by given factors, and back up."""

    def __init__(self, factors: Tensor, size: tuple[int, int], least: float, multiple: int) -> None:
        """Prepare for pairs of one size.

        Args:
            factors: ``N x 2``, for heights and widths, as `draw_factors` returns them.
            size: Height and width of the pairs.
            least: Least of all possible factors.
            multiple: The reduced sides are multiples of it.
        """
        self._sides = []
        for factor, old in zip(factors.float().unbind(1), size, strict=True):
            new = math.ceil(old / least / multiple) * multiple
            self._sides.append(_Side(factor, old, new))

    def down(self, x: Tensor) -> Tensor:
        """Average ``N x C x H x W`` over areas, fractions of pixels included, in float32."""
        rows, columns = (side.down for side in self._sides)
        return _resample(x, rows, columns)

    def up(self, x: Tensor) -> Tensor:
        """Bring ``N x C x h x w`` back to the pairs' size, bilinearly (corners not aligned)."""
        rows, columns = (side.up for side in self._sides)
        return _resample(x, rows, columns)

    @property
    def inside(self) -> Tensor:
        """``N x 1 x h x w``: 1 for reduced pixels that lie entirely inside the pair, else 0."""
        rows, columns = (side.inside for side in self._sides)
        return (rows[:, None, :, None] & columns[:, None, None, :]).float()


class _Reduced:
    """A graph that takes the pair made small."""

    def __init__(self, fusion: Fusion, graph: Graph, reduction: Reduction) -> None:
        self.module = fusion.modules_by_graph[graph.name]
        self.graph = graph
        self._least = float(reduction.factor)

    def draw(self, batch: PairBatch, generator: torch.Generator) -> DrawnReduction:
        count, _, height, width = batch.short.shape
        factors = draw_factors(count, self._least, generator)
        return DrawnReduction(factors, (height, width), self._least, self.graph.multiple)

    def run(self, batch: PairBatch, reduction: DrawnReduction) -> Tensor:
        """The graph's output at the reduced size."""
        output: Tensor = self.module(
            *(reduction.down(batch.sources[name]) for name in self.graph.inputs)
        )
        return output


class DeblurReduced:
    """Phase one: the loss between the first net's output and the truth, both reduced."""

    def __init__(self, deblur: _Reduced) -> None:
        """Train the first graph of a network."""
        self._deblur = deblur

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """DeblurNet."""
        return {"deblur": self._deblur.module}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The L1 loss over the reduced pixels inside the pair."""
        del player
        reduction = self._deblur.draw(batch, generator)
        difference = (self._deblur.run(batch, reduction) - reduction.down(batch.truth)).abs()
        inside = reduction.inside.expand_as(difference)
        return {"deblur": _WEIGHT * (difference * inside).sum() / inside.sum()}


class EnhanceFull:
    """Phase two: the loss at full size; the first net stays as it is."""

    def __init__(self, fusion: Fusion, deblur: _Reduced, enhance: Graph, term: Term) -> None:
        """Train the last graph of a network.

        Args:
            fusion: The network's modules.
            deblur: The first graph.
            enhance: The last one.
            term: Adds to the losses.
        """
        self._fusion = fusion
        self._deblur = deblur
        self._enhance = enhance
        self._term = term

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """EnhanceNet."""
        return {"enhance": self._fusion.modules_by_graph[self._enhance.name]}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The L1 loss, and the added term."""
        del player
        with torch.no_grad():
            reduction = self._deblur.draw(batch, generator)
            deblurred = reduction.up(self._deblur.run(batch, reduction))
        sources = {**batch.sources, self._deblur.graph.name: deblurred}
        restored = self._fusion.run(self._enhance, sources)
        return {"enhance": _WEIGHT * l1(restored, batch.truth), **self._term(restored, batch.truth)}


def build_two_phase(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """Two phases, in the proportion of the paper's."""
    first, last = network.graphs(config)
    if first.reduction is None:
        raise ValueError(f"{network.title} has no graph that takes reduced photos")
    deblur = _Reduced(fusion, first, first.reduction)

    def make(term: Term) -> Objective:
        return EnhanceFull(fusion, deblur, last, term)

    enhancing = with_reblurring(make, fusion, config, settings, generator, scale=_WEIGHT)
    share = _EPOCHS[0] / sum(_EPOCHS)
    return (
        Phase("deblur", DeblurReduced(deblur), _LEARNING_RATES[0], _BETAS, share),
        Phase("enhance", enhancing, _LEARNING_RATES[1], _BETAS, 1 - share),
    )


class _Side:
    """Matrices that average one side down, ``N x new x old``, and back up, ``N x old x new``."""

    def __init__(self, factor: Tensor, old: int, new: int) -> None:
        device = factor.device
        factor = factor[:, None, None]
        pixels, cells = (torch.arange(n, device=device).float() for n in (old, new))
        last = (old / factor - _SLIVER).ceil() - 1
        start = torch.minimum(cells[:, None], last) * factor
        ends = torch.minimum(start + factor, pixels + 1)
        covered = (ends - torch.maximum(start, pixels)).clamp(min=0)
        self.down = covered / covered.sum(2, keepdim=True)
        place = torch.minimum(((pixels[:, None] + 0.5) / factor - 0.5).clamp(min=0), last)
        self.up = (1 - (place - cells).abs()).clamp(min=0)
        self.inside = (cells + 1) * factor[:, 0] <= old + _SLIVER


def _resample(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return rows[:, None] @ x.float() @ columns[:, None].transpose(2, 3)
