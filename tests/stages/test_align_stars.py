"""Dark skies, which have no structure but their stars."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.image import MatchedPair
from pairfix.stages.align import align
from pairfix.stages.align.stars import motion_of_stars
from pairfix.stages.align.warp import Matrix, transform
from tests.moves import distance, matched, random_motion
from tests.scenes import raw_frame

SIZE = (560, 800)
STARS = 90
NOISE = 0.05
BORDER = 160
"""Pixels drawn around the frame, so that stars may leave it."""
PATTERNS = [("RGGB", "RGGB"), ("GRBG", "BGGR")]
Light = NDArray[np.float32]


def sky(motion: Matrix, *, trail: float = 0, seed: int = 0) -> Light:
    """Stars of all magnitudes as a camera moved by `motion` sees them; trails in pixels."""
    rng = np.random.default_rng(seed)
    height, width = SIZE
    places = rng.uniform([-40, -40], [width + 40, height + 40], (STARS, 2))
    brightness = np.exp(rng.uniform(np.log(0.1), np.log(0.6), STARS))
    light = np.full((height + 2 * BORDER, width + 2 * BORDER), 0.01)
    steps = np.linspace(-0.5, 0.5, 15 if trail else 1) * trail
    for (x, y), peak in zip(transform(motion, places) + BORDER, brightness, strict=True):
        around = np.s_[int(y) - 16 : int(y) + 17, int(x) - 16 : int(x) + 17]
        rows, columns = np.mgrid[around]
        for step in steps:
            away = (columns - x - 0.9 * step) ** 2 + (rows - y - 0.43 * step) ** 2
            light[around] += peak / len(steps) * np.exp(-away / 8)
    inner = light[BORDER:-BORDER, BORDER:-BORDER].astype(np.float32)
    return np.stack([inner, inner, inner])


def starry(short: Light, long: Light, patterns: tuple[str, str] = ("RGGB", "RGGB")) -> MatchedPair:
    ours, theirs = patterns
    return matched(
        raw_frame(short, noise=NOISE, pattern=ours),
        raw_frame(long, noise=NOISE / 8, seed=1, pattern=theirs, name="long.dng"),
    )


@pytest.mark.parametrize("trail", [0, 14])
@pytest.mark.parametrize("patterns", PATTERNS)
def test_a_dark_sky_is_aligned_by_its_stars(patterns: tuple[str, str], trail: float) -> None:
    for seed in range(3):
        motion = random_motion(np.random.default_rng(seed), SIZE)
        pair = starry(sky(np.eye(3)), sky(motion, trail=trail), patterns)
        found = align(pair).alignment
        assert found.kind == "homography"
        assert found.sure
        assert "stars" in found.notes[0]
        assert distance(found.matrix, motion, SIZE) < 1


def test_different_skies_are_not_brought_together() -> None:
    pair = starry(sky(np.eye(3)), sky(np.eye(3), seed=1))
    assert motion_of_stars(pair) is None


def test_hot_pixels_are_no_stars() -> None:
    rng = np.random.default_rng(3)
    motion = np.array([[1, 0, 20.0], [0, 1, -13.0], [0, 0, 1]])
    short, long = sky(np.eye(3)), sky(motion)
    for row, column in rng.integers(0, SIZE, (300, 2)):
        short[:, row, column] = long[:, row, column] = 0.9
    found = align(starry(short, long)).alignment
    assert found.kind == "homography"
    assert distance(found.matrix, motion, SIZE) < 1


def test_stars_do_not_turn_a_translation() -> None:
    motion = random_motion(np.random.default_rng(0), SIZE)
    found = align(starry(sky(np.eye(3)), sky(motion)), "translation").alignment
    assert found.kind in {"none", "translation"}
