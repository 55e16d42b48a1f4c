"""What is trained, to do what, from which photos."""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pairfix.model.model import Model
from pairfix.networks import Network
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.checkpoint import Identity
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["Task"]

_CHANGEABLE = {"compile", "log_every", "validate_every"}
"""Settings that may differ when a training goes on: they change neither steps nor figures."""


@dataclass(frozen=True, slots=True)
class Task:
    """A network, an objective, and what the pairs are like."""

    network: Network
    config: Any
    """Instance of ``network.config``."""
    photos: Path
    """Folder of sharp photos."""
    objective: str
    """A key of `pairfix.train.objectives.OBJECTIVES`."""
    settings: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    synth: SynthRecipe = field(default_factory=SynthRecipe)
    """What the pairs are like, the domain among it."""
    deblurrer: Model | None = None
    """The trained model whose results a reblurring module learns to blur."""
    further_photos: tuple[Path, ...] = ()
    """More folders of sharp photos, for training alone."""

    def identity(self, recipe: TrainRecipe, processes: int, start: Model | None) -> Identity:
        """What a checkpoint of this training belongs to.

        Args:
            recipe: How it is trained.
            processes: How many train together.
            start: Where its weights came from.
        """
        groups = {
            "network": dataclasses.asdict(self.config),
            "objective": _without(self.settings, {"deblurrer"}),
            "synthesis": dataclasses.asdict(self.synth),
            "recipe": _without(recipe, _CHANGEABLE),
        }
        return {
            "network": self.network.name,
            "objective": self.objective,
            "processes": processes,
            "start": start.name if start else None,
            "further photos": len(self.further_photos),
            "deblurrer": self.deblurrer.name if self.deblurrer else None,
            **{
                f"{group} {name}": value
                for group, values in groups.items()
                for name, value in values.items()
            },
        }


def _without(settings: Any, left_out: Collection[str]) -> dict[str, Any]:  # noqa: ANN401
    """A dataclass's fields but for some, which need not be copied."""
    return {
        each.name: getattr(settings, each.name)
        for each in dataclasses.fields(settings)
        if each.name not in left_out
    }
