from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pairfix.image import (
    AlignedPair,
    Bayer,
    Domain,
    ExposureMatch,
    Frame,
    Fused,
    Planes,
    Role,
)
from pairfix.stages.sharplong import use_sharp_long
from pairfix.stages.sharplong.evidence import Evidence
from pairfix.stages.sharplong.pyramid import BAND_GAINS, collapse, decompose
from pairfix.stages.sharplong.weights import weigh
from tests.scenes import IDENTITY

SIZE = (256, 320)
SHOT, READ = 4e-3, 1e-4
RATIO = 8


def truth(channels: int = 4, seed: int = 0) -> Planes:
    """Fine and coarse texture of 0.05 to 0.6, in parts flat."""
    rng = np.random.default_rng(seed)
    grey = sum(
        strength * _smooth(rng.normal(size=SIZE), radius)
        for strength, radius in ((0.5, 1.0), (1.0, 3.0), (2.0, 12.0))
    )
    tints = rng.uniform(0.7, 1.0, (channels, 1, 1))
    return (np.clip(0.25 + 0.06 * grey, 0.05, 0.6) * tints).astype(np.float32)


def _smooth(noise: np.ndarray, radius: float) -> np.ndarray:
    smooth = cv2.GaussianBlur(noise, (0, 0), radius)
    return smooth / smooth.std()


def blurred(planes: Planes, length: int = 9) -> Planes:
    kernel = np.eye(length, dtype=np.float32) / length
    return np.stack([cv2.filter2D(plane, -1, kernel) for plane in planes])


def noisy(planes: Planes, share: float, seed: int) -> Planes:
    """With the noise of a sensor that got `share` times the short frame's light."""
    rng = np.random.default_rng(seed)
    variance = SHOT / share * planes + READ / share**2
    return (planes + rng.normal(size=planes.shape) * np.sqrt(variance)).astype(np.float32)


def restored(planes: Planes) -> Planes:
    """As a network leaves it: half of the fine detail gone."""
    return np.stack([(plane + cv2.GaussianBlur(plane, (0, 0), 2.0)) / 2 for plane in planes])


def pair(long: Planes, short: Planes, told: float = 1.0) -> AlignedPair:
    """Raw for four channels, else RGB; its files state `told` times the noise's variance."""
    raw = len(short) == 4
    bayer = Bayer("RGGB", (0.0,) * 4, 1.0, (1.0, 1.0, 1.0)) if raw else None
    pixels = np.zeros((2, 2) if raw else (2, 2, 3), np.uint16)

    def frame(name: str, share: float) -> Frame:
        stated = ((told * SHOT / share, told * READ / share**2),) * 3
        return Frame(Path(name), pixels, bayer, noise_profile=stated if raw else None)

    match = ExposureMatch(1.0, 1.0, None, None)
    return AlignedPair(
        frame("short.dng", 1), frame("long.dng", RATIO), short, long, match, IDENTITY
    )


def use(long: Planes, clean: Planes, told: float = 1.0) -> Fused:
    both = pair(long, noisy(clean, 1, seed=1), told)
    return use_sharp_long(both, Fused(both.short, restored(clean), 1.0))


def error(planes: Planes, clean: Planes) -> float:
    return float(np.mean((planes - clean) ** 2))


@pytest.mark.parametrize("size", [(64, 96), (63, 97), (9, 8), (1, 5)])
def test_bands_add_up_to_the_plane(size: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).normal(size=size).astype(np.float32)
    np.testing.assert_allclose(collapse(decompose(plane)), plane, atol=1e-5)


def test_band_gains_are_those_of_white_noise() -> None:
    noise = np.random.default_rng(0).normal(size=(1024, 1024)).astype(np.float32)
    np.testing.assert_allclose([np.var(band) for band in decompose(noise)], BAND_GAINS, rtol=0.03)


@pytest.mark.parametrize("channels", [3, 4])
def test_of_a_sharp_long_frame_the_result_is_better_than_both(channels: int) -> None:
    clean = truth(channels)
    long = noisy(clean, RATIO, seed=2)
    result = use(long, clean)
    best = min(error(long, clean), error(restored(clean), clean))
    assert error(result.planes, clean) < 0.9 * best
    assert result.long_share is not None
    assert result.long_share.mean() > 0.05


@pytest.mark.parametrize("told", [0.67, 1.0, 1.5])
def test_a_blurred_long_frame_changes_nothing(told: float) -> None:
    clean = truth()
    result = use(noisy(blurred(clean), RATIO, seed=2), clean, told)
    np.testing.assert_array_equal(result.planes, restored(clean))
    assert result.long_share is not None
    assert not result.long_share.any()


def test_a_blurred_long_rgb_frame_does_hardly_any_harm() -> None:
    clean = truth(3)
    result = use(noisy(blurred(clean), RATIO, seed=2), clean)
    assert error(result.planes, clean) < 1.05 * error(restored(clean), clean)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_sharp_long_frame_that_lies_elsewhere_does_no_harm(channels: int) -> None:
    clean = truth(channels)
    result = use(np.roll(noisy(clean, RATIO, seed=2), 4, axis=2), clean)
    assert error(result.planes, clean) < 1.01 * error(restored(clean), clean)


def test_the_sharp_half_of_a_long_frame_is_used_and_the_blurred_one_is_not() -> None:
    clean = truth()
    half = clean.copy()
    middle = SIZE[1] // 2
    half[:, :, middle:] = blurred(clean)[:, :, middle:]
    result = use(noisy(half, RATIO, seed=2), clean).planes
    sharp, soft = (slice(0, middle), slice(middle, None))
    before = restored(clean)
    assert error(result[..., sharp], clean[..., sharp]) < 0.7 * error(
        before[..., sharp], clean[..., sharp]
    )
    assert error(result[..., soft], clean[..., soft]) < 1.02 * error(
        before[..., soft], clean[..., soft]
    )


def test_an_object_that_moved_stays_as_it_was_restored() -> None:
    clean = truth()
    long = noisy(clean, RATIO, seed=2)
    place = (slice(None), slice(96, 160), slice(128, 192))
    long[place] = noisy(truth(seed=9), RATIO, seed=3)[place]
    result = use(long, clean)
    assert error(result.planes[place], clean[place]) < 1.1 * error(
        restored(clean)[place], clean[place]
    )
    assert error(result.planes, clean) < 0.8 * error(restored(clean), clean)


@pytest.mark.parametrize("domain", ["raw", "srgb"])
def test_where_the_result_is_right_and_the_long_frame_wrong_nothing_is_taken(
    domain: Domain,
) -> None:
    size, moved = (24, 24), (slice(8, 16), slice(8, 16))
    noise, wrong = np.full(size, 1e-4, np.float32), np.zeros(size, np.float32)
    wrong[moved] = 1e-3
    level, valid = np.full(size, 0.3, np.float32), np.ones(size, np.float32)
    evidence = Evidence(
        level,
        valid,
        [np.float32(gain) * (noise + 1.1 * wrong) for gain in BAND_GAINS],
        [np.float32(gain) * (noise * (wrong == 0) + wrong) for gain in BAND_GAINS],
    )
    variances: dict[Role, Planes] = {"short": noise[None], "long": 0.1 * noise[None]}
    for band in weigh([evidence], valid, variances, domain):
        assert band[0, 12, 12] == 0
        assert band[0, 2, 2] > 0.5


def test_a_shadow_that_moved_is_not_brought_in() -> None:
    clean = truth()
    shade = np.ones(SIZE, np.float32)
    shade[:, 160:] = 0.6
    shaded = clean * cv2.GaussianBlur(shade, (0, 0), 8)
    result = use(noisy(shaded, RATIO, seed=2), clean).planes
    inside = (slice(None), slice(None), slice(200, None))
    brightness = result[inside].mean() / clean[inside].mean()
    assert brightness == pytest.approx(1, abs=0.02)


def test_where_the_long_frame_is_saturated_the_result_stays() -> None:
    clean = truth()
    lamp = (slice(None), slice(96, 160), slice(128, 192))
    clean[lamp] += 1
    long = np.minimum(noisy(clean, RATIO, seed=2), 1)
    both = pair(long, noisy(clean, 1, seed=1))
    both = replace(both, match=replace(both.match, short_gain=4.0))
    before = restored(clean)
    result = use_sharp_long(both, Fused(both.short, before, 1.0)).planes
    inner = (slice(None), slice(112, 144), slice(144, 176))
    np.testing.assert_allclose(result[inner], before[inner], atol=0.01)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 40)])
def test_tiny_photos_pass(size: tuple[int, int]) -> None:
    clean = np.full((4, *size), 0.2, np.float32)
    both = pair(clean, noisy(clean, 1, seed=1))
    result = use_sharp_long(both, Fused(both.short, clean, 1.0))
    assert np.isfinite(result.planes).all()
