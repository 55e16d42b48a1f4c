from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pairfix.errors import OutputError
from pairfix.formats import decode
from pairfix.image import DevelopSettings, Fused
from pairfix.light import planes_from_frame
from pairfix.stages.develop import develop, source_mosaic
from tests.scenes import raw_frame, rgb_frame, scene

NEON = Path(__file__).parents[2] / "examples" / "neon" / "long.dng"


def test_an_rgb_frame_that_nothing_changed_develops_to_its_own_pixels() -> None:
    frame = rgb_frame(scene())
    picture = develop(planes_from_frame(frame), frame, DevelopSettings())
    np.testing.assert_array_equal(np.rint(picture.pixels / 257), frame.pixels)


def test_exposure_is_applied_in_linear_light() -> None:
    frame = rgb_frame(scene() / 4)
    planes = planes_from_frame(frame)
    brighter = develop(planes, frame, DevelopSettings(exposure=1))
    twice = develop(planes * 2, frame, DevelopSettings())
    np.testing.assert_array_equal(brighter.pixels, twice.pixels)


def test_highlights_beyond_white_are_clipped_in_rgb() -> None:
    frame = rgb_frame(scene())
    picture = develop(np.full((3, 96, 128), 1.7, np.float32), frame, DevelopSettings())
    assert (picture.pixels == 65535).all()


def test_clipped_cells_of_a_mosaic_develop_to_neutral_white() -> None:
    frame = decode(NEON)
    planes = np.full((4, 577, 769), 1.0, np.float32)
    picture = develop(planes, frame, DevelopSettings())
    assert picture.pixels.min() > 65000


def test_a_mosaic_is_developed_upright() -> None:
    frame = decode(NEON)
    picture = develop(planes_from_frame(frame), frame, DevelopSettings())
    assert frame.size == (1152, 1536)
    assert picture.pixels.shape == (1536, 1152, 3)


def test_the_mosaic_for_a_dng_has_the_short_frames_own_exposure_and_highlights() -> None:
    light = scene() / 8
    light[:, 40:60, 40:60] = 0.5
    short = raw_frame(light)
    planes = planes_from_frame(short)
    fused = Fused(short, planes * 4, gain=4.0)
    expected = (short.pixels.astype(np.float32) - 256) / (4095 - 256)
    np.testing.assert_allclose(source_mosaic(fused), expected, atol=1e-5)


def test_the_mosaic_for_a_dng_stays_within_black_and_white() -> None:
    short = raw_frame(scene())
    planes = planes_from_frame(short) * 3 - 0.2
    mosaic = source_mosaic(Fused(short, planes, gain=1.0))
    assert mosaic.min() == 0
    assert mosaic.max() == 1


def test_an_rgb_photo_has_no_mosaic_for_a_dng() -> None:
    frame = replace(rgb_frame(scene()), path=Path("photo.jpg"))
    with pytest.raises(OutputError, match=r"photo\.jpg has no Bayer mosaic"):
        source_mosaic(Fused(frame, planes_from_frame(frame), 1.0))


@pytest.mark.parametrize("exposure", [-0.5, -1.0, -2.0])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_clipped_highlights_stay_neutral_when_the_exposure_is_lowered(
    exposure: float, gain: float
) -> None:
    frame = decode(NEON)
    assert frame.bayer is not None
    saturated = np.array(frame.bayer.gains, np.float32)[:, None, None] * np.float32(gain)
    planes = np.broadcast_to(saturated, (4, 577, 769))
    picture = develop(planes, frame, DevelopSettings(exposure=exposure), gain=gain)
    means = picture.pixels.mean(axis=(0, 1))
    np.testing.assert_allclose(means, means.mean(), rtol=0.01)
    assert means.mean() < 65000 or gain * 2**exposure >= 1
