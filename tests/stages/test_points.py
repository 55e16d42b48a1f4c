from dataclasses import replace

import numpy as np
import pytest

from pairfix.image import AlignedPair, Frame, Fused, Planes
from pairfix.light import planes_from_frame
from pairfix.stages.points import keep_points
from tests.scenes import aligned, raw_frame, rgb_frame

SIZE = (192, 256)
SKY = 0.01
NOISE = 0.01
PATTERNS = ["RGGB", "GRBG", "GBRG", "BGGR"]


def sky(peaks: list[float]) -> np.ndarray:
    """Stars in a row, ``3 x H x W``."""
    light = np.full((3, *SIZE), SKY, np.float32)
    down, across = np.mgrid[: SIZE[0], : SIZE[1]]
    for (row, column), peak in zip(places(len(peaks)), peaks, strict=True):
        distance = (down - row) ** 2 + (across - column) ** 2
        light += (peak * np.exp(-distance / (2 * 0.8**2))).astype(np.float32)
    return light


def places(count: int) -> list[tuple[float, float]]:
    return [(96.3 + 3 * index, 40.4 + 24.7 * index) for index in range(count)]


def restore(frame: Frame, planes: Planes) -> Planes:
    long = raw_frame(sky([]), pattern=frame.bayer.pattern if frame.bayer else "RGGB")
    pair: AlignedPair = aligned(frame, replace(long, path=long.path.with_name("long.dng")))
    return keep_points(pair, Fused(frame, planes, 1.0)).planes


def peaks_of(planes: Planes, count: int) -> np.ndarray:
    cells = [(round(row / 2), round(column / 2)) for row, column in places(count)]
    return np.array(
        [planes[:, row - 2 : row + 3, column - 2 : column + 3].max() for row, column in cells]
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_stars_that_the_network_lost_come_back(pattern: str) -> None:
    brightness = [0.15, 0.3, 0.5, 0.3, 0.15, 0.8]
    short = raw_frame(sky(brightness), pattern=pattern, noise=NOISE, seed=1)
    clean = planes_from_frame(raw_frame(sky(brightness), pattern=pattern))
    result = restore(short, np.full_like(clean, SKY))
    share = (peaks_of(result, 6) - SKY) / (peaks_of(clean, 6) - SKY)
    assert share.min() > 0.6
    assert np.median(share) == pytest.approx(1, abs=0.2)
    assert np.mean((result - clean) ** 2) < 0.2 * np.mean((SKY - clean) ** 2)


def test_stars_that_are_there_are_not_doubled() -> None:
    clean = planes_from_frame(raw_frame(sky([0.3, 0.5])))
    short = raw_frame(sky([0.3, 0.5]), noise=NOISE, seed=1)
    np.testing.assert_allclose(restore(short, clean), clean, atol=0.04)


def test_noise_alone_makes_no_stars() -> None:
    planes = np.full((4, 96, 128), SKY, np.float32)
    for seed in range(20):
        short = raw_frame(sky([]), noise=NOISE, seed=seed)
        np.testing.assert_array_equal(restore(short, planes), planes)


def test_a_hot_pixel_is_no_star() -> None:
    short = raw_frame(sky([]), noise=NOISE, seed=1)
    short.pixels[96, 100] = 2000
    planes = np.full((4, 96, 128), SKY, np.float32)
    np.testing.assert_array_equal(restore(short, planes), planes)


def test_texture_is_left_to_the_network() -> None:
    rng = np.random.default_rng(0)
    texture = (SKY + 0.2 * rng.random((3, *SIZE))).astype(np.float32)
    short = raw_frame(texture, noise=NOISE, seed=1)
    planes = planes_from_frame(raw_frame(texture))
    np.testing.assert_allclose(restore(short, planes), planes, atol=0.02)


def test_rgb_pairs_are_left_alone() -> None:
    short = rgb_frame(sky([0.5]), noise=NOISE)
    pair = aligned(short, rgb_frame(sky([]), name="long.png"))
    fused = Fused(short, pair.long_planes, 1.0)
    assert keep_points(pair, fused) is fused
