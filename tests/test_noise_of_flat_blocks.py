from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Alignment, Exposure, ExposureMatch, Frame, Planes
from pairfix.light import encode_planes, srgb_to_linear
from pairfix.noise import LEVELS, noise_curve
from pairfix.noise.blocks import BLOCK
from pairfix.noise.detail import detail_curve
from pairfix.noise.flat import LEAST, pair_curves, single_curve
from tests.scenes import scene

SIGMA = 15 / 255
SHAPE = (3, 512, 512)


def everywhere(planes: Planes) -> NDArray[np.bool_]:
    return np.ones([side // BLOCK for side in planes.shape[1:]], np.bool_)


def levels_of(planes: Planes) -> slice:
    """The part of a curve that a photo has pixels for."""
    low, high = np.quantile(planes, (0.02, 0.98)) * (len(LEVELS) - 1)
    return slice(int(np.ceil(low)), int(high) + 1)


def ramp(shape: tuple[int, int, int] = SHAPE) -> Planes:
    """Flat but for a slow change of brightness."""
    return np.broadcast_to(np.linspace(0.2, 0.8, shape[2], dtype=np.float32), shape).copy()


def noise(shape: tuple[int, ...] = SHAPE, seed: int = 1, smoothing: float = 0.0) -> Planes:
    """Of standard deviation `SIGMA`, about the mean of blocks as well if it is not smoothed."""
    planes = np.random.default_rng(seed).normal(0, SIGMA, shape).astype(np.float32)
    if smoothing:
        planes = np.stack([cv2.GaussianBlur(each, (0, 0), smoothing) for each in planes])
    return planes


def about_block_means(planes: Planes) -> float:
    channels, height, width = planes.shape
    blocks = planes.reshape(channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return float(np.sqrt(blocks.var(axis=(2, 4)).mean()))


def blurred(planes: Planes) -> Planes:
    return np.stack([cv2.blur(each, (15, 1)) for each in planes])


def textured() -> Planes:
    """Half a ramp, half leaves and grass."""
    planes = ramp()
    planes[:, 256:] += 0.25 * noise((3, 256, 512), seed=7, smoothing=1.5) / SIGMA
    return np.clip(planes, 0, 1)


def measured(short: Planes, long: Planes) -> tuple[Planes, Planes]:
    return pair_curves(short, long, everywhere(short))


@pytest.mark.parametrize("sigma", [5, 15, 50])
def test_white_noise_is_measured_as_it_is(sigma: float) -> None:
    clean = encode_planes(scene((512, 512), 3), "srgb") * 0.5 + 0.25
    noisy = clean + noise() * np.float32(sigma / 15)
    short, _ = measured(noisy, clean)
    np.testing.assert_allclose(short[:, levels_of(clean)], sigma / 255, rtol=0.05)


def test_white_noise_is_told_as_the_finest_detail_tells_it() -> None:
    clean = ramp()
    noisy = clean + noise()
    fine = detail_curve(noisy - clean, clean)
    short, _ = measured(noisy, clean)
    np.testing.assert_allclose(short, fine, rtol=0.05)


@pytest.mark.parametrize("smoothing", [0.7, 1.5, 2.5])
def test_correlated_noise_counts_in_full(smoothing: float) -> None:
    clean = ramp((3, 1024, 1024))
    added = noise(clean.shape, smoothing=smoothing)
    short, _ = measured(clean + added, clean)
    np.testing.assert_allclose(short[:, levels_of(clean)], about_block_means(added), rtol=0.2)
    fine = detail_curve(added, clean)
    assert fine.max() < 0.7 * short.min()


def test_noise_follows_brightness() -> None:
    clean = ramp()
    short, _ = measured(clean + noise(smoothing=1) * clean, clean)
    expected = about_block_means(noise(smoothing=1)) * LEVELS
    inner = levels_of(clean)
    np.testing.assert_allclose(short[:, inner], [expected[inner]] * 3, rtol=0.15)


def test_twice_the_noise_is_told_as_twice_as_much() -> None:
    clean = textured()
    once, twice = (
        measured(clean + factor * noise(smoothing=1), blurred(clean))[0] for factor in (1, 2)
    )
    inner = levels_of(clean)
    np.testing.assert_allclose(twice[:, inner] / once[:, inner], 2, rtol=0.1)


@pytest.mark.parametrize("smoothing", [0.0, 1.5])
def test_texture_that_blur_took_from_the_long_frame_does_not_count(smoothing: float) -> None:
    clean = textured()
    added = noise(smoothing=smoothing)
    short, _ = measured(clean + added, blurred(clean))
    inner = levels_of(clean)
    ratio = short[:, inner] / about_block_means(added)
    assert 0.9 < np.median(ratio) < 1.1
    assert ratio.max() < 1.4


def test_moving_objects_do_not_count() -> None:
    rng = np.random.default_rng(3)
    clean, then = ramp(), ramp()
    for _ in range(6):
        down, across = rng.integers(0, 440, 2)
        clean[:, down : down + 60, across : across + 60] = rng.uniform(0.3, 0.7, (3, 1, 1))
        then[:, down : down + 60, across : across + 60] = rng.uniform(0.3, 0.7, (3, 1, 1))
    short, _ = measured(clean + noise(smoothing=1), then)
    np.testing.assert_allclose(
        short[:, levels_of(ramp())], about_block_means(noise(smoothing=1)), rtol=0.2
    )


def test_tone_curves_that_differ_do_not_count() -> None:
    clean = ramp()
    short, _ = measured(clean + noise(smoothing=1), clean**1.3)
    np.testing.assert_allclose(
        short[:, levels_of(clean**1.3)], about_block_means(noise(smoothing=1)), rtol=0.2
    )


def test_the_long_frames_own_noise_is_told_and_taken_off_the_short_one() -> None:
    clean = ramp()
    own = noise(seed=2, smoothing=1) / np.float32(3)
    short, long = measured(clean + noise(smoothing=1), clean + own)
    inner = levels_of(clean)
    np.testing.assert_allclose(short[:, inner], about_block_means(noise(smoothing=1)), rtol=0.2)
    np.testing.assert_allclose(long[:, inner], about_block_means(own), rtol=0.35)


def test_texture_of_the_long_frame_is_not_told_as_its_noise() -> None:
    clean = textured()
    _, long = measured(clean + noise(smoothing=1), clean)
    assert long.max() < 0.2 * about_block_means(noise(smoothing=1))


def test_blocks_that_the_long_frame_does_not_show_do_not_count() -> None:
    clean = ramp()
    short = clean + noise(smoothing=1)
    long = clean.copy()
    long[:, :, :160] = blurred(short)[:, :, :160]
    matrix = np.eye(3)
    matrix[0, 2] = -160
    frame = Frame("a.jpg", np.zeros((512, 512, 3), np.uint8), None, Exposure())  # type: ignore[arg-type]
    pair = AlignedPair(
        *(frame, frame, srgb_to_linear(short), srgb_to_linear(long)),
        ExposureMatch(1, 1, None, None),
        Alignment("translation", matrix, 1, 1, sure=True),
    )
    encoded = {"short": short, "long": long}
    shown = levels_of(clean[:, :, 200:])
    told = noise_curve(pair, encoded, "srgb", role="short")[:, shown]
    np.testing.assert_allclose(told, about_block_means(noise(smoothing=1)), rtol=0.15)
    still = replace(pair, alignment=replace(pair.alignment, matrix=np.eye(3)))
    misled = noise_curve(still, encoded, "srgb", role="short")
    assert misled[:, 5].mean() < 0.9 * noise_curve(pair, encoded, "srgb", role="short")[:, 5].mean()


def test_of_a_large_photo_some_bands_are_enough() -> None:
    clean = ramp((3, 2304, 2320))
    tile = np.tile(noise(smoothing=1), (1, 5, 5))[:, : clean.shape[1], : clean.shape[2]]
    short, _ = measured(clean + tile, clean)
    np.testing.assert_allclose(
        short[:, levels_of(clean)], about_block_means(noise(smoothing=1)), rtol=0.1
    )


def test_a_photo_of_64_pixels_is_measured_as_a_whole() -> None:
    clean = ramp((3, 64, 64))
    added = noise(clean.shape)
    short, _ = measured(clean + added, clean)
    np.testing.assert_allclose(short, SIGMA, rtol=0.15)


def test_without_any_block_the_least_noise_is_told() -> None:
    tiny = np.full((3, 10, 40), 0.5, np.float32)
    for curve in (*measured(tiny, tiny), single_curve(tiny)):
        np.testing.assert_allclose(curve, LEAST)


def test_noise_cut_off_at_black_counts_as_it_is() -> None:
    clean = np.full(SHAPE, 0.02, np.float32)
    noisy = np.clip(clean + noise(), 0, 1)
    short, _ = measured(noisy, clean)
    np.testing.assert_allclose(short, about_block_means(noisy - clean), rtol=0.05)


def test_a_single_photos_correlated_noise_is_measured() -> None:
    clean = textured()
    added = noise(smoothing=1)
    curve = single_curve(clean + added)
    np.testing.assert_allclose(curve[:, levels_of(ramp())], about_block_means(added), rtol=0.25)
