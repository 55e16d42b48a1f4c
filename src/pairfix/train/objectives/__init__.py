"""The objectives of the papers by name; importing this package does not load torch."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pairfix.networks import Network
from pairfix.networks.d2hnet import D2HNET
from pairfix.networks.selfir import SELFIR
from pairfix.networks.strided_unet import DEBLURMERGER
from pairfix.train.objectives.spec import (
    Build,
    Objective,
    ObjectiveSettings,
    ObjectiveSpec,
    Phase,
    PixelLossName,
    Preserved,
)

if TYPE_CHECKING:
    import torch

    from pairfix.train.fusion import Fusion

__all__ = [
    "OBJECTIVES",
    "SHRINKS",
    "Objective",
    "ObjectiveSettings",
    "ObjectiveSpec",
    "Phase",
    "PixelLossName",
    "Preserved",
]

SHRINKS = 2
"""By what factor SelfIR's sub-sampler reduces each side of the pairs."""


def _built_by(place: str) -> Build:
    """A function of this package, ``module.function``, imported when it is first called."""

    def build(
        fusion: "Fusion",
        network: Network,
        config: Any,  # noqa: ANN401
        settings: ObjectiveSettings,
        generator: "torch.Generator",
    ) -> tuple[Phase, ...]:
        module, _, name = place.partition(".")
        function: Build = getattr(import_module(f"{__name__}.{module}"), name)
        return function(fusion, network, config, settings, generator)

    return build


def _restores(network: Network, config: Any) -> bool:  # noqa: ANN401
    del config
    return network.restores


def _reblurs(network: Network, config: Any) -> bool:  # noqa: ANN401
    del config
    return network.reblurs


def _has_two_phases(network: Network, config: Any) -> bool:  # noqa: ANN401
    """Whether a network restores from the pair and from its result on the reduced pair."""
    return [graph.reduction is None for graph in network.graphs(config)] == [False, True]


_SPECS = (
    ObjectiveSpec(
        name="supervised",
        title="A pixel loss towards the truth",
        source=f"{SELFIR.source} (baselines)",
        build=_built_by("supervised.build_supervised"),
        suits=_restores,
    ),
    ObjectiveSpec(
        name="noisy-supervised",
        title="A squared loss towards a noisy picture",
        source=f"{SELFIR.source} (Section 3.1)",
        build=_built_by("supervised.build_noisy_supervised"),
        suits=_restores,
    ),
    ObjectiveSpec(
        name="self-supervised",
        title="SelfIR's losses, without truth",
        source=f"{SELFIR.source} (Equations 8 to 12)",
        build=_built_by("self_supervised.build_self_supervised"),
        suits=_restores,
        shrinks=SHRINKS,
    ),
    ObjectiveSpec(
        name="selfir",
        title="SelfIR's losses in linear light, for real pairs",
        source=f"{SELFIR.source} (Equations 7 to 12)",
        build=_built_by("selfir.build_selfir"),
        suits=_restores,
        shrinks=SHRINKS,
    ),
    ObjectiveSpec(
        name="two-phase",
        title="D2HNet's phases: deblur small, then enhance",
        source=f"{D2HNET.source} (Section 4.2)",
        build=_built_by("two_phase.build_two_phase"),
        suits=_has_two_phases,
    ),
    ObjectiveSpec(
        name="adversarial",
        title="Content, gradient, dark channel and a discriminator",
        source=f"{DEBLURMERGER.source} (Section III-B)",
        build=_built_by("adversarial.build_adversarial"),
        suits=_restores,
    ),
    ObjectiveSpec(
        name="reblur",
        title="Blur what a network has restored",
        source="Nah et al., Clean Images are Hard to Reblur, 2022 (Section 3.1)",
        build=_built_by("reblurring.build_reblur"),
        suits=_reblurs,
    ),
)

OBJECTIVES: Mapping[str, ObjectiveSpec] = {spec.name: spec for spec in _SPECS}
