"""D2HNet's training in two phases (torch).

Source: Zhao et al., D2HNet: Joint Denoising and Deblurring with Hierarchical Network, 2022
(Section 4.2, Equation 5). In the paper DeblurNet learns at half the size and is used at whatever
reduction makes a photo 1024 x 1024. Here both nets learn at the reductions that will be used.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pairfix.networks import Graph, Network, Reduction
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.losses import l1
from pairfix.train.objectives.reblurring import Term, with_reblurring
from pairfix.train.objectives.spec import Objective, ObjectiveSettings, Stage
from pairfix.train.reduction import DrawnReduction, draw_factors

__all__ = ["DeblurReduced", "EnhanceFull", "build_two_phase", "has_two_phases"]

_WEIGHT = 100.0
_BETAS = 0.5, 0.999
_LEARNING_RATES = 1e-4, 5e-5
_EPOCHS = 100, 150
"""Of the two phases (Section 5.1)."""


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
        """The L1 loss where the reduced picture has pixels of its own."""
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
        """The L1 loss, and what was to be added."""
        del player
        with torch.no_grad():
            reduction = self._deblur.draw(batch, generator)
            deblurred = reduction.up(self._deblur.run(batch, reduction))
        sources = {**batch.sources, self._deblur.graph.name: deblurred}
        restored = self._fusion.run(self._enhance, sources)
        return {"enhance": _WEIGHT * l1(restored, batch.truth), **self._term(restored, batch.truth)}


def has_two_phases(network: Network, config: Any) -> bool:  # noqa: ANN401
    """Whether a network restores from the pair and from what it made of the reduced pair."""
    return [graph.reduction is None for graph in network.graphs(config)] == [False, True]


def build_two_phase(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Stage, ...]:
    """Two stages, as long as the paper's phases are in proportion."""
    first, last = network.graphs(config)
    if first.reduction is None:
        raise ValueError(f"{network.name} has no graph that takes reduced photos")
    deblur = _Reduced(fusion, first, first.reduction)

    def make(term: Term) -> Objective:
        return EnhanceFull(fusion, deblur, last, term)

    enhancing = with_reblurring(make, fusion, config, settings, generator, scale=_WEIGHT)
    share = _EPOCHS[0] / sum(_EPOCHS)
    return (
        Stage("deblur", DeblurReduced(deblur), _LEARNING_RATES[0], _BETAS, share),
        Stage("enhance", enhancing, _LEARNING_RATES[1], _BETAS, 1 - share),
    )
