"""Photos to training pairs (torch)."""

import torch

from pairfix.synth.augment import augment_light, augment_pairs, candidates
from pairfix.synth.batch import PairBatch
from pairfix.synth.draw import Draw
from pairfix.synth.optics import expose, margin
from pairfix.synth.photos import PhotoStore
from pairfix.synth.sensor import capture
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["photo_side", "render"]


@torch.no_grad()
def render(
    store: PhotoStore, recipe: SynthRecipe, count: int, crop: int, generator: torch.Generator
) -> PairBatch:
    """Render a batch of pairs on the photos' device.

    Args:
        store: Sharp photos, none smaller than `photo_side` says.
        recipe: What the pairs are like.
        count: Pairs in the batch.
        crop: Side of the pairs' planes in pixels.
        generator: Of the photos' device; one with the same seed renders the same pairs.
    """
    draw = Draw(generator)
    photos = store.crops(count * candidates(recipe), photo_side(crop, recipe), generator)
    exposed = expose(photos, _frame_side(crop, recipe), recipe, generator)
    batch = capture(augment_light(exposed, recipe, draw), recipe, generator)
    return augment_pairs(batch, recipe, draw)


def photo_side(crop: int, recipe: SynthRecipe) -> int:
    """Side of the piece of a photo, in pixels, that planes of side `crop` are rendered from."""
    return _frame_side(crop, recipe) + 2 * margin(recipe)


def _frame_side(crop: int, recipe: SynthRecipe) -> int:
    """A mosaic's planes have half its side."""
    return 2 * crop if recipe.domain == "raw" else crop
