"""Alignment of frames that are both sharp, where parts of a pixel count."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.image import MatchedPair, Planes
from pairfix.metrics import psnr
from pairfix.stages.align import align
from pairfix.stages.align.demosaic import decode_root, demosaic, encode_root
from pairfix.stages.align.refine import refine
from pairfix.stages.align.warp import Matrix, plane_to_pixels, warp_planes
from tests.moves import (
    HEIGHT,
    MARGIN,
    WIDTH,
    distance,
    matched,
    random_motion,
    seen_from,
    synthetic_pair,
)
from tests.scenes import raw_frame

TENTH = 0.2
"""Of a plane's sample, in pixels of the mosaic."""
PATTERNS = [("RGGB", "RGGB"), ("BGGR", "BGGR"), ("GRBG", "GBRG"), None]
SHIFT = np.array([[1, 0, 6.6], [0, 1, -5.2], [0, 0, 1.0]])
TURN = np.array([[1, -0.004, 4.3], [0.004, 1, -3.8], [0, 0, 1.0]])


def off_by(motion: Matrix, right: float, down: float) -> Matrix:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1.0]]) @ motion


@pytest.mark.parametrize("patterns", PATTERNS)
def test_a_motion_that_is_slightly_off_is_refined(patterns: tuple[str, str] | None) -> None:
    pair = synthetic_pair(TURN, patterns, blur=1)
    refined = refine(pair, off_by(TURN, 0.6, -0.5), "homography")
    assert refined is not None
    assert distance(refined, TURN, pair.short.size) < TENTH / 2


def test_a_refined_translation_stays_one() -> None:
    refined = refine(synthetic_pair(SHIFT, blur=1), off_by(SHIFT, -0.6, 0.8), "translation")
    assert refined is not None
    np.testing.assert_allclose(refined, SHIFT, atol=TENTH / 2)
    np.testing.assert_array_equal(refined[:2, :2], np.eye(2))
    np.testing.assert_array_equal(refined[2], [0, 0, 1])


def test_an_object_that_moved_does_not_pull_the_refinement_along() -> None:
    pair = synthetic_pair(TURN, None, moving=True, blur=1)
    refined = refine(pair, off_by(TURN, 0.3, -0.3), "homography")
    assert refined is not None
    assert distance(refined, TURN, (HEIGHT, WIDTH)) < TENTH


@pytest.mark.parametrize("blur", [9, 21])
def test_blurred_pairs_are_not_refined(blur: int) -> None:
    motion = random_motion(np.random.default_rng(6), (HEIGHT, WIDTH))
    pair = synthetic_pair(motion, blur=blur)
    assert refine(pair, off_by(motion, 0.5, 0.5), "homography") is None


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_pairs_without_detail_are_not_refined(noise: float) -> None:
    flat = np.full((3, HEIGHT, WIDTH), 0.2, np.float32)
    short, long = raw_frame(flat, noise=noise), raw_frame(flat, noise=noise / 10, seed=1)
    pair = matched(short, long)
    assert refine(pair, np.eye(3), "homography") is None


def test_a_sharp_pair_is_aligned_to_a_tenth_of_a_sample_everywhere() -> None:
    motion = random_motion(np.random.default_rng(2), (HEIGHT, WIDTH))
    found = align(synthetic_pair(motion, blur=1)).alignment
    assert found.sure
    assert distance(found.matrix, motion, (HEIGHT, WIDTH)) < TENTH


def test_the_mosaic_itself_is_taken_where_nothing_moved() -> None:
    pair = synthetic_pair(np.eye(3), blur=1)
    result = align(pair)
    assert result.alignment.kind == "homography"
    np.testing.assert_array_equal(result.alignment.matrix, np.eye(3))
    assert result.long_planes is pair.long_planes


def fine_pair() -> tuple[MatchedPair, Planes]:
    """A moved pair with detail as fine as its pixels, and the long frame had it not moved."""
    size = HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN
    noise = cv2.GaussianBlur(np.random.default_rng(1).random(size, np.float32), (0, 0), 0.8)
    grey = 0.05 + 0.5 * (noise - noise.min()) / (noise.max() - noise.min())
    light = np.stack([grey, grey * 0.8, grey * 0.5]).astype(np.float32)
    still = raw_frame(seen_from(light, np.eye(3)))
    moved = raw_frame(seen_from(light, SHIFT), name="long.dng")
    return matched(still, moved), matched(still, still).long_planes


def by_planes(pair: MatchedPair, matrix: Matrix) -> Planes:
    warped = np.empty_like(pair.short_planes)
    for index, (source, target) in enumerate(zip(pair.long_planes, warped, strict=True)):
        place = plane_to_pixels(pair.short, index)
        local = np.linalg.inv(place) @ matrix @ place
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        cv2.warpPerspective(source, local, target.shape[::-1], dst=target, flags=flags)
    return warped


def test_a_mosaic_is_warped_better_than_its_planes() -> None:
    pair, truth = fine_pair()
    inner = np.s_[:, 16:-16, 16:-16]
    ours = psnr(warp_planes(pair, SHIFT)[inner], truth[inner])
    assert ours > psnr(by_planes(pair, SHIFT)[inner], truth[inner]) + 1.8


@pytest.mark.parametrize("shift", [(3.3, -1.3), (0.7, 5.1), (-2.5, 0.4)])
def test_nothing_rings_beside_a_clipped_lamp(shift: tuple[float, float]) -> None:
    light = np.full((3, 96, 128), 0.02, np.float32)
    light[:, 40:56, 40:60] = np.array([3.0, 2.0, 1.2])[:, None, None]
    frame = raw_frame(light)
    pair = matched(frame, frame)
    warped = warp_planes(pair, off_by(np.eye(3), *shift))
    for plane, source in zip(warped, pair.long_planes, strict=True):
        assert plane.min() >= source.min() - 1e-6
        assert plane.max() <= source.max() + 1e-6
        dark = plane[:12]
        np.testing.assert_allclose(dark, source[0, 0], atol=1e-6)


def test_noise_below_black_survives_the_square_root() -> None:
    planes = np.random.default_rng(0).normal(0, 0.01, (4, 64, 64)).astype(np.float32)
    encoded, offset = encode_root(planes)
    decode_root(encoded, offset)
    assert np.mean(np.abs(encoded - planes) > 1e-6) < 0.01
    assert abs(encoded.mean() - planes.mean()) < 1e-4


def ramp(size: tuple[int, int], right: float, down: float) -> NDArray[np.float32]:
    rows, columns = np.mgrid[: size[0], : size[1]]
    return (0.2 + right * columns + down * rows).astype(np.float32)


@pytest.mark.parametrize(("right", "down"), [(0.01, 0.0), (0.0, 0.01), (0.004, -0.003)])
def test_green_is_exact_where_light_changes_evenly(right: float, down: float) -> None:
    grey = ramp((140, 60), right, down)
    red, green, blue = 0.5 * grey, grey, 0.25 * grey
    cells = np.stack([red[::2, ::2], green[::2, 1::2], green[1::2, ::2], blue[1::2, 1::2]])
    found = demosaic(cells)
    inner = np.s_[4:-4, 4:-4]
    np.testing.assert_allclose(found.green[inner], green[inner], atol=1e-5)
    np.testing.assert_allclose(found.excesses[0][inner], (red - green)[::2, ::2][inner], atol=1e-5)


def test_warping_a_noisy_mosaic_keeps_its_colour() -> None:
    light = np.full((3, 256, 320), 0.01, np.float32)
    frame = raw_frame(light, noise=0.005, seed=1)
    pair = matched(frame, frame)
    warped = warp_planes(pair, SHIFT)[:, 16:-16, 16:-16]
    before = pair.long_planes[:, 16:-16, 16:-16]
    np.testing.assert_allclose(warped.mean(axis=(1, 2)), before.mean(axis=(1, 2)), rtol=0.02)
