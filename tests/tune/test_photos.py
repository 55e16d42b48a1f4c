import cv2
import numpy as np
import pytest

from tests.scenes import scene

pytest.importorskip("torch")

from pairfix.tune.photos import blur_length


@pytest.mark.parametrize("length", [5, 11, 21])
def test_the_length_of_a_blur_is_found(length: int) -> None:
    sharp = scene((256, 320), radius=2)
    blurred = np.stack([cv2.blur(plane, (length, 1)) for plane in sharp])
    assert blur_length(blurred, sharp) == pytest.approx(length, rel=0.4)


def test_a_sharp_frame_has_no_blur() -> None:
    sharp = scene((128, 160), radius=2)
    assert blur_length(sharp, sharp) == 0


def test_a_mosaics_planes_count_double() -> None:
    sharp = scene((128, 160), radius=2)[[0, 1, 1, 2]]
    blurred = np.stack([cv2.blur(plane, (9, 1)) for plane in sharp])
    assert blur_length(blurred, sharp) == pytest.approx(
        2 * blur_length(blurred[[0, 1, 3]], sharp[[0, 1, 3]])
    )


def test_nothing_is_told_from_a_photo_without_detail() -> None:
    white = np.full((3, 64, 64), 1.2, np.float32)
    assert blur_length(white, white) == 0
