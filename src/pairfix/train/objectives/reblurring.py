"""Training with a module that reblurs: its own, and what it adds to a network's (torch).

Source: Nah et al., Clean Images are Hard to Reblur, 2022. There the network M_D deblurs one frame.
Here it restores from a pair, in which the long exposure is the blurry B. Its result on a sharp
frame, S^ = M_D(S), is its result on the pair with the truth in place of the long exposure: the
short one stays as noisy as it is, so that S^ and the result L "only differ by the sharpness"
(Section 3.1) and not by the effect of noise. A network that does not see the long exposure leaves
no blur behind and cannot be trained this way.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pairfix.networks import Network
from pairfix.networks.reblurring import REBLUR_MODULE
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.losses import l1
from pairfix.train.modes import evaluating, frozen, seeded
from pairfix.train.objectives.spec import Objective, ObjectiveSettings, Phase, Preserved

__all__ = [
    "Reblurred",
    "Reblurring",
    "Term",
    "build_reblur",
    "refuse_reblurring",
    "with_reblurring",
]

Term = Callable[[Tensor, Tensor], dict[str, Tensor]]
"""Takes restored pictures and the truth, ``N x C x H x W`` each; returns weighted losses to add."""


class Reblurring:
    """A reblurring module in training, and the network whose results it learns to blur."""

    def __init__(
        self, module: Fusion, deblurrer: Fusion, preserves: Preserved = "restored"
    ) -> None:
        """Train a module.

        Args:
            module: The reblurring module, M_R.
            deblurrer: The network, M_D, which stays as it is and runs in evaluation mode.
            preserves: The sharp pictures of Equation 3: S^ (restored), S (real), or none.
        """
        self._module = module
        self._deblurrer = deblurrer
        self._preserves = preserves

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The reblurring module."""
        return {"reblurring": self._module}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """L_R: make results as blurry as the long exposure, leave sharp ones unchanged (Eq. 4)."""
        del player, generator
        with evaluating(self._deblurrer):
            restored = self._deblurrer(batch.sources)
        blur = {"blur": l1(self._reblur(restored), batch.long)}
        if self._preserves == "nothing":
            return blur
        sharp = batch.truth if self._preserves == "real" else self._restored_sharp(batch)
        return {**blur, "sharp": l1(self._reblur(sharp), sharp)}

    def loss(self, restored: Tensor, truth: Tensor) -> Tensor:
        """L_Reblur: how differently restored pictures and the truth reblur (Equation 5).

        Args:
            restored: ``N x C x H x W``, to which the gradient goes.
            truth: The same shape.
        """
        with frozen(self._module):
            with torch.no_grad():
                target = self._reblur(truth)
            return l1(self._reblur(restored), target)

    def _restored_sharp(self, batch: PairBatch) -> Tensor:
        sharp_pair = dataclasses.replace(
            batch, long=batch.truth, long_noise=torch.zeros_like(batch.long_noise)
        )
        with evaluating(self._deblurrer):
            sharp: Tensor = self._deblurrer(sharp_pair.sources)
        return sharp

    def _reblur(self, picture: Tensor) -> Tensor:
        reblurred: Tensor = self._module({"long": picture})
        return reblurred


class Reblurred:
    """An objective with the reblurring loss added to its network's; the module learns alongside.

    "For each training iteration" both take turns, the module after the network (Section 3.2).
    """

    def __init__(self, objective: Objective, reblurring: Reblurring) -> None:
        """Join two objectives.

        Args:
            objective: What trains the network, `Reblurring.loss` among its terms.
            reblurring: What trains the module.
        """
        self._objective = objective
        self._reblurring = reblurring

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """Those of the objective, then the reblurring module."""
        return {**self._objective.players, **self._reblurring.players}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The losses of the part to which the player belongs."""
        part = self._reblurring if player in self._reblurring.players else self._objective
        return part.losses(player, batch, generator)


def with_reblurring(
    make: Callable[[Term], Objective],
    fusion: Fusion,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
    *,
    scale: float = 1.0,
) -> Objective:
    """An objective, with the reblurring loss if the settings ask for it (Equation 6).

    Args:
        make: Makes the objective, given the term to add to the network's losses.
        fusion: The network's modules.
        config: The network's configuration.
        settings: The weight of the loss, and the module's hyper-parameters.
        generator: Source of the module's first weights.
        scale: Weight of the objective's pixel loss, to which the settings' weight is relative.

    Raises:
        ValueError: The network does not see the long exposure.
    """
    if not settings.reblur:
        return make(lambda _restored, _truth: {})
    _check_sees_blur(fusion)
    module = _new_module(config.channels, settings.reblur_module, generator)
    module = module.to(next(fusion.parameters()).device)
    reblurring = Reblurring(module, fusion, settings.reblur_preserves)
    weight = scale * settings.reblur

    def term(restored: Tensor, truth: Tensor) -> dict[str, Tensor]:
        return {"reblur": weight * reblurring.loss(restored, truth)}

    return Reblurred(make(term), reblurring)


def refuse_reblurring(settings: ObjectiveSettings) -> None:
    """Check that the reblurring loss is not requested where it cannot be computed.

    Raises:
        ValueError: It is requested.
    """
    if settings.reblur:
        raise ValueError("it cannot include the reblurring loss, which needs the truth")


def build_reblur(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Phase, ...]:
    """One phase, which trains a reblurring module for a network that stays as it is."""
    del config, generator
    refuse_reblurring(settings)
    if settings.deblurrer is None:
        raise ValueError("it needs a model whose results it learns to blur (--deblurrer)")
    _check_sees_blur(settings.deblurrer)
    objective = Reblurring(fusion, settings.deblurrer, settings.reblur_preserves)
    return (Phase("reblur", objective, network.training.learning_rate, network.training.betas),)


def _new_module(
    channels: int, hyper_parameters: Mapping[str, Any], generator: torch.Generator
) -> Fusion:
    config = REBLUR_MODULE.config(channels=channels, **hyper_parameters)
    seed = int(torch.randint(2**62, (), generator=generator))
    with seeded(seed, torch.device("cpu")):
        return Fusion(REBLUR_MODULE, config)


def _check_sees_blur(deblurrer: Fusion) -> None:
    if not any("long" in graph.inputs for graph in deblurrer.graphs):
        raise ValueError("a network that does not see the long exposure leaves no blur behind")
