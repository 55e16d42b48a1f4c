"""Noise drawn from a profile has what the profile says; measured again, it gives it back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.calibration.cameras import SIZE, found, quiet_scene  # noqa: E402
from tests.scenes import scene  # noqa: E402
from torch import Tensor  # noqa: E402

from pairfix.calibration import CameraProfile, FrameFit, Setting, calibrate, calibrate_pairs  # noqa: E402
from pairfix.image import Domain  # noqa: E402
from pairfix.synth.batch import PairBatch  # noqa: E402
from pairfix.synth.draw import Draw, one_pair  # noqa: E402
from pairfix.synth.noise import CALIBRATED  # noqa: E402
from pairfix.synth.noise.calibrated import LinearNoise, calibrated  # noqa: E402
from pairfix.synth.optics import expose_photo  # noqa: E402
from pairfix.synth.photos import PhotoStore  # noqa: E402
from pairfix.synth.render import render  # noqa: E402
from pairfix.synth.shots import shoot  # noqa: E402
from pairfix.synth.synth_recipe import SynthRecipe  # noqa: E402
from pairfix.synth.write import write_raws  # noqa: E402

SIDE = 256
SHOT, READ = 4e-3, 1e-4
BESIDE = 0.4
"""Correlation with the pixels left and right; with those above and below it is its half."""
ROWS, COLUMNS = 0.004, 0.006
OFFSET = 0.003


def profile(domain: Domain = "raw", **changes: object) -> CameraProfile:
    planes = 4 if domain == "raw" else 3
    table = np.zeros((7, 7))
    table[3, 3], table[3, [2, 4]], table[[2, 4], 3] = 1, BESIDE, BESIDE / 2
    short = FrameFit(
        shot=(SHOT,) * planes,
        read=(READ,) * planes,
        correlation=tuple(map(tuple, table.tolist())),
        channels=((1.0,),) if domain == "raw" else ((1, 0.5, 0.2), (0.5, 1, 0.5), (0.2, 0.5, 1)),
        rows=ROWS,
        columns=COLUMNS,
        told_shot=(SHOT / 2,) * planes,
        told_read=(READ / 3,) * planes,
    )
    white = tuple(tuple(row) for row in np.eye(len(short.channels)).tolist())
    long = replace(
        short,
        shot=(SHOT / 8,) * planes,
        read=(READ / 8,) * planes,
        correlation=((1.0,),),
        channels=white,
        rows=0.0,
        columns=0.0,
    )
    setting = Setting(
        iso=1600,
        pairs=4,
        blocks=800,
        brightening=1.0,
        short=replace(short, **changes),  # type: ignore[arg-type]
        long=long,
        offset=(OFFSET,) * planes,
        removed_rows=0.0,
        stated=(),
    )
    balances = ((1.9, 1.0, 1.6),) if domain == "raw" else ()
    return CameraProfile("Known", domain, balances, (setting,))


def draw(seed: int = 0) -> Draw:
    return Draw(torch.Generator().manual_seed(seed))


def linear(camera: CameraProfile, count: int = 1, brightening: float = 1.0) -> LinearNoise:
    return LinearNoise.of(
        camera.settings,
        "short",
        torch.zeros(count, dtype=torch.long),
        torch.full((count, 1, 1, 1), brightening),
    )


def correlation(noise: Tensor, down: int, across: int) -> float:
    """Of pixels of ``N x 1 x H x W`` so far apart."""
    height, width = noise.shape[-2:]
    product = noise[..., : height - down, : width - across] * noise[..., down:, across:]
    return (product.mean() / noise.square().mean()).item()


@pytest.mark.parametrize(("domain", "planes"), [("raw", 4), ("srgb", 3)])
def test_variance_is_affine_in_the_light(domain: Domain, planes: int) -> None:
    noise = linear(profile(domain), count=4)
    for level in (0.0, 0.1, 0.5):
        light = torch.full((4, planes, SIDE, SIDE), level)
        drawn = noise.draw(light, draw())
        expected = SHOT * level + READ + ROWS**2 + COLUMNS**2
        assert drawn.var().item() == pytest.approx(expected, rel=0.05)
        torch.testing.assert_close(noise.variance(light).mean().item(), expected)
        assert abs(drawn.mean().item()) < 0.05 * expected**0.5


def test_neighbours_on_the_mosaic_are_correlated_as_measured() -> None:
    light = torch.full((4, 4, SIDE, SIDE), 0.2)
    drawn = linear(profile(rows=0.0, columns=0.0), count=4).draw(light, draw())
    mosaic = torch.nn.functional.pixel_shuffle(drawn, 2)
    assert correlation(mosaic, 0, 1) == pytest.approx(BESIDE, abs=0.03)
    assert correlation(mosaic, 1, 0) == pytest.approx(BESIDE / 2, abs=0.03)
    for down, across in ((0, 2), (2, 0), (0, 3), (3, 3)):
        assert abs(correlation(mosaic, down, across)) < 0.05


def test_channels_are_correlated_as_measured() -> None:
    camera = profile("srgb", rows=0.0, columns=0.0)
    drawn = linear(camera).draw(torch.full((1, 3, SIDE, SIDE), 0.2), draw())
    found_channels = np.corrcoef(drawn[0].flatten(1).numpy())
    assert found_channels == pytest.approx(np.array(camera.settings[0].short.channels), abs=0.03)


def test_rows_and_columns_have_their_offsets() -> None:
    drawn = linear(profile(), count=4).draw(torch.zeros(4, 4, SIDE, SIDE), draw())
    mosaic = torch.nn.functional.pixel_shuffle(drawn, 2)
    correlated = READ * (1 + 2 * BESIDE + BESIDE) / (2 * SIDE)
    assert mosaic.mean(dim=3).var().item() == pytest.approx(ROWS**2 + correlated, rel=0.15)
    assert mosaic.mean(dim=2).var().item() == pytest.approx(COLUMNS**2 + correlated, rel=0.15)


def test_a_brightened_frame_has_brightened_noise() -> None:
    light = torch.full((1, 4, SIDE, SIDE), 0.4)
    dark, bright = linear(profile()), linear(profile(), brightening=4.0)
    torch.testing.assert_close(bright.variance(light), 16 * dark.variance(light / 4))
    torch.testing.assert_close(bright.offset, 4 * dark.offset)
    torch.testing.assert_close(bright.stated[1], 16 * dark.stated[1])


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_pairs_get_offset_and_the_noise_of_the_maps(domain: Domain) -> None:
    camera = profile(domain)
    planes = len(camera.settings[0].offset)
    clean = torch.full((2, planes, SIDE, SIDE), 0.5)
    noise = calibrated(camera).draw(clean, torch.full((2, 1, 1, 1), 8.0), SynthRecipe(), draw())
    noisy = noise.short.add(clean, draw(1))
    if domain == "raw":
        assert (noisy - clean).mean().item() == pytest.approx(OFFSET, rel=0.15)
    assert noise.short.stated is not None
    ratio = noise.short.stated[0] / noise.short.shot
    torch.testing.assert_close(ratio, torch.full_like(ratio, 0.5))
    assert torch.all(noise.long.shot < noise.short.shot / 4)


def test_settings_are_drawn_as_often_as_they_were_measured() -> None:
    camera = profile()
    (rare,) = camera.settings
    often = replace(rare, pairs=12, brightening=4.0)
    model = calibrated(replace(camera, settings=(rare, often)))
    noise = model.draw(torch.zeros(400, 4, 1, 1), torch.ones(400, 1, 1, 1), SynthRecipe(), draw())
    assert (noise.brightening == 4).float().mean().item() == pytest.approx(0.75, abs=0.08)


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_a_recipe_with_a_profile_renders(domain: Domain) -> None:
    photos = ((Path(f"{n}"), (scene((64, 80), n).transpose(1, 2, 0) * 255)) for n in range(2))
    store = PhotoStore.from_photos(
        ((path, pixels.astype(np.uint8)) for path, pixels in photos),
        torch.device("cpu"),
        source=Path(),
    )
    recipe = SynthRecipe(
        domain=domain, noise=(CALIBRATED,), profile=profile(domain), blur=(0, 6), samples=3
    )

    def rendered(seed: int) -> PairBatch:
        return render(store, recipe, 2, 16, torch.Generator().manual_seed(seed))

    batch, same, other = rendered(3), rendered(3), rendered(4)
    assert batch.short.isfinite().all()
    assert torch.equal(batch.short, same.short)
    assert not torch.equal(batch.short, other.short)


def test_without_a_profile_the_name_is_unknown() -> None:
    store = PhotoStore.from_photos(
        [(Path("0"), (scene((64, 80)).transpose(1, 2, 0) * 255).astype(np.uint8))],
        torch.device("cpu"),
        source=Path(),
    )
    recipe = SynthRecipe(noise=(CALIBRATED,), blur=(0, 6), samples=3)
    with pytest.raises(ValueError, match="unknown noise model 'calibrated'"):
        render(store, recipe, 2, 16, torch.Generator().manual_seed(0))


def test_pairs_taken_by_a_profile_give_it_back(tmp_path: Path) -> None:
    camera = profile(rows=0.0)
    recipe = SynthRecipe(
        noise=(CALIBRATED,),
        profile=camera,
        row_noise=0,
        hot_pixels=0,
        blur=(4, 12),
        objects=0,
        lights=0,
        unprocessing=0,
    )
    for number in range(3):
        light = quiet_scene(number).transpose(1, 2, 0)
        pixels = np.rint(255 * np.clip(light / 0.6, 0, 1) ** (1 / 2.2)).astype(np.uint8)
        pixels = np.pad(pixels, ((32, 32), (32, 32), (0, 0)), mode="reflect")
        draws, one = one_pair(recipe, 11, number)
        moved = expose_photo(pixels, (SIZE[0] + 2, SIZE[1] + 2), one, 2.0, draws.generator)
        shots = shoot(moved.exposed, calibrated(camera), one, draws)
        folder = tmp_path / f"{number}"
        folder.mkdir()
        write_raws(shots, "RGGB", SIZE, 1 / 60, folder, number)
    evidence = calibrate(found(tmp_path), "raw").evidence
    (setting,) = calibrate_pairs(
        [replace(each, iso=(1600, 200)) for each in evidence], "raw"
    ).settings
    assert setting.pairs == 3
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=0.25)
    assert setting.short.read == pytest.approx((READ,) * 4, rel=0.3)
    assert setting.short.columns == pytest.approx(COLUMNS, rel=0.25)
    assert setting.offset == pytest.approx((OFFSET,) * 4, rel=0.3)
    table = np.array(setting.short.correlation)
    assert table[3, 4] == pytest.approx(BESIDE, rel=0.2)
    assert table[4, 3] == pytest.approx(BESIDE / 2, rel=0.2)
