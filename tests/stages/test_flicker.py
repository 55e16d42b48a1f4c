from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Planes
from pairfix.output.report import SceneFacts
from pairfix.stages.flicker import remove_flicker
from pairfix.stages.prepare import Preparation, prepare_pair
from tests.scenes import aligned, raw_frame, rgb_frame, scene

SIZE = (384, 448)
ROW = np.arange(SIZE[0])[:, None] / SIZE[0]
AS_IT_IS = Preparation(keep_row_noise=True, keep_flicker=True)
Light = NDArray[np.float32]


def blurred(light: Light, rows: int = 9, columns: int = 15) -> Light:
    return np.stack([cv2.blur(plane, (columns, rows)) for plane in light])


def raw_pair(short: Light, long: Light | None = None, noise: float = 0.02) -> AlignedPair:
    long = blurred(short) if long is None else long
    return aligned(raw_frame(short, noise=noise), raw_frame(long, name="long.dng", noise=0.002))


def rgb_pair(short: Light, long: Light) -> AlignedPair:
    return aligned(rgb_frame(short, noise=0.01), rgb_frame(long, name="long.png", noise=0.002))


def bands(planes: int, rows: int, count: float, depth: float) -> Planes:
    """Gains whose depth and phase differ by channel, ``C x rows x 1``."""
    row = (np.arange(rows) + 0.5) / rows
    return np.array(
        [
            1 + depth / 2 * (1 - 0.1 * plane) * np.sin(2 * np.pi * (count * row + 0.05 * plane))
            for plane in range(planes)
        ],
        np.float32,
    )[:, :, None]


def gains_for(pair: AlignedPair, count: float, depth: float) -> Planes:
    planes, rows, _ = pair.short_planes.shape
    return bands(planes, rows, count, depth)


def under_flicker(pair: AlignedPair, count: float, depth: float) -> tuple[AlignedPair, Planes]:
    gains = gains_for(pair, count, depth)
    return replace(pair, short_planes=pair.short_planes * gains), gains


def removed(pair: AlignedPair) -> tuple[AlignedPair, Planes]:
    """The pair without flicker, and the gain that each row was divided by, ``C x rows x 1``."""
    after = remove_flicker(pair)
    assert after.flicker is not None
    assert after.flicker.removed
    before, planes = pair.short_planes, after.short_planes
    return after, np.sum(before * planes, 2, keepdims=True) / np.sum(planes**2, 2, keepdims=True)


@pytest.mark.parametrize("depth", [0.1, 0.3, 0.7])
@pytest.mark.parametrize("count", [2.0, 4.5, 7.3])
@pytest.mark.parametrize("seed", range(2))
def test_bands_are_taken_out_of_every_channel(count: float, depth: float, seed: int) -> None:
    pair, gains = under_flicker(raw_pair(scene(SIZE, seed)), count, depth)
    after, found = removed(pair)
    assert after.flicker is not None
    assert after.flicker.bands == pytest.approx(count, abs=0.1)
    common = gains.mean(axis=0)
    assert after.flicker.depth == pytest.approx(1 - common.min() / common.max(), abs=0.03)
    error = found / gains
    error /= error.mean(axis=1, keepdims=True)
    assert error.std() < 0.01 + 0.03 * depth
    assert np.abs(error - 1).max() < 0.02 + 0.12 * depth


def test_light_that_is_no_sine_is_evened_out() -> None:
    pair = raw_pair(scene(SIZE))
    rows = pair.short_planes.shape[1]
    gains = (0.6 + 0.6 * np.abs(np.sin(np.pi * 3.7 * np.arange(rows) / rows)))[None, :, None]
    after, _ = removed(replace(pair, short_planes=pair.short_planes * gains.astype(np.float32)))
    left = np.median(after.short_planes / pair.short_planes, axis=2)
    assert left.std() < 0.15 * gains.std()


def test_what_is_taken_out_is_one_gain_for_each_row() -> None:
    pair, _ = under_flicker(raw_pair(scene(SIZE)), 5, 0.5)
    after, found = removed(pair)
    np.testing.assert_allclose(after.short_planes * found, pair.short_planes, atol=1e-5)


def test_clipped_highlights_do_not_turn_grey() -> None:
    light = scene(SIZE)
    light[:, 20:360:40, 100:140] = light[:, 100:200, 300:340] = 3
    pair = raw_pair(light)
    limits = np.array([1.9, 1.0, 1.0, 1.6], np.float32)[:, None, None]
    gains = gains_for(pair, 4, 0.4)
    pair = replace(pair, short_planes=np.minimum(pair.short_planes * gains, limits))
    clipped = pair.short_planes >= 0.96 * limits
    after, _ = removed(pair)
    assert clipped.any()
    np.testing.assert_array_equal(after.short_planes[clipped], pair.short_planes[clipped])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0.002, 0.05])
def test_a_pair_without_bands_stays_as_it_is(noise: float, seed: int) -> None:
    raw = raw_pair(scene(SIZE, seed), noise=noise)
    assert remove_flicker(raw) is raw
    picture = rgb_pair(scene(SIZE, seed), blurred(scene(SIZE, seed)))
    assert remove_flicker(picture) is picture


def moving_object() -> tuple[Light, Light]:
    """A bright bar across nearly all of the frame that moves down in the long exposure."""
    places = [
        np.where(np.abs(ROW - 0.32 - way) < 0.12, 0.8, scene(SIZE))
        for way in np.linspace(0, 0.3, 16)
    ]
    return places[0].astype(np.float32), np.mean(places, axis=0, dtype=np.float32)


def shaken() -> tuple[Light, Light]:
    light = scene(SIZE, radius=6)
    return light, np.mean([np.roll(light, way, axis=1) for way in range(40)], 0, np.float32)


def shutters() -> tuple[Light, Light]:
    """Slats across the whole frame, blurred from one into the next."""
    light = scene(SIZE) * np.where(np.sin(2 * np.pi * 7 * ROW) > 0, 1, 0.5).astype(np.float32)
    return light, blurred(light, rows=15)


def another_lens() -> tuple[Light, Light]:
    light = scene(SIZE)
    return light, light * (1 - 0.5 * (2 * ROW - 1) ** 2).astype(np.float32)


def a_passing_light() -> tuple[Light, Light]:
    light = scene(SIZE)
    return light, light * np.where(ROW > 0.6, 1.4, 1).astype(np.float32)


def two_passing_lights() -> tuple[Light, Light]:
    light = scene(SIZE)
    lit = sum(np.exp(-(((ROW - place) / 0.06) ** 2)) for place in (0.3, 0.7))
    return light, (light * (1 + 0.5 * lit)).astype(np.float32)


@pytest.mark.parametrize(
    "changed", [moving_object, shaken, shutters, another_lens, a_passing_light, two_passing_lights]
)
def test_what_differs_from_row_to_row_but_is_no_flicker_stays(
    changed: Callable[[], tuple[Light, Light]],
) -> None:
    short, long = changed()
    pair = raw_pair(short, long)
    after = remove_flicker(pair)
    np.testing.assert_array_equal(after.short_planes, pair.short_planes)


def test_bands_that_are_weaker_on_one_side_are_left_with_a_note() -> None:
    pair = raw_pair(scene(SIZE))
    gains = gains_for(pair, 5, 0.6)
    width = pair.short_planes.shape[2]
    partly = np.where(np.arange(width) < width // 2, gains, 1 + (gains - 1) / 2)
    pair = replace(pair, short_planes=(pair.short_planes * partly).astype(np.float32))
    after = remove_flicker(pair)
    np.testing.assert_array_equal(after.short_planes, pair.short_planes)
    assert after.flicker is not None
    assert "may show bands" in after.flicker.note


def test_a_turned_picture_has_its_bands_down_the_columns() -> None:
    light = (scene(SIZE) / 2).astype(np.float32)
    pair = rgb_pair(light, blurred(light))
    gains = bands(3, SIZE[1], 4, 0.4).transpose(0, 2, 1)
    after = remove_flicker(replace(pair, short_planes=pair.short_planes * gains))
    assert after.flicker is not None
    assert after.flicker.removed
    seen = pair.short_planes > 0.05
    np.testing.assert_allclose(after.short_planes[seen], pair.short_planes[seen], rtol=0.05)


def test_preparing_a_pair_takes_bands_out_and_reports_them() -> None:
    light = scene(SIZE, radius=6)
    flickering = light * bands(1, SIZE[0], 6, 0.4)
    long = raw_frame(blurred(light), name="long.dng", noise=0.002)
    short = raw_frame(flickering, noise=0.02)
    pair = prepare_pair(long, short)
    facts = SceneFacts.of(pair)
    assert facts.flicker is not None
    assert facts.flicker.bands == pytest.approx(6, abs=0.1)
    assert "bands of flickering light, 33% deep, were taken out of the short photo" in facts.notes
    kept = prepare_pair(long, short, AS_IT_IS)
    assert kept.flicker is None
    assert pair.alignment.score_after > kept.alignment.score_after + 0.05
    assert np.abs(pair.alignment.matrix - np.eye(3)).max() < 1


@pytest.mark.parametrize("size", [(2, 2), (20, 300), (300, 20), (64, 64)])
def test_small_pairs_are_taken_as_they_are(size: tuple[int, int]) -> None:
    pair = raw_pair(scene(size))
    assert remove_flicker(pair) is pair


@pytest.mark.parametrize("name", ["wheel", "neon", "street", "real-wolf"])
def test_the_sample_pairs_have_no_bands_until_they_get_some(shared: Path, name: str) -> None:
    folder = shared / "pairs" / name
    (long,), (short,) = folder.glob("long.*"), folder.glob("short.*")
    pair = prepare_pair(long, short, AS_IT_IS)
    assert remove_flicker(pair) is pair
    flickering, gains = under_flicker(pair, 7.3, 0.4)
    _, found = removed(flickering)
    left = found / gains
    assert (left / left.mean(axis=1, keepdims=True)).std() < 0.04
