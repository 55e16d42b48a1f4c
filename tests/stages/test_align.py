from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairfix.errors import AlignmentError
from pairfix.formats import decode
from pairfix.image import AlignmentMode, MatchedPair
from pairfix.stages.align import align
from pairfix.stages.align.verify import implausibility
from pairfix.stages.align.warp import Matrix, plane_to_pixels, warp_planes
from tests.moves import (
    HEIGHT,
    WIDTH,
    about_centre,
    distance,
    matched,
    moved_further,
    random_motion,
    seen_from,
    synthetic_pair,
    texture,
)
from tests.scenes import raw_frame, rgb_frame, scene

SAMPLES = ("wheel", "neon", "street")


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request: pytest.FixtureRequest, shared: Path) -> MatchedPair:
    folder = shared / "pairs" / request.param
    return matched(decode(folder / "short.dng"), decode(folder / "long.dng"))


def errors_of(pair: MatchedPair, count: int) -> tuple[list[float], list[bool]]:
    """Errors in pixels, and whether each alignment claims to be sure."""
    without = align(pair).alignment
    assert without.sure
    rng = np.random.default_rng(2024)
    errors, sure = [], []
    for _ in range(count):
        motion = random_motion(rng, pair.short.size)
        found = align(moved_further(pair, motion)).alignment
        errors.append(distance(found.matrix, motion @ without.matrix, pair.short.size))
        sure.append(found.sure)
    return errors, sure


def test_known_motions_of_the_sample_pairs_are_found(sample: MatchedPair) -> None:
    errors, sure = errors_of(sample, 3)
    assert max(errors) < 1
    assert all(sure)


@pytest.mark.slow
def test_many_known_motions_of_each_sample_pair_are_found(sample: MatchedPair) -> None:
    errors, sure = errors_of(sample, 30)
    wrong = [claim for error, claim in zip(errors, sure, strict=True) if error > 2]
    assert len(wrong) <= 1
    assert not any(wrong)
    assert np.mean(errors) < 0.5


@pytest.mark.parametrize("patterns", [("RGGB", "RGGB"), ("BGGR", "BGGR"), ("GRBG", "GBRG"), None])
def test_the_motion_of_a_synthetic_pair_is_found(patterns: tuple[str, str] | None) -> None:
    rng = np.random.default_rng(7)
    for _ in range(4):
        motion = random_motion(rng, (HEIGHT, WIDTH))
        found = align(synthetic_pair(motion, patterns)).alignment
        assert found.kind == "homography"
        assert found.sure
        assert not found.notes
        assert found.score_after > found.score_before
        assert distance(found.matrix, motion, (HEIGHT, WIDTH)) < 0.3


def test_an_object_that_moved_does_not_pull_the_alignment_along() -> None:
    motion = random_motion(np.random.default_rng(3), (HEIGHT, WIDTH))
    found = align(synthetic_pair(motion, moving=True)).alignment
    assert found.sure
    assert distance(found.matrix, motion, (HEIGHT, WIDTH)) < 0.5


def test_the_warped_long_frame_lies_on_the_short_one() -> None:
    still = synthetic_pair(np.eye(3))
    pair = synthetic_pair(random_motion(np.random.default_rng(5), (HEIGHT, WIDTH)))
    inner = np.s_[:, 30:-30, 40:-40]
    gap = align(pair).long_planes[inner] - still.long_planes[inner]
    unaligned = pair.long_planes[inner] - still.long_planes[inner]
    assert np.abs(gap).mean() < 0.06 * np.abs(unaligned).mean()


def test_identical_frames_stay_where_they_are() -> None:
    frame = raw_frame(seen_from(texture(), np.eye(3)))
    found = align(matched(frame, frame)).alignment
    assert found.sure
    assert found.score_before == pytest.approx(1)
    assert distance(found.matrix, np.eye(3), frame.size) < 0.02


def test_mode_none_measures_and_leaves_the_planes_alone() -> None:
    pair = synthetic_pair(np.eye(3))
    result = align(pair, "none")
    assert result.alignment.kind == "none"
    assert result.alignment.score_before == result.alignment.score_after > 0.9
    np.testing.assert_array_equal(result.alignment.matrix, np.eye(3))
    assert result.long_planes is pair.long_planes


def test_mode_translation_finds_a_shift() -> None:
    motion = np.array([[1, 0, 17.0], [0, 1, -9.0], [0, 0, 1]])
    found = align(synthetic_pair(motion), "translation").alignment
    assert found.kind == "translation"
    assert found.sure
    np.testing.assert_allclose(found.matrix, motion, atol=0.2)


def test_unrelated_scenes_are_refused() -> None:
    pair = matched(
        raw_frame(seen_from(texture(), np.eye(3))),
        raw_frame(seen_from(texture(seed=1), np.eye(3)), name="long.dng"),
    )
    with pytest.raises(AlignmentError, match="--align none") as caught:
        align(pair)
    assert caught.value.exit_code == 5
    result = align(pair, "none").alignment
    assert result.score_after < 0.5
    assert not result.sure


def test_unrelated_sample_pairs_are_refused(shared: Path) -> None:
    wheel = decode(shared / "pairs" / "wheel" / "short.dng")
    neon = decode(shared / "pairs" / "neon" / "long.dng")
    with pytest.raises(AlignmentError):
        align(matched(wheel, neon))


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("level", [0.0, 0.2])
def test_frames_without_structure_are_not_moved(level: float, noise: float) -> None:
    flat = np.full((3, HEIGHT, WIDTH), level, np.float32)
    short = raw_frame(flat, noise=noise)
    long = raw_frame(flat, noise=noise / 10, seed=1, name="long.dng")
    result = align(matched(short, long))
    assert result.alignment.kind == "none"
    assert not result.alignment.sure
    assert "no structure" in result.alignment.notes[0]


@pytest.mark.parametrize("degrees", [12.0, 45.0, 180.0])
def test_a_turn_beyond_the_limits_is_never_applied(degrees: float) -> None:
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D(((WIDTH - 1) / 2, (HEIGHT - 1) / 2), degrees, 1.0)
    try:
        result = align(synthetic_pair(turn)).alignment
    except AlignmentError:
        return
    assert not result.sure
    assert result.notes
    assert implausibility(result.matrix, (HEIGHT, WIDTH)) is None


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        (np.diag([1.2, 1.2, 1.0]), "scales"),
        (np.diag([-1.0, 1.0, 1.0]), "folds"),
        (np.diag([1.0, 1.0, np.nan]), "folds"),
        (np.array([[1, 0, 200.0], [0, 1, 0], [0, 0, 1]]), "shifts"),
        (about_centre(np.array([[1, 0, 0], [0, 1, 0], [4e-4, 0, 1.0]]), (HEIGHT, WIDTH)), "tilts"),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.01, 0, 1]]), "folds"),
    ],
)
def test_wild_motions_are_recognised(matrix: Matrix, reason: str) -> None:
    assert reason in str(implausibility(matrix, (HEIGHT, WIDTH)))


@pytest.mark.parametrize("size", [(2, 2), (9, 16), (40, 30)])
def test_tiny_frames_do_not_crash(size: tuple[int, int]) -> None:
    light = scene(size)
    result = align(matched(raw_frame(light), raw_frame(light, name="long.dng")))
    assert result.long_planes.shape == result.short_planes.shape


def test_alignment_is_deterministic() -> None:
    pair = synthetic_pair(random_motion(np.random.default_rng(1), (HEIGHT, WIDTH)))
    first, second = align(pair), align(pair)
    np.testing.assert_array_equal(first.alignment.matrix, second.alignment.matrix)
    np.testing.assert_array_equal(first.long_planes, second.long_planes)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(-6, 6), st.integers(-6, 6), st.sampled_from(["RGGB", "BGGR", "GRBG", "GBRG", None])
)
def test_whole_steps_are_exact(right: int, down: int, pattern: str | None) -> None:
    light = scene((48, 64))
    frame = rgb_frame(light) if pattern is None else raw_frame(light, pattern=pattern)
    pair = matched(frame, frame)
    step = 1 if pattern is None else 2
    matrix = np.array([[1, 0, step * right], [0, 1, step * down], [0, 0, 1.0]])
    inner = np.s_[:, 8:-8, 8:-8]
    expected = np.roll(pair.long_planes, (-down, -right), axis=(1, 2))
    np.testing.assert_allclose(warp_planes(pair, matrix)[inner], expected[inner], atol=1e-6)


@pytest.mark.parametrize("patterns", [("RGGB", "BGGR"), ("GRBG", "RGGB"), ("GBRG", "GRBG")])
def test_frames_of_different_phase_are_brought_together(patterns: tuple[str, str]) -> None:
    light = np.broadcast_to(np.linspace(0.1, 0.5, 64, dtype=np.float32), (3, 48, 64)).copy()
    short, long = (raw_frame(light, pattern=pattern) for pattern in patterns)
    pair = matched(short, long)
    inner = np.s_[:, 4:-4, 4:-4]
    warped = warp_planes(pair, np.eye(3))
    np.testing.assert_allclose(warped[inner], pair.short_planes[inner], atol=0.002)


def test_planes_sample_their_place_in_the_cell() -> None:
    frame = raw_frame(scene(), pattern="GBRG")
    places = [plane_to_pixels(frame, plane)[:2, 2].tolist() for plane in range(4)]
    assert places == [[0, -1], [1, -1], [0, 0], [1, 0]]


def test_the_border_shows_the_short_frame_softly() -> None:
    pair = synthetic_pair(np.eye(3))
    shifted = warp_planes(pair, np.array([[1, 0, -40.0], [0, 1, 0], [0, 0, 1]]))
    border = np.s_[:, :, :18]
    clean = np.stack([cv2.GaussianBlur(plane, (0, 0), 3) for plane in pair.long_planes])[border]
    assert np.corrcoef(shifted[border].ravel(), clean.ravel())[0, 1] > 0.95
    assert np.abs(shifted[border] - clean).mean() < 0.02


@pytest.mark.parametrize("mode", ["auto", "translation"])
def test_warped_planes_stay_within_the_long_frames_range(mode: AlignmentMode) -> None:
    pair = synthetic_pair(np.array([[1, 0, 10.4], [0, 1, 5.3], [0, 0, 1]]))
    for warped, source in zip(align(pair, mode).long_planes, pair.long_planes, strict=True):
        assert source.min() <= warped.min()
        assert warped.max() <= source.max()
