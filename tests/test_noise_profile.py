"""The noise that DNG results state, against noise that was put in."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.noise.profile import photo_noise

SHOT, READ = np.array([2e-4, 1e-3, 1e-3, 5e-4]), np.array([1e-6, 4e-6, 4e-6, 2e-6])


def _scene(side: int = 320) -> NDArray[np.float32]:
    """Four planes that rise from black to 0.6 across."""
    light = np.broadcast_to(0.6 * np.linspace(0, 1, side) ** 2, (4, side, side))
    return light.astype(np.float32)


def _noisy(light: NDArray[np.float32], factor: float = 1.0) -> NDArray[np.float32]:
    deviation = np.sqrt(SHOT[:, None, None] * light + READ[:, None, None])
    noise = np.random.default_rng(7).normal(0, 1, light.shape)
    return (light + factor * deviation * noise).astype(np.float32)


def test_shot_and_read_noise_are_found() -> None:
    for found, place in zip(photo_noise(_noisy(_scene())).profile, (0, 1, 3), strict=True):
        shot, read = found
        assert shot == pytest.approx(SHOT[place], rel=0.2)
        assert read == pytest.approx(READ[place], rel=0.4)


def test_larger_photos_are_sampled_evenly() -> None:
    tall = np.tile(_noisy(_scene(1100)), (1, 2, 1))
    once = photo_noise(_noisy(_scene(1100))).profile
    for ours, theirs in zip(photo_noise(tall).profile, once, strict=True):
        assert ours[0] == pytest.approx(theirs[0], rel=0.1)
        assert ours[1] == pytest.approx(theirs[1], rel=0.2)


def test_what_is_removed_is_a_share_of_the_deviation() -> None:
    before = photo_noise(_noisy(_scene()))
    assert photo_noise(_noisy(_scene(), 0.25)).share_removed(before) == pytest.approx(
        0.75, abs=0.02
    )
    assert before.share_removed(before) == 0
    assert photo_noise(_noisy(_scene(), 2)).share_removed(before) == 0


def test_stated_noise_is_never_zero() -> None:
    """The specification's model takes its square root and divides by it."""
    for light in (_scene(), np.zeros((4, 64, 64), np.float32), np.ones((4, 3, 3), np.float32)):
        for shot, read in photo_noise(light).profile:
            assert 0 < shot < 1e-6
            assert 0 < read < 1e-6


def test_noise_that_falls_with_brightness_is_stated_as_one_level() -> None:
    """A line must not fall below zero: the shot term vanishes instead."""
    light = _scene()
    noise = np.random.default_rng(1).normal(0, 1, light.shape) * (0.02 - 0.03 * light)
    for shot, read in photo_noise((light + noise).astype(np.float32)).profile:
        assert 0 < shot < 1e-6
        assert 0.01 < read**0.5 < 0.02


def test_a_strip_lower_than_a_band_is_measured_whole() -> None:
    strip = _noisy(np.full((4, 60, 20_000), 0.2, np.float32))
    shot, read = photo_noise(strip).profile[1]
    assert shot * 0.2 + read > 0
