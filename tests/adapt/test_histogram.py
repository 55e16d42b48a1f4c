import numpy as np
import pytest

from pairfix.adapt import match_histograms
from pairfix.image import Planes


def random(seed: int) -> Planes:
    """Some light below black, as noise leaves it."""
    return np.random.default_rng(seed).random((3, 40, 50), dtype=np.float32) - np.float32(0.1)


def test_every_channel_gets_the_values_of_the_reference() -> None:
    planes, reference = random(1), random(2) ** 3
    match_histograms(planes, reference)
    for channel, wanted in zip(planes, reference, strict=True):
        np.testing.assert_array_equal(np.sort(channel, axis=None), np.sort(wanted, axis=None))


def test_a_part_of_a_larger_picture_is_changed_in_its_place() -> None:
    whole, reference = random(1), random(2)[:, 5:20, 10:40]
    part = whole[:, 5:20, 10:40]
    match_histograms(part, reference)
    for channel, wanted in zip(whole[:, 5:20, 10:40], reference, strict=True):
        np.testing.assert_array_equal(np.sort(channel, axis=None), np.sort(wanted, axis=None))


def test_the_order_of_brightness_stays() -> None:
    planes, reference = random(1), random(2) ** 3
    before = planes.copy()
    match_histograms(planes, reference)
    for channel, unmatched in zip(planes, before, strict=True):
        assert (np.diff(channel.ravel()[np.argsort(unmatched, axis=None)]) >= 0).all()


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0, 7.0])
def test_a_picture_of_another_brightness_becomes_the_reference(gain: float) -> None:
    reference = random(3)
    planes = np.float32(gain) * reference
    match_histograms(planes, reference)
    np.testing.assert_array_equal(planes, reference)


def test_what_is_clipped_in_both_stays_clipped() -> None:
    reference = np.maximum(random(4) - np.float32(0.3), 0)
    planes = np.maximum(random(4) - np.float32(0.4), 0)
    clipped = reference == 0
    match_histograms(planes, reference)
    assert (planes[clipped] == 0).all()
