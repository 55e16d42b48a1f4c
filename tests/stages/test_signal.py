from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pairfix.errors import PairError
from pairfix.formats import decode
from pairfix.image import Frame
from pairfix.light import planes_from_frame
from pairfix.stages.prepare import prepare_pair
from pairfix.stages.signal import check_signal
from tests.formats.samples import make_dng
from tests.scenes import raw_frame, rgb_frame, scene

SIZE = (192, 256)
DARK = np.zeros((3, *SIZE), np.float32)
Taken = Callable[..., Frame]


def check(frame: Frame) -> None:
    check_signal(frame, planes_from_frame(frame))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [0.0, 1e-4, 3e-3, 0.03])
@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_noise_alone_is_black(taken: Taken, noise: float, seed: int) -> None:
    with pytest.raises(PairError, match="is black: it holds no light above its noise"):
        check(taken(DARK, noise=noise, seed=seed))


def test_what_a_sensor_adds_to_black_is_no_light() -> None:
    """Hot pixels, row noise, offsets of columns, and a black level that drifts down the rows."""
    rng = np.random.default_rng(5)
    frame = raw_frame(DARK, noise=3e-3, seed=5)
    levels = frame.pixels + rng.normal(0, 4, (SIZE[0], 1)) + rng.normal(0, 2, (1, SIZE[1]))
    levels += np.linspace(-3, 3, SIZE[0])[:, None]
    levels[rng.random(SIZE) < 1e-3] = 3000
    with pytest.raises(PairError, match="is black"):
        check(replace(frame, pixels=np.clip(np.rint(levels), 0, 4095).astype(np.uint16)))


@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_a_dark_scene_deep_in_its_noise_is_a_photo(taken: Taken) -> None:
    check(taken(scene(SIZE, radius=12) * 0.05, noise=0.03))


@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_a_handful_of_stars_in_a_black_sky_is_a_photo(taken: Taken) -> None:
    light = DARK.copy()
    rng = np.random.default_rng(2)
    for row, column in rng.integers(8, 180, (5, 2)):
        light[:, row, column] = 1
    stars = np.stack([cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in light])
    check(taken(stars, noise=0.003))


@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_an_even_wall_is_a_photo(taken: Taken) -> None:
    check(taken(DARK + 0.05, noise=0.01))


@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_a_frame_of_which_hardly_anything_is_not_saturated_is_blown_out(taken: Taken) -> None:
    light = scene(SIZE)
    light[:, :-1] = 4
    with pytest.raises(PairError, match="is blown out: all of it is saturated"):
        check(taken(light, noise=0.01))


@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_a_largely_saturated_frame_is_a_photo(taken: Taken) -> None:
    light = scene(SIZE)
    light[:, :-10] = 4
    check(taken(light, noise=0.01))


@pytest.mark.parametrize("taken", [raw_frame, rgb_frame])
def test_one_tone_is_no_photo(taken: Taken) -> None:
    with pytest.raises(PairError, match="is one even tone"):
        check(taken(DARK + 0.2))


@pytest.mark.parametrize(
    ("level", "noise", "reason"), [(64, 3, "is black"), (1023, 0, "is blown out")]
)
@pytest.mark.parametrize("role", ["short", "long"])
def test_a_raw_file_that_shows_nothing_is_refused(
    level: int, noise: float, reason: str, role: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    picture = 80 + 800 * scene(SIZE)[1] + rng.normal(0, 3, SIZE)
    nothing = level + rng.normal(0, noise, SIZE)
    long, short = (
        make_dng(
            tmp_path / f"{name}.dng",
            np.clip(np.rint(nothing if name == role else picture), 0, 1023).astype(np.uint16),
        )
        for name in ("long", "short")
    )
    with pytest.raises(PairError, match=f"{role}.dng {reason}"):
        prepare_pair(long, short)


@pytest.mark.parametrize(("level", "reason"), [(0.0, "is black"), (1.0, "is blown out")])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_file_that_shows_nothing_is_refused(
    level: float, reason: str, suffix: str, tmp_path: Path
) -> None:
    long, short = (tmp_path / f"{name}{suffix}" for name in ("long", "short"))
    noise = 0.003 if level == 0 else 0.0
    for path, light in ((long, scene(SIZE)), (short, DARK + level)):
        assert cv2.imwrite(str(path), rgb_frame(light, noise=noise).pixels[:, :, ::-1])
    with pytest.raises(PairError, match=f"short{suffix} {reason}"):
        prepare_pair(long, short)


@pytest.mark.parametrize(
    ("long", "short", "reason"), [("L", "S", "S.dng is black"), ("Lb", "Sb", "Lb.dng is blown out")]
)
def test_the_reported_cases_are_refused(shared: Path, long: str, short: str, reason: str) -> None:
    folder = shared / "cases" / "black_short"
    if not folder.is_dir():
        pytest.skip("the reported cases are not there")
    with pytest.raises(PairError, match=reason):
        prepare_pair(folder / f"{long}.dng", folder / f"{short}.dng")


@pytest.mark.parametrize("name", ["wheel", "neon", "street"])
def test_the_short_photos_of_the_sample_pairs_are_photos_even_five_stops_darker(
    shared: Path, name: str
) -> None:
    frame = decode(shared / "pairs" / name / "short.dng")
    check(frame)
    assert frame.bayer is not None
    rng = np.random.default_rng(1)
    black, span = frame.bayer.black[0], frame.bayer.white - frame.bayer.black[0]
    dark = black + (frame.pixels - black) / 32 + rng.normal(0, 0.01 * span, frame.pixels.shape)
    check(replace(frame, pixels=np.clip(np.rint(dark), 0, 65535).astype(np.uint16)))
