"""Where a training's pairs come from: rendered on its device from a folder of photos (torch)."""

from dataclasses import dataclass
from functools import partial

import torch

from pairfix.synth.batch import PairBatch
from pairfix.synth.photos import Part, PhotoStore
from pairfix.synth.render import photo_side, render
from pairfix.train.loop import Render
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["Pairs"]

_SEED = 4
"""Of the validation pairs, which are the same for every seed of the training."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The two parts of a folder of photos, and how pairs are made from them."""

    task: Task
    recipe: TrainRecipe
    training: PhotoStore
    validation: PhotoStore

    @classmethod
    def load(cls, task: Task, recipe: TrainRecipe, device: torch.device) -> "Pairs":
        """Read the photos.

        Raises:
            InputError: The folder is missing, or holds too few photos.
        """

        def part(name: Part) -> PhotoStore:
            smallest = photo_side(recipe.crop, task.synth)
            further = task.further_photos if name == "train" else ()
            return PhotoStore.load(
                task.photos, device, smallest=smallest, part=name, further=further
            )

        return cls(task, recipe, part("train"), part("validation"))

    @property
    def render(self) -> Render:
        """Makes the next batch for training."""
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
