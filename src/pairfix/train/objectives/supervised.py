"""Training towards the truth (torch)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks import Network
from pairfix.synth.batch import PairBatch
from pairfix.train.losses import PIXEL_LOSSES, PixelLoss
from pairfix.train.objectives.spec import ObjectiveSettings, Stage

if TYPE_CHECKING:
    from pairfix.train.fusion import Fusion

__all__ = ["Supervised", "build_supervised"]

_LEARNING_RATE = 3e-4


@runtime_checkable
class _Multiscale(Protocol):
    """A network that restores at several scales, as `pairfix.networks.reblurring.srn.SRN`."""

    def scales(self, *inputs: Tensor) -> tuple[Tensor, ...]: ...


class Supervised:
    """A loss between the restored picture and the truth.

    Where a network restores at several scales, there is a loss at each, towards the truth resized
    bilinearly (Tao et al., Scale-recurrent Network for Deep Image Deblurring, 2018, Equation 3).
    """

    def __init__(self, fusion: "Fusion", network: Network, config: Any, loss: PixelLoss) -> None:  # noqa: ANN401
        """Train all of a network's graphs together.

        Args:
            fusion: The network's modules.
            network: The network.
            config: Instance of ``network.config``.
            loss: How the pictures are compared.
        """
        self._fusion = fusion
        self._graphs = network.graphs(config)
        self._loss = loss

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"network": self._fusion}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The loss of each scale by its factor, ``"supervised"`` at full size."""
        del player, generator
        *coarser, restored = self._restore(batch)
        losses = {"supervised": self._loss(restored, batch.truth)}
        for output in coarser:
            truth = functional.interpolate(batch.truth, output.shape[2:], mode="bilinear")
            factor = batch.truth.shape[2] // output.shape[2]
            losses[f"supervised/{factor}"] = self._loss(output, truth)
        return losses

    def _restore(self, batch: PairBatch) -> tuple[Tensor, ...]:
        graph = self._graphs[-1]
        module = self._fusion.modules_by_graph[graph.name]
        if len(self._graphs) == 1 and isinstance(module, _Multiscale):
            return module.scales(*(batch.sources[name] for name in graph.inputs))
        return (cast("Tensor", self._fusion(batch.sources)),)


def build_supervised(
    fusion: "Fusion",
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Stage, ...]:
    """One stage, towards the truth."""
    del generator
    objective = Supervised(fusion, network, config, PIXEL_LOSSES[settings.loss])
    return (Stage("supervised", objective, _LEARNING_RATE),)
