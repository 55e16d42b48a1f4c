from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Alignment, Frame
from pairfix.light import linear_to_srgb, planes_from_frame, srgb_to_linear
from pairfix.stages.align import align
from pairfix.stages.exposure import match_exposure
from pairfix.stages.prepare import prepare_pair
from pairfix.stages.tones import match_tones
from tests.scenes import aligned, raw_frame, rgb_frame, scene

Floats = NDArray[np.floating]

SIZE = (480, 640)
LEVEL = 1 / 255


def light() -> NDArray[np.float32]:
    """A scene with dark areas."""
    smooth = scene(SIZE, seed=3, radius=16) - 0.02
    return np.asarray(0.0005 + (smooth / smooth.max()) ** 5 * 0.6, np.float32)


def long_frame(blur: float = 2) -> Frame:
    blurred = [cv2.GaussianBlur(plane, (0, 0), blur) for plane in light()]
    return rgb_frame(np.stack(blurred), name="long.png")


def with_tones(frame: Frame, curve: Floats) -> Frame:
    """The frame with each display value of 0 to 255 replaced; a table, or one for each channel."""
    table = np.clip(np.rint(curve), 0, 255).astype(np.uint8)
    tables = np.broadcast_to(table, (3, 256))
    channels = [tables[index][frame.pixels[:, :, index]] for index in range(3)]
    return replace(frame, pixels=np.stack(channels, axis=2))


def errors_by_brightness(planes: Floats, truth: Floats) -> Floats:
    """Errors in levels of the mean light of six ranges of brightness, ``6 x 3``."""
    errors = []
    for plane, true in zip(planes, truth, strict=True):
        ranges = np.array_split(np.argsort(true, axis=None), 6)
        means = [(plane.flat[places].mean(), true.flat[places].mean()) for places in ranges]
        shown = linear_to_srgb(np.array(means, np.float32))
        errors.append((shown[:, 0] - shown[:, 1]) / LEVEL)
    return np.array(errors).T


def noise_of(planes: Floats, truth: Floats) -> float:
    return float((linear_to_srgb(planes.astype(np.float32)) - linear_to_srgb(truth)).std())


def test_noise_that_was_cut_off_at_black_lifts_nothing() -> None:
    truth = light()
    short = rgb_frame(truth / 8, noise=0.004, seed=1)
    plain = align(match_exposure(long_frame(), short))
    matched = match_tones(plain)
    assert np.abs(errors_by_brightness(plain.short_planes, truth)).max() > 18
    assert np.abs(errors_by_brightness(matched.short_planes, truth)).max() < 4
    assert noise_of(matched.short_planes, truth) < 1.05 * noise_of(plain.short_planes, truth)
    assert matched.match.notes[-1] == "the short photo took its tones and colours from the long one"


LEVELS = np.arange(256) * LEVEL


@pytest.mark.parametrize(
    "curve",
    [
        255 * LEVELS**1.25,
        255 * (LEVELS - 0.1 * np.sin(2 * np.pi * LEVELS)),
        255
        * linear_to_srgb(
            np.clip(
                np.outer([1.1, 1, 0.9], srgb_to_linear(LEVELS.astype(np.float32))), 0, 1
            ).astype(np.float32)
        ),
    ],
    ids=["gamma", "contrast", "white balance"],
)
def test_tone_curves_and_white_balance_that_differ_are_matched(curve: Floats) -> None:
    truth = light()
    short = with_tones(rgb_frame(truth, noise=0.004, seed=1), curve)
    plain = align(match_exposure(long_frame(), short), "none")
    matched = match_tones(plain)
    wanted = truth * plain.match.long_gain
    assert np.abs(errors_by_brightness(plain.short_planes, wanted)).max() > 4
    assert np.abs(errors_by_brightness(matched.short_planes, wanted)).max() < 2.5


def test_frames_that_agree_stay_as_they_are() -> None:
    pair = align(match_exposure(long_frame(), rgb_frame(light(), noise=0.01, seed=1)))
    assert match_tones(pair) is pair


def test_raws_stay_as_they_are() -> None:
    pair = aligned(raw_frame(light() / 8, noise=0.01), raw_frame(light(), name="long.dng"))
    assert match_tones(pair) is pair


def test_clipped_highlights_keep_their_colour() -> None:
    truth = light()
    truth[:, 100:140, 200:240] = 20
    table = np.stack([np.minimum(np.arange(256) * gain, 255) for gain in (1, 0.94, 0.88)])
    table[:, 255] = 255
    short = with_tones(rgb_frame(truth), table)
    long = rgb_frame(truth, name="long.png")
    plain = align(match_exposure(long, short))
    matched = match_tones(plain)
    assert matched.match.notes
    inside = np.s_[:, 105:135, 205:235]
    np.testing.assert_allclose(matched.short_planes[inside], plain.short_planes[inside], atol=0.003)


def test_tones_that_differ_from_place_to_place_are_left_with_a_note() -> None:
    truth = light()
    ramp = np.linspace(-1, 1, SIZE[1])
    locally = np.clip(linear_to_srgb(truth) * (1 + 0.25 * ramp), 0, 1).astype(np.float32)
    short = rgb_frame(srgb_to_linear(locally), noise=0.002)
    plain = align(match_exposure(long_frame(), short))
    matched = match_tones(plain)
    assert matched.short_planes is plain.short_planes
    assert "local tone mapping" in matched.match.notes[-1]


def test_frames_that_could_not_be_aligned_are_compared_by_rank() -> None:
    truth = light()
    short = rgb_frame(truth / 8, noise=0.004, seed=1)
    pair = match_exposure(long_frame(), short)
    unsure = Alignment("none", np.eye(3), 0.6, 0.6, sure=False)
    turned = np.ascontiguousarray(pair.long_planes[:, ::-1, ::-1])
    matched = match_tones(
        AlignedPair(short, pair.long, pair.short_planes, turned, pair.match, unsure)
    )
    assert np.abs(errors_by_brightness(matched.short_planes, truth)).max() < 4


@pytest.mark.parametrize("size", [(1, 40), (3, 5), (60, 60)])
def test_small_and_even_frames_tell_nothing(size: tuple[int, int]) -> None:
    even = np.full((3, *size), 0.2, np.float32)
    pair = aligned(rgb_frame(even / 2), rgb_frame(even, name="long.png"))
    assert np.isfinite(match_tones(pair).short_planes).all()


def test_a_pair_with_flicker_keeps_its_matched_tones_and_their_note() -> None:
    rows = 1 + 0.25 * np.sin(2 * np.pi * 6 * np.arange(SIZE[0]) / SIZE[0])[:, None]
    short = rgb_frame(light() / 8 * rows, noise=0.002, seed=1)
    pair = prepare_pair(long_frame(), short)
    assert pair.flicker is not None
    assert any("tones and colours" in note for note in pair.match.notes)


def test_the_real_pair_takes_its_tones_from_the_long_photo(shared: Path) -> None:
    folder = shared / "pairs" / "real-wolf"
    pair = prepare_pair(folder / "long.png", folder / "short.png")
    assert any("tones and colours" in note for note in pair.match.notes)
    plain = planes_from_frame(pair.short) * pair.match.short_gain
    long = pair.long_planes
    dark = long.mean(axis=0) < np.quantile(long.mean(axis=0), 0.3)

    def tint(planes: Floats) -> float:
        shown = linear_to_srgb(planes[:, dark].mean(axis=1).astype(np.float32)) / LEVEL
        wanted = linear_to_srgb(long[:, dark].mean(axis=1)) / LEVEL
        return float(np.abs(shown - wanted).max())

    assert tint(plain) > 2 * tint(pair.short_planes)
