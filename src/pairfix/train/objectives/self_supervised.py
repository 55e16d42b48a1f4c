"""SelfIR's training without truth (torch).

Source: Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from pairfix.networks import Network
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.objectives.reblurring import refuse_reblurring
from pairfix.train.objectives.selfir_terms import (
    auxiliary_loss,
    draw_neighbours,
    pick,
    reconstruction_loss,
    regularisation_loss,
    sharp_patches,
)
from pairfix.train.objectives.spec import ObjectiveSettings, Phase

__all__ = [
    "LEARNING_RATES",
    "Encoded",
    "Measure",
    "SelfSupervised",
    "build_self_supervised",
    "co_learning",
]

_REGULARISATION = {3: 2.0, 4: 4.0}
"""Weights of L_reg by the planes of an exposure (Section 4.1)."""
_EPOCHS = 200, 100
"""Epochs of the official release: without the auxiliary loss, then with it."""
LEARNING_RATES = 3e-4, 1e-4
"""Of the first and of the later training: the latter "for real-world experiments" (Section 4.1) and
with the auxiliary loss (official release)."""


class Measure(Protocol):
    """How the restored picture is compared with the short exposure, and with the long one."""

    def values(self, encoded: Tensor) -> Tensor:
        """The values to compare of a picture in the network's range; the same shape."""
        ...

    def weight(self, long: Tensor) -> Tensor:
        """Weights of the squared differences, given the long exposure; of its shape."""
        ...


class Encoded:
    """Compares the network's inputs and outputs as they are."""

    def values(self, encoded: Tensor) -> Tensor:
        """The picture itself."""
        return encoded

    def weight(self, long: Tensor) -> Tensor:
        """1 everywhere."""
        return torch.ones_like(long)


_ENCODED = Encoded()


class SelfSupervised:
    """The co-learning of deblurring and denoising (Figure 2, Equation 12).

    The network sees one pixel of every 2 x 2 cell, of both exposures and of their noise maps; its
    target holds a neighbour of that pixel in the short exposure, whose noise is independent. A
    network that only sees the short exposure is trained as in Neighbor2Neighbor, except for the
    auxiliary loss.
    """

    def __init__(
        self,
        fusion: Fusion,
        measure: Measure = _ENCODED,
        *,
        regularisation: float,
        auxiliary: float,
        similarity: float,
    ) -> None:
        """Train all of a network's graphs together.

        Args:
            fusion: The network's modules.
            measure: How pictures are compared; sharp patches are found in encoded values.
            regularisation: Weight of L_reg.
            auxiliary: Weight of L_aux; at 0 it is not computed.
            similarity: SSIM above which a patch may be sharp.
        """
        self._fusion = fusion
        self._measure = measure
        self._regularisation = regularisation
        self._auxiliary = auxiliary
        self._similarity = similarity

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"network": self._fusion}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The paper's three terms; the truth is not used.

        Height and width are multiples of twice the network's multiple.
        """
        del player
        measure = self._measure
        neighbours = draw_neighbours(batch.short, generator)
        seen = {name: pick(source, neighbours.first) for name, source in batch.sources.items()}
        target = measure.values(pick(batch.short, neighbours.second))
        weight = measure.weight(batch.long)
        target_weight = pick(weight, neighbours.second)
        output = self._fusion(seen)
        restored = measure.values(output)
        with torch.no_grad():
            whole = measure.values(self._fusion(batch.sources))
            first, second = (pick(whole, each) for each in (neighbours.first, neighbours.second))
        regularisation = regularisation_loss(restored, target, first, second, target_weight)
        losses = {
            "reconstruction": reconstruction_loss(restored, target, target_weight),
            "regularisation": self._regularisation * regularisation,
        }
        if self._auxiliary:
            mask = sharp_patches(seen["long"], output.detach(), similarity=self._similarity)
            long, long_weight = measure.values(seen["long"]), pick(weight, neighbours.first)
            auxiliary = auxiliary_loss(restored, long, mask, long_weight)
            losses["auxiliary"] = self._auxiliary * auxiliary
        return losses


def co_learning(
    fusion: Fusion,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    measure: Measure = _ENCODED,
    *,
    auxiliary: float,
) -> SelfSupervised:
    """The objective with the settings' weight of L_reg, by default the paper's.

    Args:
        fusion: The network's modules.
        config: The network's configuration.
        settings: The user's choices.
        measure: How pictures are compared.
        auxiliary: Weight of L_aux.

    Raises:
        ValueError: The settings include the reblurring loss.
    """
    refuse_reblurring(settings)
    regularisation = settings.regularisation
    if regularisation is None:
        regularisation = _REGULARISATION[config.channels]
    return SelfSupervised(
        fusion,
        measure,
        regularisation=regularisation,
        auxiliary=auxiliary,
        similarity=settings.similarity,
    )


def build_self_supervised(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """First without the auxiliary loss, then with it, as the official release does."""
    del network, generator
    denoising = co_learning(fusion, config, settings, auxiliary=0)
    if not settings.auxiliary:
        return (Phase("self-supervised", denoising, LEARNING_RATES[0]),)
    helped = co_learning(fusion, config, settings, auxiliary=settings.auxiliary)
    share = _EPOCHS[0] / sum(_EPOCHS)
    return (
        Phase("self-supervised", denoising, LEARNING_RATES[0], share=share),
        Phase("auxiliary", helped, LEARNING_RATES[1], share=1 - share),
    )
