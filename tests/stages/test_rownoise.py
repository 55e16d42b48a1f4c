from dataclasses import replace

import numpy as np
import pytest

from pairfix.light import planes_from_frame
from pairfix.stages import rownoise
from pairfix.stages.rownoise import remove_row_noise
from tests.scenes import aligned, raw_frame, rgb_frame, scene


def test_row_noise_is_taken_out() -> None:
    light = scene((192, 256))
    short = raw_frame(light, noise=0.02, seed=1)
    offsets = np.random.default_rng(2).normal(0, 40, (192, 1))
    striped = np.clip(short.pixels + offsets, 0, 4095).astype(np.uint16)
    clean = planes_from_frame(short)
    pair = aligned(
        replace(short, pixels=striped),
        raw_frame(light, name="long.dng"),
    )
    before = pair.short_planes - clean
    after = remove_row_noise(pair).short_planes - clean
    assert after.std() < 0.3 * before.std()


@pytest.mark.parametrize("pattern", ["RGGB", "GRBG", "GBRG", "BGGR"])
def test_a_frame_without_row_noise_stays_as_it_is(pattern: str) -> None:
    light = scene((192, 256))
    pair = aligned(
        raw_frame(light, pattern=pattern, noise=0.02, seed=1),
        raw_frame(light, pattern=pattern, name="long.dng"),
    )
    change = remove_row_noise(pair).short_planes - pair.short_planes
    assert np.abs(change).max() < 0.002


def test_a_difference_in_brightness_is_not_mistaken_for_row_noise() -> None:
    light = scene((192, 256))
    pair = aligned(raw_frame(light * 1.2, noise=0.01), raw_frame(light, name="long.dng"))
    change = remove_row_noise(pair).short_planes - pair.short_planes
    assert np.abs(change).max() < 0.015


def test_a_tall_frame_is_measured_in_bands_as_if_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    light = scene((640, 128))
    striped = np.clip(light + np.random.default_rng(2).normal(0, 0.02, (640, 1)), 0, 1)
    pair = aligned(raw_frame(striped, noise=0.02), raw_frame(light, name="long.dng"))
    banded = remove_row_noise(pair).short_planes
    assert not np.array_equal(banded, pair.short_planes)
    monkeypatch.setattr(rownoise, "_BAND", 640)
    np.testing.assert_allclose(banded, remove_row_noise(pair).short_planes, atol=1e-6)


def test_rgb_pairs_are_left_alone() -> None:
    pair = aligned(rgb_frame(scene(), noise=0.02), rgb_frame(scene(), name="long.png"))
    assert remove_row_noise(pair) is pair
