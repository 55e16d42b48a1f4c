import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix.image import AlignedPair, Fused, Planes
from pairfix.stages.grain import leave_grain
from tests.scenes import aligned, raw_frame, scene

SHARE = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
PAIR: AlignedPair = aligned(
    raw_frame(scene(), noise=0.1), raw_frame(scene(seed=1), name="long.dng")
)
RESTORED = PAIR.long_planes


def left(strength: float) -> Planes:
    return leave_grain(PAIR, Fused(PAIR.short, RESTORED.copy(), 1.0), strength).planes


def test_the_ends_are_the_short_photo_and_the_restored_one() -> None:
    np.testing.assert_array_equal(left(0), PAIR.short_planes)
    np.testing.assert_array_equal(left(1), RESTORED)


@given(st.floats(0, 1))
def test_between_them_it_is_linear(strength: float) -> None:
    expected = RESTORED + (1 - strength) * (PAIR.short_planes - RESTORED)
    np.testing.assert_allclose(left(strength), expected, atol=1e-6)


@pytest.mark.parametrize("strength", [0, 0.25, 1])
def test_of_the_long_photo_there_is_accordingly_less(strength: float) -> None:
    fused = Fused(PAIR.short, RESTORED.copy(), 1.0, SHARE)
    share = leave_grain(PAIR, fused, strength).long_share
    assert share is not None
    np.testing.assert_allclose(share, np.float32(strength) * SHARE)
