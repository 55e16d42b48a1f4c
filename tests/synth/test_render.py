"""Photos to pairs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.scenes import scene  # noqa: E402

from pairfix.image import Domain  # noqa: E402
from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.synth.photos import PhotoStore  # noqa: E402
from pairfix.synth.render import photo_side, render  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402

CROP = 16
RECIPE = replace(SynthRecipe(), blur=(0, 6), samples=3)


@pytest.fixture(scope="module")
def store() -> PhotoStore:
    photos = (
        (Path(f"{seed}.png"), (scene((64, 80), seed).transpose(1, 2, 0) * 255).astype(np.uint8))
        for seed in range(3)
    )
    return PhotoStore.from_photos(photos, torch.device("cpu"), source=Path())


def rendered(store: PhotoStore, recipe: SynthRecipe, seed: int) -> PairBatch:
    return render(store, recipe, 2, CROP, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("domain", "channels"), [("raw", 4), ("srgb", 3)])
def test_pairs_are_as_large_as_asked(store: PhotoStore, domain: Domain, channels: int) -> None:
    batch = rendered(store, replace(RECIPE, domain=domain), 0)
    for planes in (batch.truth, *batch.sources.values()):
        assert planes.shape[0] == 2
        assert planes.shape[-2:] == (CROP, CROP)
        assert planes.isfinite().all()
    assert batch.truth.shape[1] == channels


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_the_same_seed_renders_the_same_pairs(store: PhotoStore, domain: Domain) -> None:
    recipe = replace(RECIPE, domain=domain)
    first, second, other = (rendered(store, recipe, seed) for seed in (3, 3, 4))
    assert torch.equal(first.truth, second.truth)
    assert not torch.equal(first.truth, other.truth)
    for name, planes in first.sources.items():
        assert torch.equal(planes, second.sources[name])


def test_a_mosaics_planes_show_twice_as_much_of_the_photo() -> None:
    raw, srgb = (replace(RECIPE, domain=domain) for domain in ("raw", "srgb"))
    assert photo_side(CROP, raw) - photo_side(CROP, srgb) == CROP


def test_pairs_carry_no_gradients(store: PhotoStore) -> None:
    assert not rendered(store, RECIPE, 0).truth.requires_grad
