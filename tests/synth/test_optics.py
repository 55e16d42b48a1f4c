"""Laws of the two exposures of a scene."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.synth.photos import photo  # noqa: E402
from torch import Generator, Tensor  # noqa: E402

from pairfix.synth.draw import Draw  # noqa: E402
from pairfix.synth.light import srgb_to_linear  # noqa: E402
from pairfix.synth.motion import camera_path  # noqa: E402
from pairfix.synth.optics import (  # noqa: E402
    Exposed,
    displace,
    expose,
    expose_photo,
    largest_size,
    margin,
)
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402

SIZE = 64
STILL = SynthRecipe(blur=(0, 0), misalignment=0, objects=0, lights=0, unprocessing=0, samples=3)
SHAKEN = replace(STILL, blur=(16, 16), samples=24)
WHOLE = SynthRecipe(blur=(0, 0), gap=(0, 0), objects=0, lights=0, samples=2)
CORNERS = torch.tensor([[x, y, 1.0] for x in (-1, 1) for y in (-1, 1)])


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def photos_for(recipe: SynthRecipe, count: int = 4, seed: int = 0) -> Tensor:
    side = SIZE + 2 * margin(recipe)
    coarse = torch.rand(count, 3, side // 4, side // 4, generator=seeded(seed))
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)


def exposed(recipe: SynthRecipe, count: int = 4, seed: int = 0) -> Exposed:
    return expose(photos_for(recipe, count), SIZE, recipe, seeded(seed))


def dot(recipe: SynthRecipe, count: int) -> Tensor:
    """A white spot on black, in the middle."""
    side = SIZE + 2 * margin(recipe)
    ramp = torch.arange(side) - (side - 1) / 2
    spot = torch.exp(-(ramp**2 + ramp[:, None] ** 2) / 18)
    return spot.expand(count, 3, side, side)


def centroid(light: Tensor) -> Tensor:
    """Centre of brightness in pixels from the middle, ``N x 2``."""
    ramp = torch.arange(light.shape[-1]) - (light.shape[-1] - 1) / 2
    weights = light.mean(dim=1)
    total = weights.sum(dim=(1, 2))
    across, down = (weights.sum(dim=axis) @ ramp / total for axis in (1, 2))
    return torch.stack([across, down], dim=1)


def moved(homographies: Tensor, points: Tensor) -> Tensor:
    """Where the points go, less where they were, in pixels: ``... x k x 2``."""
    mapped = points @ homographies.transpose(-1, -2)
    return (mapped[..., :2] / mapped[..., 2:] - points[:, :2]) * SIZE / 2


@pytest.mark.parametrize("recipe", [STILL, replace(STILL, objects=1, lights=1)])
def test_when_nothing_moves_both_frames_are_the_same(recipe: SynthRecipe) -> None:
    frames = exposed(recipe)
    torch.testing.assert_close(frames.long, frames.sharp, rtol=1e-3, atol=1e-3)


def test_the_sharp_frame_is_the_photos_own_pixels() -> None:
    recipe = replace(SHAKEN, misalignment=2)
    photos = photos_for(recipe)
    edge = margin(recipe)
    middle = photos[..., edge:-edge, edge:-edge]
    assert torch.equal(expose(photos, SIZE, recipe, seeded()).sharp, srgb_to_linear(middle))


def test_motion_blurs_the_long_frame_only() -> None:
    frames = exposed(SHAKEN)
    detail_long, detail_sharp = (
        each.diff(dim=3).square().mean(dim=(1, 2, 3)) for each in (frames.long, frames.sharp)
    )
    assert (detail_long < detail_sharp / 2).all()


def test_motion_keeps_the_light() -> None:
    frames = exposed(SHAKEN)
    torch.testing.assert_close(frames.long.mean(), frames.sharp.mean(), rtol=0.02, atol=0)


def test_borders_stay_bright_even_beyond_the_photo() -> None:
    recipe = replace(SynthRecipe(), blur=(40, 40), objects=1, lights=0, unprocessing=0)
    frames = expose(torch.ones(2, 3, SIZE, SIZE), SIZE, recipe, seeded())
    torch.testing.assert_close(frames.long, torch.ones_like(frames.long))


@pytest.mark.parametrize("length", [3.0, 20.0])
def test_the_cameras_path_is_as_long_as_asked(length: float) -> None:
    path = camera_path(400, torch.full((16,), length), torch.zeros(16), SIZE, Draw(seeded()))
    grid = torch.cartesian_prod(torch.linspace(-1, 1, 3), torch.linspace(-1, 1, 3))
    places = moved(path, torch.cat([grid, torch.ones(9, 1)], dim=1))
    measured = places.diff(dim=1).norm(dim=-1).sum(dim=1).mean(dim=-1)
    torch.testing.assert_close(measured, torch.full_like(measured, length), rtol=0.05, atol=0)


def test_the_mean_displacement_is_what_alignment_leaves() -> None:
    frames = expose(dot(SHAKEN, 16), SIZE, SHAKEN, seeded())
    assert (centroid(frames.long) - centroid(frames.sharp)).norm(dim=1).max() < 0.3


def test_the_misalignment_is_as_large_as_asked() -> None:
    path = camera_path(1, torch.zeros(4000), torch.full((4000,), 2.0), SIZE, Draw(seeded()))
    assert moved(path[:, 0], CORNERS).std().item() == pytest.approx(2, rel=0.1)


def test_blurred_pairs_are_aligned_worse_than_sharp_ones_and_some_far_worse() -> None:
    def errors(length: float) -> Tensor:
        recipe = replace(STILL, blur=(length, length), misalignment=1)
        frames = expose(dot(recipe, 256), SIZE, recipe, seeded())
        return (centroid(frames.long) - centroid(frames.sharp)).norm(dim=1)

    sharp, blurred = errors(0), errors(16)
    assert sharp.median() < 0.2 * blurred.median()
    assert blurred.max() > 4 * blurred.median()


def test_the_margin_provides_for_nearly_all_motion() -> None:
    recipe = SynthRecipe()
    length = torch.full((500,), recipe.blur[1])
    misalignment = torch.full((500,), recipe.misalignment)
    path = camera_path(12, length, misalignment, SIZE, Draw(seeded()))
    beyond = moved(path, CORNERS).abs().amax(dim=(1, 2, 3)) > margin(recipe)
    assert beyond.float().mean() < 0.05


def test_short_paths_are_more_frequent_than_long_ones_and_some_cameras_stand_still() -> None:
    recipe = replace(SHAKEN, blur=(0, 16))
    frames = expose(dot(recipe, 64), SIZE, recipe, seeded())
    blurred = (frames.long - frames.sharp).abs().amax(dim=(1, 2, 3))
    assert 0 < (blurred < 1e-3).sum() < 20
    assert (blurred > 0.3).any()


def test_light_sources_leave_streaks_above_white() -> None:
    recipe = replace(SHAKEN, lights=1)
    lit, unlit = exposed(recipe), exposed(SHAKEN)
    assert unlit.sharp.max() <= 1
    brightest = lit.sharp.amax(dim=(1, 2, 3))
    assert brightest.max() > 5
    streaked = lit.long > 1
    assert streaked.sum() > (lit.sharp > 5).sum()


def test_objects_move_by_themselves() -> None:
    recipe = replace(STILL, blur=(0, 12), objects=1, samples=8)
    photos = photos_for(recipe, 8)
    path = replace(recipe, blur=(12, 12))
    alone = expose(photos, SIZE, replace(path, objects=0), seeded()).long
    frames = expose(photos, SIZE, path, seeded())
    edge = margin(recipe)
    covered = (frames.sharp - srgb_to_linear(photos[..., edge:-edge, edge:-edge])).abs() > 1e-4
    share = covered.any(dim=1).float().mean(dim=(1, 2))
    assert (share > 0.005).sum() >= 7
    assert (share < 0.7).all()
    differs = ((frames.long - alone).abs() > 1e-4).any(dim=1).float().mean(dim=(1, 2))
    assert (differs > share).sum() >= 6


@pytest.mark.parametrize(("count", "probability"), [(6, 0.5), (1, 0.4), (5, 0.3)])
def test_objects_are_as_frequent_as_asked(count: int, probability: float) -> None:
    recipe = replace(STILL, objects=probability, samples=1)
    photos = photos_for(recipe, count)
    plain = srgb_to_linear(photos)
    generator = seeded()
    seen = [
        (expose(photos, SIZE, recipe, generator).sharp != plain).flatten(1).any(dim=1)
        for _ in range(150)
    ]
    assert torch.stack(seen).float().mean().item() == pytest.approx(probability, abs=0.15)


def test_the_same_seed_gives_the_same_frames() -> None:
    first, second, other = (exposed(SynthRecipe(), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.long, second.long)
    assert torch.equal(first.sharp, second.sharp)
    assert not torch.equal(first.long, other.long)


@pytest.mark.parametrize("shape", [(64, 66), (62, 62), (65, 65)])
def test_photos_that_do_not_fit_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="for frames of 64"):
        expose(torch.zeros(1, 3, *shape), SIZE, STILL, seeded())


@pytest.mark.parametrize("size", [(100, 160), (160, 100)])
def test_frames_of_any_shape_show_a_piece_of_the_photo(size: tuple[int, int]) -> None:
    source = photo((200, 220))
    frames = expose_photo(source, size, WHOLE, 0.0, seeded()).exposed
    assert frames.long.shape == frames.sharp.shape == (1, 3, *size)
    torch.testing.assert_close(frames.long, frames.sharp, atol=2e-3, rtol=0)
    again = expose_photo(source, size, WHOLE, 0.0, seeded()).exposed
    assert torch.equal(again.long, frames.long)


def test_the_largest_size_leaves_room_for_motion() -> None:
    recipe = SynthRecipe(blur=(0, 20))
    height, width = largest_size((200, 221), recipe, 4)
    assert 0 < height < width < 221
    assert height % 2 == width % 2 == 0
    assert width - height == 20
    frames = expose_photo(photo((200, 221)), (height, width), recipe, 4, seeded()).exposed
    assert frames.sharp.shape[2:] == (height, width)
    assert largest_size((40, 40), recipe, 4)[0] <= 0


def test_the_matrix_leads_from_the_sharp_frame_to_the_long_one() -> None:
    light = torch.from_numpy(photo((160, 200)).astype(np.float32) / 255).permute(2, 0, 1)[None]
    result = displace(Exposed(long=light, sharp=light), 5.0, seeded(3))
    assert result.exposed.sharp.shape == (1, 3, 128, 168)
    assert np.abs(result.matrix - np.eye(3)).max() > 1
    long, sharp = (
        frame[0].permute(1, 2, 0).numpy() for frame in (result.exposed.long, result.exposed.sharp)
    )
    aligned = cv2.warpPerspective(
        long, result.matrix, (168, 128), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    inner = slice(20, -20)
    before, after = (np.abs(frame - sharp)[inner, inner].mean() for frame in (long, aligned))
    assert after < 0.1 * before
