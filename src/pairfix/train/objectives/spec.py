"""What an objective is, without importing torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pairfix.networks import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from pairfix.synth.batch import PairBatch
    from pairfix.train.fusion import Fusion

__all__ = [
    "Build",
    "Objective",
    "ObjectiveSettings",
    "ObjectiveSpec",
    "Phase",
    "PixelLossName",
    "Preserved",
]

PixelLossName = Literal["l1", "l2", "charbonnier"]
"""Keys of `pairfix.train.losses.PIXEL_LOSSES`."""
Preserved = Literal["restored", "real", "nothing"]
"""Sharp pictures that a reblurring module learns to leave unchanged (Nah et al. 2022, Table 4)."""


class Objective(Protocol):
    """What training minimises.

    A step goes through the players in order: their losses are computed, propagated back, and
    their parameters updated before the next one's turn. Losses leave no gradients in modules of
    other players. The trainer averages gradients over processes itself: modules are called
    without `torch.nn.parallel.DistributedDataParallel`.
    """

    @property
    def players(self) -> "Mapping[str, nn.Module]":
        """Modules that are trained, by name, in the order of their turns; no parameter twice."""
        ...

    def losses(
        self, player: str, batch: "PairBatch", generator: "torch.Generator"
    ) -> "dict[str, Tensor]":
        """Weighted terms by name, scalars; the player minimises their sum.

        Args:
            player: Whose turn it is.
            batch: Pairs whose height and width suit the network.
            generator: Source of random choices, on the batch's device.
        """
        ...


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the training."""

    name: str
    objective: Objective
    learning_rate: float
    """Peak of the phase's schedule."""
    betas: tuple[float, float] = (0.9, 0.999)
    """Adam's decay rates, for every player."""
    share: float = 1.0
    """Of the whole duration; the shares of all phases add up to 1."""


@dataclass(frozen=True, slots=True)
class ObjectiveSettings:
    """What can be chosen; each objective uses the fields that concern it."""

    loss: PixelLossName = "l1"
    """How supervised training compares with the truth."""
    regularisation: float | None = None
    """Weight of SelfIR's L_reg; None for the paper's: 2 for srgb, 4 for raw."""
    auxiliary: float = 2.0
    """Weight of SelfIR's L_aux in its second phase; at 0 there is none."""
    similarity: float = 0.99
    """SSIM above which L_aux may take a patch for sharp (the paper's epsilon_s)."""
    noise_curve: tuple[tuple[float, ...], ...] | None = None
    """The short exposures' noise, for SelfIR's losses in linear light: standard deviations in
    encoded units, one row per channel, at `pairfix.noise.LEVELS`; None for 0.1 everywhere."""
    reblur: float = 0.0
    """Weight of the reblurring loss that is added to a supervised one; the paper: 1."""
    reblur_module: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters, except `channels`, of the module that computes that loss."""
    reblur_preserves: Preserved = "restored"
    """What a reblurring module leaves unchanged: the network's result on the truth, as in the
    paper, the truth itself, or nothing."""
    deblurrer: "Fusion | None" = None
    """The trained network whose results a reblurring module learns to blur."""
    content: float = 50.0
    """Weight of the adversarial objective's L1 loss (Zhang et al. 2019, Table I)."""
    gradient: float = 50.0
    """Weight of its gradient loss."""
    dark_channel: float = 250.0
    """Weight of its dark channel loss."""
    adversarial: float = 1.0
    """Weight of its adversarial loss."""


Build = Callable[["Fusion", Network, Any, ObjectiveSettings, "torch.Generator"], tuple[Phase, ...]]
"""Takes the network's modules, the network, its configuration, the settings, and a generator on
the CPU from which further modules are initialised; they are moved to the network's device."""


@dataclass(frozen=True, slots=True)
class ObjectiveSpec:
    """An entry of the registry."""

    name: str
    title: str
    source: str
    """The paper."""
    build: Build
    """Returns the phases of the training, in order; imports torch.

    Raises ValueError where `suits` is false, or settings lack what the objective needs.
    """
    suits: Callable[[Network, Any], bool]
    """Whether a network in a configuration can be trained with it."""
    shrinks: int = 1
    """By what factor each side of what the network sees is smaller than the pairs.

    The pairs' sides are multiples of this times the network's own multiple.
    """
