"""Training towards the truth, or towards noisy pictures of it (torch)."""

from collections.abc import Mapping
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks import Network
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.losses import PIXEL_LOSSES, PixelLoss, l2
from pairfix.train.objectives.reblurring import Term, refuse_reblurring, with_reblurring
from pairfix.train.objectives.spec import Objective, ObjectiveSettings, Phase

__all__ = ["NoisySupervised", "Supervised", "build_noisy_supervised", "build_supervised"]


@runtime_checkable
class _Multiscale(Protocol):
    """A network that restores at several scales, such as SRN."""

    def scales(self, *inputs: Tensor) -> tuple[Tensor, ...]: ...


class Supervised:
    """A loss between the restored picture and the truth.

    Where a network restores at several scales, there is a loss at each, towards the truth resized
    bilinearly (Tao et al., Scale-recurrent Network for Deep Image Deblurring, 2018, Equation 3).
    """

    def __init__(self, fusion: Fusion, loss: PixelLoss, term: Term) -> None:
        """Train all of a network's graphs together.

        Args:
            fusion: The network's modules.
            loss: How the pictures are compared.
            term: Adds to the losses.
        """
        self._fusion = fusion
        self._loss = loss
        self._term = term

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"network": self._fusion}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The loss of each scale, named by its factor; ``"supervised"`` at full size."""
        del player, generator
        *coarser, restored = self._restore(batch)
        losses = {"supervised": self._loss(restored, batch.truth)}
        losses |= self._term(restored, batch.truth)
        for output in coarser:
            truth = functional.interpolate(batch.truth, output.shape[2:], mode="bilinear")
            factor = batch.truth.shape[2] // output.shape[2]
            losses[f"supervised/{factor}"] = self._loss(output, truth)
        return losses

    def _restore(self, batch: PairBatch) -> tuple[Tensor, ...]:
        graph, *further = self._fusion.graphs
        module = self._fusion.modules_by_graph[graph.name]
        if not further and isinstance(module, _Multiscale):
            return module.scales(*(batch.sources[name] for name in graph.inputs))
        return (cast("Tensor", self._fusion(batch.sources)),)


class NoisySupervised:
    """The squared difference from a noisy picture, whose noise the network has not seen.

    Noise of mean zero only shifts the value of the loss (Zhang et al., Section 3.1, Equation 5;
    Lehtinen et al., Noise2Noise, 2018). A network that only sees the long exposure learns from the
    short one as it is. One that sees the short exposure needs another target: the truth with fresh
    Gaussian noise, whose standard deviation is `PairBatch.short_noise`.
    """

    def __init__(self, fusion: Fusion) -> None:
        """Train all of a network's graphs together."""
        self._fusion = fusion
        self._sees_short = any("short" in graph.inputs for graph in fusion.graphs)

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"network": self._fusion}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The one loss."""
        del player
        return {"noisy-supervised": l2(self._fusion(batch.sources), self._target(batch, generator))}

    def _target(self, batch: PairBatch, generator: torch.Generator) -> Tensor:
        if not self._sees_short:
            return batch.short
        shape, device = batch.truth.shape, batch.truth.device
        noise = torch.randn(shape, generator=generator, device=device)
        return batch.truth + batch.short_noise * noise


def build_supervised(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """One phase, towards the truth."""

    def make(term: Term) -> Objective:
        return Supervised(fusion, PIXEL_LOSSES[settings.loss], term)

    objective = with_reblurring(make, fusion, config, settings, generator)
    return (_phase("supervised", objective, network),)


def build_noisy_supervised(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """One phase, towards noisy pictures; the loss is L2 whatever the settings say."""
    del config, generator
    refuse_reblurring(settings)
    return (_phase("noisy-supervised", NoisySupervised(fusion), network),)


def _phase(name: str, objective: Objective, network: Network) -> Phase:
    return Phase(name, objective, network.training.learning_rate, network.training.betas)
