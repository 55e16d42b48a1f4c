"""What networks can be trained to do: the objectives of the papers, by name (torch)."""

from collections.abc import Mapping

from pairfix.train.objectives.spec import (
    Objective,
    ObjectiveSettings,
    ObjectiveSpec,
    Stage,
)
from pairfix.train.objectives.supervised import build_supervised

__all__ = [
    "OBJECTIVES",
    "Objective",
    "ObjectiveSettings",
    "ObjectiveSpec",
    "Stage",
    "default_objective",
]

_SPECS = (
    ObjectiveSpec(
        name="supervised",
        title="A pixel loss towards the truth",
        source="Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022",
        build=build_supervised,
        suits=lambda network, _: network.restores,
    ),
)

OBJECTIVES: Mapping[str, ObjectiveSpec] = {spec.name: spec for spec in _SPECS}


def default_objective(network: str) -> str:
    """Name of the objective that a network of this name is trained with unless asked otherwise."""
    return _DEFAULTS.get(network, "supervised")


_DEFAULTS: Mapping[str, str] = {}
