"""What networks can be trained to do: the objectives of the papers, by name (torch)."""

from collections.abc import Mapping
from typing import Any

from pairfix.networks import NETWORKS, Network
from pairfix.train.objectives.adversarial import build_adversarial
from pairfix.train.objectives.reblurring import build_reblur
from pairfix.train.objectives.self_supervised import SHRINKS, build_self_supervised
from pairfix.train.objectives.selfir import build_selfir
from pairfix.train.objectives.spec import (
    Objective,
    ObjectiveSettings,
    ObjectiveSpec,
    Stage,
)
from pairfix.train.objectives.supervised import build_noisy_supervised, build_supervised
from pairfix.train.objectives.two_phase import build_two_phase, has_two_phases

__all__ = [
    "OBJECTIVES",
    "Objective",
    "ObjectiveSettings",
    "ObjectiveSpec",
    "Stage",
    "default_objective",
]

_SELFIR = NETWORKS["selfir"].source


def _restores(network: Network, config: Any) -> bool:  # noqa: ANN401
    del config
    return network.restores


def _reblurs(network: Network, config: Any) -> bool:  # noqa: ANN401
    del config
    return network.name == "reblur-module"


_SPECS = (
    ObjectiveSpec(
        name="supervised",
        title="A pixel loss towards the truth",
        source=f"{_SELFIR} (baselines)",
        build=build_supervised,
        suits=_restores,
    ),
    ObjectiveSpec(
        name="noisy-supervised",
        title="A squared loss towards a noisy picture",
        source=f"{_SELFIR} (Section 3.1)",
        build=build_noisy_supervised,
        suits=_restores,
    ),
    ObjectiveSpec(
        name="self-supervised",
        title="SelfIR's losses, without truth",
        source=f"{_SELFIR} (Equations 8 to 12)",
        build=build_self_supervised,
        suits=_restores,
        shrinks=SHRINKS,
    ),
    ObjectiveSpec(
        name="selfir",
        title="SelfIR's losses in linear light, for real pairs",
        source=f"{_SELFIR} (Equations 7 to 12)",
        build=build_selfir,
        suits=_restores,
        shrinks=SHRINKS,
    ),
    ObjectiveSpec(
        name="two-phase",
        title="D2HNet's phases: deblur small, then enhance",
        source=f"{NETWORKS['d2hnet'].source} (Section 4.2)",
        build=build_two_phase,
        suits=has_two_phases,
    ),
    ObjectiveSpec(
        name="adversarial",
        title="Content, gradient, dark channel and a discriminator",
        source=f"{NETWORKS['deblurmerger'].source} (Section III-B)",
        build=build_adversarial,
        suits=_restores,
    ),
    ObjectiveSpec(
        name="reblur",
        title="Blur what a network has restored",
        source="Nah et al., Clean Images are Hard to Reblur, 2022 (Section 3.1)",
        build=build_reblur,
        suits=_reblurs,
    ),
)

OBJECTIVES: Mapping[str, ObjectiveSpec] = {spec.name: spec for spec in _SPECS}

_DEFAULTS: Mapping[str, str] = {
    "d2hnet": "two-phase",
    "deblurmerger": "adversarial",
    "deblurrnn": "adversarial",
    "reblur-module": "reblur",
}


def default_objective(network: str) -> str:
    """Name of the objective that a network of this name is trained with unless asked otherwise.

    It is the paper's own for most. SelfIR is trained towards the truth, which synthetic pairs
    have, and which its paper calls "the upper limit" of what its own training can reach.
    """
    return _DEFAULTS.get(network, "supervised")
