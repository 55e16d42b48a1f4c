"""Training with a module that reblurs: its own, and what it adds to a network's (torch).

Source: Nah et al., Clean Images are Hard to Reblur, 2022. There the network M_D deblurs one frame.
Here it restores from a pair, in which the long exposure is the blurry B. What it makes of a sharp
frame, S^ = M_D(S), is what it makes of the pair with the truth in the long exposure's place: the
short one stays as noisy as it is, so that S^ and the result L "only differ by the sharpness"
(Section 3.1) and not by what noise has done to them. A network that does not see the long
exposure has no blur to leave behind; it cannot be trained so.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pairfix.networks import NETWORKS, Network
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion
from pairfix.train.losses import l1
from pairfix.train.modes import evaluating, frozen
from pairfix.train.objectives.spec import Objective, ObjectiveSettings, Stage
from pairfix.train.random import seeded

__all__ = [
    "Reblurred",
    "Reblurring",
    "Term",
    "build_reblur",
    "refuse_reblurring",
    "with_reblurring",
]

Term = Callable[[Tensor, Tensor], dict[str, Tensor]]
"""Takes restored pictures and the truth, ``N x C x H x W`` each; weighted losses to be added."""

_LEARNING_RATE = 1e-4


class Reblurring:
    """A reblurring module in training, and the network whose results it learns to blur."""

    def __init__(self, module: Fusion, deblurrer: Fusion) -> None:
        """Train a module.

        Args:
            module: The reblurring module, M_R.
            deblurrer: The network, M_D; it is only looked at, as it computes in use.
        """
        self._module = module
        self._deblurrer = deblurrer

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The reblurring module."""
        return {"reblurring": self._module}

    def losses(
        self, player: str, batch: PairBatch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """L_R: make results blurry as the long exposure, leave sharp ones as they are (Eq. 4)."""
        del player, generator
        sharp_pair = dataclasses.replace(
            batch, long=batch.truth, long_noise=torch.zeros_like(batch.long_noise)
        )
        with evaluating(self._deblurrer):
            restored = self._deblurrer(batch.sources)
            sharp = self._deblurrer(sharp_pair.sources)
        return {
            "blur": l1(self._reblur(restored), batch.long),
            "sharp": l1(self._reblur(sharp), sharp),
        }

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

    def _reblur(self, picture: Tensor) -> Tensor:
        reblurred: Tensor = self._module({"long": picture})
        return reblurred


class Reblurred:
    """An objective whose network has the reblurring loss added; the module learns along.

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
        make: Makes the objective, given what to add to the losses of the network.
        fusion: The network's modules.
        config: The network's configuration.
        settings: The weight of the loss, and what the module is like.
        generator: Where the module's first weights come from.
        scale: Weight of the objective's pixel loss, to which the settings' weight is relative.

    Raises:
        ValueError: The network does not see the long exposure.
    """
    if not settings.reblur:
        return make(lambda _restored, _truth: {})
    _check_sees_blur(fusion)
    module = _new_module(config.channels, settings.reblur_module, generator)
    reblurring = Reblurring(module.to(next(fusion.parameters()).device), fusion)
    weight = scale * settings.reblur

    def term(restored: Tensor, truth: Tensor) -> dict[str, Tensor]:
        return {"reblur": weight * reblurring.loss(restored, truth)}

    return Reblurred(make(term), reblurring)


def refuse_reblurring(settings: ObjectiveSettings) -> None:
    """See to it that the reblurring loss is not asked for where it cannot be had.

    Raises:
        ValueError: It is.
    """
    if settings.reblur:
        raise ValueError("it has no place for the reblurring loss, which needs the truth")


def build_reblur(
    fusion: Fusion,
    network: Network,
    config: Any,  # noqa: ANN401
    settings: ObjectiveSettings,
    generator: torch.Generator,
) -> tuple[Stage, ...]:
    """One stage, which trains a reblurring module alone for a network that stays as it is."""
    del network, config, generator
    refuse_reblurring(settings)
    if settings.deblurrer is None:
        raise ValueError("it takes a network whose results to blur (--deblurrer): none was given")
    _check_sees_blur(settings.deblurrer)
    return (Stage("reblur", Reblurring(fusion, settings.deblurrer), _LEARNING_RATE),)


def _new_module(
    channels: int, hyper_parameters: Mapping[str, Any], generator: torch.Generator
) -> Fusion:
    network = NETWORKS["reblur-module"]
    seed = int(torch.randint(2**62, (), generator=generator))
    with seeded(seed, torch.device("cpu")):
        return Fusion(network, network.config(channels=channels, **hyper_parameters))


def _check_sees_blur(deblurrer: Fusion) -> None:
    if not any("long" in graph.inputs for graph in deblurrer.graphs):
        raise ValueError("what does not see the long exposure has no blur to show")
