import numpy as np
import pytest

from pairfix.stages.cast import remove_cast
from tests.scenes import scene

CAST_GAINS = np.array([1.2, 0.8, 1.0], np.float32)[:, None, None]
CAST_BLACKS = np.array([0.06, 0.02, 0.04], np.float32)[:, None, None]


def test_a_cast_of_gain_and_black_level_is_taken_off() -> None:
    long = scene()
    short = long * CAST_GAINS + CAST_BLACKS
    assert remove_cast(short, long, gain=8)
    np.testing.assert_allclose(short, long, atol=0.02)


def test_a_frame_that_was_hardly_brightened_stays_as_it_is() -> None:
    long = scene()
    short = long * CAST_GAINS
    assert not remove_cast(short, long, gain=1.1)
    np.testing.assert_array_equal(short, long * CAST_GAINS)


@pytest.mark.parametrize("level", [0.3, 1.0])
def test_a_scene_without_range_gives_no_estimate(level: float) -> None:
    flat = np.full((3, 64, 64), level, np.float32)
    assert not remove_cast(flat.copy(), flat, gain=8)
