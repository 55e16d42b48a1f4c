from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pairfix.errors import PairError
from pairfix.formats import decode
from pairfix.image import Exposure
from pairfix.light import linear_to_srgb, srgb_to_linear
from pairfix.stages.exposure import match_exposure
from tests.scenes import raw_frame, rgb_frame, scene

SLOW = Exposure(shutter=1 / 4, iso=100, aperture=2.0)
FAST = Exposure(shutter=1 / 60, iso=100, aperture=2.0)


@pytest.mark.parametrize("stops", [-3.0, -1.0, 1.0, 2.5, 4.0])
def test_the_brightness_ratio_of_raw_frames_is_measured(stops: float) -> None:
    light = scene() / max(2.0**stops, 1)
    pair = match_exposure(
        raw_frame(light * 2.0**stops, name="long.dng", exposure=SLOW),
        raw_frame(light, noise=0.002, exposure=FAST),
    )
    assert pair.match.measured_ratio == pytest.approx(2.0**stops, rel=0.05)
    np.testing.assert_allclose(np.median(pair.short_planes / pair.long_planes), 1, rtol=0.05)


@pytest.mark.parametrize("stops", [1.0, 3.0])
def test_the_brightness_ratio_of_8_bit_frames_is_measured_in_linear_light(stops: float) -> None:
    light = scene()
    pair = match_exposure(rgb_frame(light), rgb_frame(light / 2.0**stops, noise=0.002))
    assert pair.match.measured_ratio == pytest.approx(2.0**stops, rel=0.1)


@pytest.mark.parametrize("stops", [-2.0, 2.0])
def test_the_darker_frame_is_brightened_and_the_brighter_left_alone(stops: float) -> None:
    light = scene() / 4
    pair = match_exposure(
        raw_frame(light * 2.0**stops, name="long.dng", exposure=SLOW),
        raw_frame(light, exposure=FAST),
    )
    assert min(pair.match.short_gain, pair.match.long_gain) == 1
    assert max(pair.match.short_gain, pair.match.long_gain) == pytest.approx(4, rel=0.05)


def test_frames_of_equal_brightness_are_left_alone() -> None:
    light = scene()
    pair = match_exposure(
        raw_frame(light, name="long.dng", exposure=SLOW),
        raw_frame(light, noise=0.01, exposure=FAST),
    )
    assert (pair.match.short_gain, pair.match.long_gain) == (1, 1)


@pytest.mark.parametrize("domain", ["linear light", "display values"])
def test_noise_of_rgb_frames_does_not_count_as_brightness(domain: str) -> None:
    """Noise without a mean in one of the two has one in the other."""
    rng = np.random.default_rng(4)
    long = rgb_frame(scene() * 0.6, name="long.png")
    noisy = (long.pixels / 255).astype(np.float32)
    if domain == "display values":
        noisy += rng.normal(0, 0.1, noisy.shape).astype(np.float32)
    else:
        light = srgb_to_linear(noisy)
        noisy = linear_to_srgb(light + rng.normal(0, 0.06, light.shape).astype(np.float32))
    pixels = np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)
    pair = match_exposure(long, replace(long, pixels=pixels, path=Path("short.png")))
    assert pair.match.measured_ratio == pytest.approx(1, abs=0.03)


def test_the_cameras_settings_count_where_little_can_be_compared() -> None:
    """A lamp in the dark, which blur has dimmed and spread."""
    light = np.full((3, 256, 256), 2e-4)
    light[:, 64:128, 64:128] = 0.2
    blurred = np.stack([np.asarray(cv2.blur(plane, (129, 129)), np.float64) for plane in light])
    pair = match_exposure(
        raw_frame(blurred, name="long.dng", exposure=FAST),
        raw_frame(light, noise=0.02, exposure=FAST),
    )
    assert pair.match.measured_ratio is not None
    assert pair.match.measured_ratio < 0.5
    assert (pair.match.short_gain, pair.match.long_gain) == (1, 1)
    assert "little could be measured, so that these are used" in pair.match.notes[0]


def test_a_ratio_far_from_the_cameras_settings_is_reported() -> None:
    light = scene()
    pair = match_exposure(
        raw_frame(light, name="long.dng", exposure=SLOW),
        raw_frame(light, noise=0.01, exposure=FAST),
    )
    assert "the long one is equally bright, not 3.9 stops brighter as" in pair.match.notes[0]


@pytest.mark.parametrize(
    ("ratio", "words"), [(4, "2.0 stops brighter"), (1 / 4, "2.0 stops darker")]
)
def test_stops_are_said_in_words(ratio: float, words: str) -> None:
    light = scene() / 4
    pair = match_exposure(
        raw_frame(light * ratio, name="long.dng", exposure=replace(FAST, shutter=1 / 59)),
        raw_frame(light, noise=0.002, exposure=FAST),
    )
    assert f"the long one is {words}, not equally bright as" in pair.match.notes[0]


@pytest.mark.parametrize("known", ["long", "short", "both", "neither"])
def test_apertures_count_where_both_are_known(known: str) -> None:
    f_numbers = {role: 2.0 if known in (role, "both") else None for role in ("long", "short")}
    long = replace(SLOW, aperture=f_numbers["long"])
    short = replace(FAST, aperture=f_numbers["short"])
    assert long.over(short) == pytest.approx(15)
    assert replace(long, aperture=4.0).over(short) == pytest.approx(
        15 / 4 if f_numbers["short"] else 15
    )


@pytest.mark.parametrize("missing", ["shutter", "iso"])
def test_nothing_is_said_of_a_ratio_without_time_or_iso(missing: str) -> None:
    unknown = replace(SLOW, shutter=None) if missing == "shutter" else replace(SLOW, iso=None)
    assert unknown.over(FAST) is None
    assert FAST.over(unknown) is None


def test_clipped_highlights_stay_neutral_in_the_brightened_frame() -> None:
    light = scene() / 4
    light[:, 40:56, 40:56] = 10
    pair = match_exposure(
        raw_frame(light * 4, name="long.dng", exposure=SLOW), raw_frame(light, exposure=FAST)
    )
    assert (pair.short_planes[:, 22:26, 22:26] >= 1).all()


def test_saturated_areas_do_not_bias_the_measurement() -> None:
    light = scene() / 4
    light[:, :40] = 2
    pair = match_exposure(
        raw_frame(light * 4, name="long.dng", exposure=SLOW), raw_frame(light, exposure=FAST)
    )
    assert pair.match.measured_ratio == pytest.approx(4, rel=0.05)


def test_swapped_raw_frames_are_recognised_by_their_exposure_time() -> None:
    light = scene()
    long = raw_frame(light, name="long.dng", exposure=SLOW)
    short = raw_frame(light, noise=0.01, exposure=FAST)
    pair = match_exposure(short, long)
    assert (pair.long.path, pair.short.path) == (long.path, short.path)
    assert any("swapped" in note for note in pair.match.notes)


def test_swapped_frames_without_exif_are_recognised_by_their_noise() -> None:
    light = scene()
    pair = match_exposure(
        rgb_frame(light, name="short.png", noise=0.05), rgb_frame(light, name="long.png")
    )
    assert pair.short.path == Path("short.png")


def test_frames_in_the_right_order_are_not_swapped() -> None:
    light = scene()
    pair = match_exposure(rgb_frame(light, name="long.png"), rgb_frame(light / 4, noise=0.01))
    assert pair.long.path == Path("long.png")
    assert not any("swapped" in note for note in pair.match.notes)


def test_both_frames_take_the_short_ones_white_balance() -> None:
    light = scene()
    long = raw_frame(light, name="long.dng", exposure=SLOW)
    assert long.bayer is not None
    long = replace(long, bayer=replace(long.bayer, white_balance=(1.0, 1.0, 1.0)))
    pair = match_exposure(long, raw_frame(light, noise=0.001, exposure=FAST))
    np.testing.assert_allclose(np.median(pair.short_planes[0] / pair.long_planes[0]), 1, rtol=0.02)


def test_brightness_that_cannot_be_compared_is_taken_from_the_cameras_settings() -> None:
    light = scene() * 2.0
    light[:, :16, :16] = 0.1  # all else is saturated in the long frame, too few blocks to measure
    pair = match_exposure(
        raw_frame(light * 15, name="long.dng", exposure=SLOW, noise=1e-3),
        raw_frame(light, exposure=FAST, noise=1e-3, seed=1),
    )
    assert pair.match.measured_ratio is None
    assert pair.match.short_gain == pytest.approx(15, rel=1e-3)
    assert "could not be compared" in pair.match.notes[0]


@pytest.mark.parametrize("exposure", [FAST, Exposure()])
@pytest.mark.parametrize("black", ["short.dng", "long.dng"])
def test_brightness_never_comes_from_nothing(exposure: Exposure, black: str) -> None:
    light, dark = scene(), np.zeros((3, 96, 128), np.float32)
    long, short = (
        raw_frame(dark if name == black else light, name=name, exposure=each, noise=1e-3, seed=seed)
        for seed, (name, each) in enumerate([("long.dng", SLOW), ("short.dng", exposure)])
    )
    with pytest.raises(PairError, match=f"{black} is black"):
        match_exposure(long, short)


def test_frames_of_different_sizes_are_refused() -> None:
    with pytest.raises(PairError, match=r"128 x 96 and 96 x 128 pixels .*rotated"):
        match_exposure(rgb_frame(scene((96, 128))), rgb_frame(scene((128, 96))))


@pytest.mark.parametrize("size", [(1, 40), (3, 5)])
def test_tiny_frames_are_matched(size: tuple[int, int]) -> None:
    pair = match_exposure(rgb_frame(scene(size)), rgb_frame(scene(size) / 2))
    assert pair.match.measured_ratio == pytest.approx(2, rel=0.02)


def test_raw_frames_of_different_cameras_are_refused() -> None:
    with pytest.raises(PairError, match="different cameras: A and B"):
        match_exposure(raw_frame(scene(), camera="A"), raw_frame(scene(seed=1), camera="B"))


def test_a_black_and_white_photo_and_one_in_colour_are_refused() -> None:
    grey = rgb_frame(np.repeat(scene()[:1], 3, axis=0), name="grey.png")
    coloured = rgb_frame(scene(), name="colour.png", noise=0.01)
    for long, short in ((grey, coloured), (coloured, grey)):
        with pytest.raises(PairError, match=r"grey\.png is black and white, colour\.png is in"):
            match_exposure(long, short)


def test_a_photo_so_dark_that_its_colours_are_rounded_off_is_not_black_and_white() -> None:
    dark = np.repeat(scene()[:1] * 0.01, 3, axis=0)
    pair = match_exposure(rgb_frame(scene(), name="long.png"), rgb_frame(dark))
    assert pair.match.short_gain > 10


def test_frames_in_different_colour_spaces_are_refused() -> None:
    long = replace(rgb_frame(scene(), name="long.png"), profile=b"another")
    with pytest.raises(PairError, match="are in different colour spaces"):
        match_exposure(long, rgb_frame(scene(), noise=0.01))


def test_the_same_picture_twice_is_refused() -> None:
    with pytest.raises(PairError, match="the same picture"):
        match_exposure(rgb_frame(scene()), rgb_frame(scene()))


def test_different_orientation_tags_are_noted() -> None:
    light = scene()
    long = replace(raw_frame(light, name="long.dng", exposure=SLOW), orientation=6)
    pair = match_exposure(long, raw_frame(light, noise=0.01, exposure=FAST))
    assert any("orientation" in note for note in pair.match.notes)


def test_pictures_of_different_cameras_are_noted() -> None:
    light = scene()
    long = replace(rgb_frame(light), camera="Maker One")
    for camera, noted in (("Maker Two", True), ("Maker One", False), (None, False)):
        short = replace(rgb_frame(light, noise=0.01), camera=camera)
        notes = match_exposure(long, short).match.notes
        assert any("Maker One and Maker Two" in note for note in notes) is noted


@pytest.mark.parametrize("name", ["wheel", "neon", "street"])
def test_the_sample_pairs_have_equal_brightness(shared: Path, name: str) -> None:
    folder = shared / "pairs" / name
    pair = match_exposure(decode(folder / "long.dng"), decode(folder / "short.dng"))
    assert pair.match.measured_ratio == pytest.approx(1, abs=0.05)


def test_the_real_pair_is_several_stops_apart(shared: Path) -> None:
    folder = shared / "pairs" / "real-wolf"
    pair = match_exposure(decode(folder / "long.png"), decode(folder / "short.png"))
    assert pair.match.measured_ratio is not None
    assert 8 < pair.match.measured_ratio < 32
    assert not pair.match.notes
