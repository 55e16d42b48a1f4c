from dataclasses import replace

import numpy as np
import pytest

from pairfix.bench.anscombe import AffineNoise, expand, noise_of_short, stabilise
from tests.scenes import WHITE_BALANCE, aligned, raw_frame, rgb_frame, scene

NOISES = [AffineNoise(1 / 500, 1e-5), AffineNoise(1 / 50, 4e-4)]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("level", [0.05, 0.5])
def test_the_transform_yields_unit_variance_at_every_level_and_its_inverse_is_unbiased(
    noise: AffineNoise, level: float
) -> None:
    rng = np.random.default_rng(0)
    electrons = rng.poisson(level / noise.shot, 200_000)
    noisy = electrons * noise.shot + rng.normal(0, np.sqrt(noise.read), electrons.shape)
    stable = stabilise(noisy, noise)
    assert stable.std() == pytest.approx(1, abs=0.1)
    mean = expand(np.array([stable.mean()]), noise)[0]
    assert mean == pytest.approx(level, abs=0.1 * noise.shot)


def test_a_files_noise_profile_is_scaled_like_its_planes() -> None:
    light = scene() / 2
    short = replace(raw_frame(light), noise_profile=((0.01, 1e-4), (0.02, 2e-4), (0.03, 3e-4)))
    pair = aligned(short, raw_frame(light))
    brightened = replace(pair, match=replace(pair.match, short_gain=2.0))
    red, green, other_green, blue = noise_of_short(brightened)
    gain = 2 * WHITE_BALANCE[0]
    assert (red.shot, red.read) == pytest.approx((gain * 0.01, gain**2 * 1e-4))
    assert (green.shot, green.read) == pytest.approx((0.04, 8e-4))
    assert green == other_green
    assert blue.shot == pytest.approx(2 * WHITE_BALANCE[2] * 0.03)


@pytest.mark.parametrize("make", [raw_frame, rgb_frame])
def test_without_a_profile_the_noise_is_measured(make: type) -> None:
    light = scene((256, 256), radius=12)
    found = noise_of_short(aligned(make(light, noise=0.03), make(light)))
    level = float(np.median(light))
    gains = {4: (WHITE_BALANCE[0], 1, 1, WHITE_BALANCE[2]), 3: (1, 1, 1)}[len(found)]
    for gain, noise in zip(gains, found, strict=True):
        deviation = np.sqrt(noise.shot * level + noise.read)
        assert deviation == pytest.approx(0.03 * gain, rel=0.3)
