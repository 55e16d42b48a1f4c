"""What is trained, and the pairs that it is trained with (torch)."""

import dataclasses
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from pairfix.model import Model
from pairfix.networks import Network
from pairfix.synth.batch import PairBatch
from pairfix.synth.photos import Part, PhotoStore
from pairfix.synth.render import photo_side, render
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.checkpoint import Identity
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["Pairs", "Render", "Task"]

Render = Callable[[torch.Generator], PairBatch]
"""Makes the next batch of pairs."""

_CHANGEABLE = {"compile", "log_every", "validate_every"}
"""Settings that may differ when a training is resumed: they change neither steps nor figures."""
_SEED = 4
"""Of the validation pairs, which are the same for every seed of the training."""


@dataclass(frozen=True, slots=True)
class Task:
    """A network, an objective, and the recipe of the pairs."""

    network: Network
    config: Any
    """Instance of ``network.config``."""
    photos: Path
    """Folder of sharp photos."""
    objective: str
    """A key of `pairfix.train.objectives.OBJECTIVES`."""
    settings: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    synth: SynthRecipe = field(default_factory=SynthRecipe)
    """The recipe of the pairs, including their domain."""
    deblurrer: Model | None = None
    """The trained model whose results a reblurring module learns to blur."""
    further_photos: tuple[Path, ...] = ()
    """More folders of sharp photos, for training only."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A folder of photos, split in two, and how pairs are rendered from them on the device."""

    task: Task
    recipe: TrainRecipe
    training: PhotoStore
    validation: PhotoStore

    @classmethod
    def load(cls, task: Task, recipe: TrainRecipe, device: torch.device) -> "Pairs":
        """Read the photos.

        Raises:
            InputError: The folder is missing or holds too few photos.
        """

        def part(name: Part) -> PhotoStore:
            smallest = photo_side(recipe.crop, task.synth)
            further = task.further_photos if name == "train" else ()
            return PhotoStore.load(
                task.photos, device, smallest=smallest, part=name, further=further
            )

        return cls(task, recipe, part("train"), part("validation"))

    def identity(self, processes: int, start: Model | None) -> Identity:
        """What identifies this training, so that only the same one is resumed.

        Args:
            processes: How many train together.
            start: The model that it starts from.
        """
        task = self.task
        groups = {
            "network": dataclasses.asdict(task.config),
            "objective": _without(task.settings, {"deblurrer"}),
            "synthesis": dataclasses.asdict(task.synth),
            "recipe": _without(self.recipe, _CHANGEABLE),
        }
        return {
            "network": task.network.name,
            "objective": task.objective,
            "processes": processes,
            "start": start.name if start else None,
            "photos": _named(self.training.paths),
            "validation photos": _named(self.validation.paths),
            "deblurrer": task.deblurrer.name if task.deblurrer else None,
            **{
                f"{group} {name}": value
                for group, values in groups.items()
                for name, value in values.items()
            },
        }

    @property
    def render(self) -> Render:
        """Renders the next batch for training."""
        return partial(render, self.training, self.task.synth, self.recipe.batch, self.recipe.crop)

    def fixed(self) -> list[PairBatch]:
        """The validation pairs, in batches."""
        left, batches = self.recipe.validation_pairs, []
        generator = torch.Generator(self.validation.pixels.device).manual_seed(_SEED)
        while left > 0:
            count = min(left, self.recipe.batch)
            batches.append(
                render(self.validation, self.task.synth, count, self.recipe.crop, generator)
            )
            left -= count
        return batches


def _named(photos: Sequence[Path]) -> str:
    """How many there are, and what their names come to, wherever they lie."""
    names = "\n".join(path.name for path in photos)
    return f"{len(photos)} ({hashlib.sha256(names.encode()).hexdigest()[:8]})"


def _without(settings: Any, left_out: Collection[str]) -> dict[str, Any]:  # noqa: ANN401
    """A dataclass's fields except some, not copied."""
    return {
        each.name: getattr(settings, each.name)
        for each in dataclasses.fields(settings)
        if each.name not in left_out
    }
