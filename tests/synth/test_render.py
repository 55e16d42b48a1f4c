from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.scenes import scene  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn import functional  # noqa: E402

from pairfix.image import Domain  # noqa: E402
from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.synth.draw import Draw  # noqa: E402
from pairfix.synth.optics import Exposed  # noqa: E402
from pairfix.synth.photos import PhotoStore  # noqa: E402
from pairfix.synth.render import (  # noqa: E402
    CANDIDATES,
    adjust_colour,
    adjust_illumination,
    augment_light,
    candidates,
    cut_noise,
    keep_blurrier,
    photo_side,
    render,
)
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


def draw(seed: int = 0) -> Draw:
    return Draw(torch.Generator().manual_seed(seed))


def exposed(count: int, size: int = 64) -> Exposed:
    sharp = torch.rand((count, 3, size, size), generator=draw(7).generator)
    return Exposed(long=sharp.clone(), sharp=sharp)


def captured(count: int, size: int = 64) -> PairBatch:
    generator = draw(8).generator
    planes = [torch.rand((count, 4, size, size), generator=generator) for _ in range(5)]
    return PairBatch(*planes)


def blurred(light: Tensor) -> Tensor:
    return functional.avg_pool2d(light, 9, stride=1, padding=4)


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


def test_the_blurrier_of_the_candidates_is_kept_for_five_pairs_in_eight() -> None:
    crops = exposed(CANDIDATES * 64)
    blurry = torch.arange(len(crops.long)) % CANDIDATES == 2
    crops = Exposed(
        long=torch.where(blurry[:, None, None, None], blurred(crops.long), crops.long),
        sharp=crops.sharp,
    )
    kept = keep_blurrier(crops, draw())
    assert kept.long.shape == (64, 3, 64, 64)
    share = (kept.long - kept.sharp).abs().mean(dim=(1, 2, 3)).gt(0.01).float().mean()
    assert 0.5 < share < 0.75


def test_flat_crops_do_not_count_as_blurry() -> None:
    crops = exposed(CANDIDATES)
    flat = 0.5 + 1e-3 * crops.sharp
    long, sharp = blurred(flat), flat.clone()
    long[3], sharp[3] = blurred(crops.sharp)[3], crops.sharp[3]
    picks = [keep_blurrier(Exposed(long=long, sharp=sharp), draw(seed)) for seed in range(20)]
    assert {int((pick.sharp.std() > 0.1).item()) for pick in picks} == {0, 1}
    assert all(
        torch.equal(p.sharp[0], sharp[3]) or torch.equal(p.sharp[0], sharp[0]) for p in picks
    )


def test_illumination_darkens_both_frames_alike_and_only_some_pairs() -> None:
    before = exposed(200, 4)
    after = adjust_illumination(before, 0.3, draw())
    torch.testing.assert_close(after.long, after.sharp)
    changed = after.sharp.ne(before.sharp).flatten(1).any(dim=1)
    assert 0.2 < changed.float().mean() < 0.4
    assert (after.sharp[changed] <= before.sharp[changed]).all()
    torch.testing.assert_close(after.sharp[~changed], before.sharp[~changed])
    white = adjust_illumination(
        Exposed(long=torch.ones(200, 3, 1, 1), sharp=torch.ones(200, 3, 1, 1)), 1, draw()
    ).sharp
    assert white.max() <= 0.9 ** (2.2 / 0.9) + 1e-5
    assert white.min() >= 0.6 ** (2.2 / 0.6) - 1e-5


def test_colour_changes_the_long_frames_channels_apart_and_nothing_else() -> None:
    before = exposed(200, 4)
    after = adjust_colour(before, 0.5, draw())
    assert after.sharp is before.sharp
    changed = after.long.ne(before.long).flatten(1).any(dim=1)
    assert 0.4 < changed.float().mean() < 0.6
    gains = (after.long / before.long)[changed].flatten(2).median(dim=2).values
    assert gains.log2().abs().max() < 0.4
    assert (gains.max(dim=1).values / gains.min(dim=1).values).median() > 1.05


def test_a_square_of_the_short_frame_shows_the_truth() -> None:
    before = captured(40)
    after = cut_noise(before, 0.5, draw())
    for name in ("long", "truth", "short_noise", "long_noise"):
        assert getattr(after, name) is getattr(before, name)
    inside = (after.short == before.truth).all(dim=1)
    sizes = inside.flatten(1).sum(dim=1)
    assert set(sizes.tolist()) == {0, 30 * 30}
    assert 0.3 < sizes.gt(0).float().mean() < 0.7
    rows = inside.any(dim=2)[sizes > 0].sum(dim=1)
    assert (rows == 30).all()
    outside = ~inside[:, None].expand_as(after.short)
    assert torch.equal(after.short[outside], before.short[outside])


def test_a_seed_repeats_what_was_drawn() -> None:
    batch = captured(8)
    assert torch.equal(cut_noise(batch, 0.5, draw(3)).short, cut_noise(batch, 0.5, draw(3)).short)


def test_a_recipe_without_augmentations_changes_nothing_and_draws_nothing() -> None:
    dice, light = draw(5), exposed(2)
    assert augment_light(light, SynthRecipe(), dice) is light
    assert torch.equal(dice.generator.get_state(), draw(5).generator.get_state())


def test_a_recipe_with_every_augmentation_gets_them(store: PhotoStore) -> None:
    recipe = replace(RECIPE, varmap=True, illumination=1, colour=1, cutnoise=1)
    light = augment_light(exposed(2 * candidates(recipe)), recipe, draw())
    assert light.long.shape == (2, 3, 64, 64)
    assert light.sharp.mean() < 0.4
    assert not torch.allclose(light.long, light.sharp)
    plain, cut = (rendered(store, each, 0) for each in (replace(recipe, cutnoise=0), recipe))
    assert torch.equal(cut.long, plain.long)
    assert not torch.equal(cut.short, plain.short)
