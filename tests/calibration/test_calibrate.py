"""Cameras whose noise is known: what their pairs tell of it."""

import json
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.calibration import CameraProfile, Setting, calibrate
from pairfix.calibration.load import check_alike, pairs_domain
from pairfix.errors import InputError, PairError
from pairfix.formats import decode, encode_picture
from pairfix.image import Picture
from tests.calibration.cameras import (
    READ,
    SHOT,
    SIZE,
    STATED,
    KnownCamera,
    blank_scene,
    busy_scene,
    found,
    quiet_scene,
    take_pictures,
)
from tests.scenes import scene

CLOSE = 0.15
"""Of two pairs of 0.3 megapixels, most estimates are within 0.1."""
BLACK = 0.004


def measured(camera: KnownCamera, folder: Path) -> Setting:
    """The one setting of two pairs."""
    (setting,) = calibrate(camera.takes(folder), "raw").profile.settings
    return setting


def pixels_of(path: Path) -> NDArray[np.uint16]:
    pixels = decode(path).pixels
    assert pixels.dtype == np.uint16
    return pixels.astype(np.uint16)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> CameraProfile:
    pairs = KnownCamera(stated=STATED).takes(tmp_path_factory.mktemp("plain"))
    return calibrate(pairs, "raw").profile


def test_shot_and_read_noise_are_found(plain: CameraProfile) -> None:
    (setting,) = plain.settings
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=CLOSE)
    assert setting.short.read == pytest.approx((READ,) * 4, rel=CLOSE)
    assert setting.long.shot == pytest.approx((SHOT / 8,) * 4, rel=2 * CLOSE)
    assert (setting.pairs, setting.iso) == (2, 1600)


def test_white_noise_has_neither_correlation_nor_lines_nor_offset(plain: CameraProfile) -> None:
    (setting,) = plain.settings
    assert abs(setting.short.strongest_correlation) < 0.03
    assert setting.short.rows == setting.short.columns == 0
    assert not any(setting.offset)
    assert setting.removed_rows < 0.1 * READ**0.5


def test_what_the_files_state_is_kept(plain: CameraProfile) -> None:
    (setting,) = plain.settings
    assert np.array(setting.stated) == pytest.approx(np.array(STATED))
    assert setting.short.told_shot == pytest.approx((SHOT, SHOT, SHOT, SHOT / 2), rel=0.05)
    assert plain.camera == "Known"
    assert plain.white_balances[0] == pytest.approx((1.9, 1, 1.6), rel=1e-3)


def test_colours_have_their_own_noise(tmp_path: Path) -> None:
    shot, read = (SHOT, 2 * SHOT, SHOT), (3 * READ, READ, 2 * READ)
    setting = measured(KnownCamera(shot=shot, read=read), tmp_path)
    planes = [0, 1, 1, 2]
    assert setting.short.shot == pytest.approx(np.array(shot)[planes], rel=0.25)
    assert setting.short.read == pytest.approx(np.array(read)[planes], rel=0.25)
    assert not setting.stated


def test_removed_row_noise_is_reported(tmp_path: Path) -> None:
    setting = measured(KnownCamera(rows=0.02), tmp_path)
    assert setting.removed_rows == pytest.approx(0.02, rel=0.1)
    assert setting.short.rows < 0.002
    assert setting.short.read == pytest.approx((READ,) * 4, rel=CLOSE)


def test_column_noise_is_parted_from_read_noise(tmp_path: Path) -> None:
    setting = measured(KnownCamera(columns=0.01), tmp_path)
    assert setting.short.columns == pytest.approx(0.01, rel=0.2)
    assert setting.short.rows == 0
    assert setting.short.read[1] == pytest.approx(READ, rel=0.35)


def test_noise_of_neighbours_is_found_correlated(tmp_path: Path) -> None:
    """The long frame's noise is white, and a ninth of the variance of short less long."""
    setting = measured(KnownCamera(neighbour=0.5), tmp_path)
    table = np.array(setting.short.correlation)
    expected = np.zeros((7, 7))
    expected[3, 1:6] = np.array((1 / 6, 2 / 3, 1, 2 / 3, 1 / 6)) * (8 / 9, 8 / 9, 1, 8 / 9, 8 / 9)
    assert table == pytest.approx(expected, abs=0.05)
    assert setting.short.shot[1] == pytest.approx(SHOT, rel=CLOSE)


def test_the_short_frames_black_is_found(tmp_path: Path) -> None:
    setting = measured(KnownCamera(black=BLACK), tmp_path)
    assert setting.offset == pytest.approx((BLACK,) * 4, rel=0.15)


def test_texture_and_motion_do_not_count_as_noise(tmp_path: Path) -> None:
    camera = KnownCamera()
    for seed in range(2):
        camera.take(tmp_path / f"{seed}", seed=seed, light=busy_scene(seed), moving=True)
    (setting,) = calibrate(found(tmp_path), "raw").profile.settings
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=CLOSE)
    assert setting.short.read == pytest.approx((READ,) * 4, rel=CLOSE)


def test_texture_in_both_frames_is_no_noise_of_the_long_one(tmp_path: Path) -> None:
    camera = KnownCamera(blur=1)
    camera.take(tmp_path / "0", light=busy_scene(0))
    (setting,) = calibrate(found(tmp_path), "raw").profile.settings
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=0.25)


def test_saturated_areas_are_left_alone(tmp_path: Path) -> None:
    """Where the long frame clips, the difference is no noise, however calm it is."""
    light = quiet_scene()
    light[:, 200:400, 200:450] = 1.3
    KnownCamera(black=BLACK).take(tmp_path / "0", light=light)
    KnownCamera(black=BLACK).take(tmp_path / "1", seed=1)
    (setting,) = calibrate(found(tmp_path), "raw").profile.settings
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=0.2)
    assert setting.offset == pytest.approx((BLACK,) * 4, rel=0.2)


def test_a_darker_short_frame_is_measured_in_its_own_units(tmp_path: Path) -> None:
    for seed in range(2):
        KnownCamera().take(tmp_path / f"{seed}", seed=seed, dark=4)
    (setting,) = calibrate(found(tmp_path), "raw").profile.settings
    assert setting.brightening == pytest.approx(4, rel=0.05)
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=CLOSE)
    assert setting.short.read == pytest.approx((READ,) * 4, rel=CLOSE)


def test_each_iso_is_a_setting(tmp_path: Path) -> None:
    camera = KnownCamera()
    for iso in (3200, 800):
        shot = SHOT * iso / 1600
        replace(camera, iso=iso, shot=(shot,) * 3).take(tmp_path / f"{iso}")
    low, high = calibrate(found(tmp_path), "raw").profile.settings
    assert (low.iso, high.iso) == (800, 3200)
    assert low.short.shot[1] == pytest.approx(SHOT / 2, rel=0.25)
    assert high.short.shot[1] == pytest.approx(2 * SHOT, rel=0.25)


def test_pictures_are_calibrated_too(tmp_path: Path) -> None:
    deviation = 0.02
    for seed in range(2):
        take_pictures(tmp_path / f"{seed}", deviation=deviation, seed=seed)
    profile = calibrate(found(tmp_path), "srgb").profile
    (setting,) = profile.settings
    assert (profile.domain, profile.white_balances) == ("srgb", ())
    fit = setting.short
    at_middle = np.array(fit.shot) * 0.2 + np.array(fit.read)
    assert at_middle == pytest.approx((deviation**2,) * 3, rel=0.25)
    assert np.array(fit.channels) == pytest.approx(np.eye(3), abs=0.05)


def test_json_gives_the_same_profile_back(plain: CameraProfile, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(plain.as_json(), encoding="utf-8")
    assert CameraProfile.read(path) == plain


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"settings": [1]}',
        '{"settings": {"a": 1}}',
        '{"settings": [], "domain": "raw"}',
        "\x00\xff",
    ],
)
def test_damaged_json_is_an_input_error(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_bytes(damage.encode("latin-1"))
    with pytest.raises(InputError, match="is not a camera's calibration"):
        CameraProfile.read(path)


def test_a_number_that_is_none_is_an_input_error(plain: CameraProfile, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    good = f'"brightening": {plain.settings[0].brightening}'
    for wrong in ('"brightening": "much"', '"brightening": NaN'):
        text = plain.as_json()
        assert good in text
        path.write_text(text.replace(good, wrong), encoding="utf-8")
        with pytest.raises(InputError, match="is not a camera's calibration"):
            CameraProfile.read(path)


@pytest.mark.parametrize("gains", [[0, 1, 1], [-1, 1, 1], [1e300, 1, 1]])
def test_white_balances_that_no_camera_has(
    plain: CameraProfile, tmp_path: Path, gains: list[float]
) -> None:
    path = tmp_path / "calibration.json"
    stored = json.loads(plain.as_json()) | {"white_balances": [gains]}
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(InputError, match="is not a camera's calibration"):
        CameraProfile.read(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iso", "100"),
        ("iso", []),
        *(("iso", value) for value in (-1, 1e300)),
        ("pairs", None),
        *(("pairs", value) for value in (0, -3, 10**17)),
        *(("brightening", value) for value in (0, -1, 1e30)),
        ("offset", {"a": 1}),
        ("offset", "abcd"),
        ("offset", [1e300] * 4),
        ("offset", [0.0]),
        ("offset", [None] * 4),
        ("stated", [[1]]),
        ("stated", [[1, 2]] * 4),
        ("stated", 7),
        *(("stated", [[1, value]] * 3) for value in (-1, 1e300)),
        ("short.shot", [-1e-3] * 4),
        ("short.read", [[0.0]] * 4),
        ("long.told_shot", ["a"] * 4),
        ("long.rows", -1.0),
        ("short.channels", [[1.0, 0.0]]),
        *(("short.correlation", [[0.0] * side] * side) for side in (0, 2, 33)),
        ("short.correlation", [[1.0, 2.0], [1.0]]),
    ],
)
def test_numbers_that_no_camera_has(
    plain: CameraProfile, tmp_path: Path, name: str, value: object
) -> None:
    path = tmp_path / "calibration.json"
    content = json.loads(plain.as_json())
    place, (*outer, last) = content["settings"][0], name.split(".")
    for each in outer:
        place = place[each]
    assert last in place
    place[last] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="is not a camera's calibration"):
        CameraProfile.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * (1 << 20),
        '{"settings": ' * 900 + "1",
        '{"settings": ' + "1" * 9999 + "}",
        " " * 5000000,
    ],
    ids=["deep", "nested", "digits", "large"],
)
def test_json_that_would_take_long_is_an_input_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text, encoding="utf-8")
    begun = time.process_time()
    with pytest.raises(InputError, match="is not a camera's calibration"):
        CameraProfile.read(path)
    assert time.process_time() - begun < 2


def test_missing_json_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        CameraProfile.read(tmp_path / "none.json")


def test_black_and_unlike_pairs_are_left_out(tmp_path: Path) -> None:
    camera = KnownCamera()
    camera.take(tmp_path / "good")
    camera.take(tmp_path / "black", light=quiet_scene() * np.float32(0))
    camera.take(tmp_path / "one", seed=1)
    camera.take(tmp_path / "unlike", seed=2)
    (tmp_path / "one" / "long.dng").replace(tmp_path / "unlike" / "long.dng")
    (tmp_path / "one" / "short.dng").unlink()
    calibrated = calibrate(found(tmp_path), "raw")
    reasons = {each.path.parent.name: each.reason for each in calibrated.left_out}
    assert set(reasons) == {"black", "unlike"}
    assert "aligned" in reasons["unlike"] or "scene" in reasons["unlike"]
    assert [each.name for each in calibrated.evidence] == ["good"]


def test_photos_that_vanish_are_left_out(tmp_path: Path) -> None:
    pairs = KnownCamera().takes(tmp_path)
    pairs[0].short.unlink()
    assert pairs_domain(pairs) == "raw"
    assert [each.path for each in calibrate(pairs, "raw").left_out] == [pairs[0].long]
    with pytest.raises(InputError, match="does not exist"):
        pairs_domain(pairs[:1])


def test_nothing_usable_is_a_pair_error(tmp_path: Path) -> None:
    KnownCamera().take(tmp_path / "black", light=quiet_scene() * np.float32(0))
    with pytest.raises(PairError, match="none of 1 pairs can be used"):
        calibrate(found(tmp_path), "raw")


def test_pairs_of_several_cameras_are_refused(tmp_path: Path) -> None:
    KnownCamera().take(tmp_path / "0")
    KnownCamera(name="Other").take(tmp_path / "1")
    with pytest.raises(PairError, match="different cameras: Known and Other"):
        calibrate(found(tmp_path), "raw")


def test_a_camera_that_says_no_name_does_not_hide_that_others_differ(tmp_path: Path) -> None:
    for number, name in enumerate(("Known", "Known", "Other")):
        KnownCamera(name=name).take(tmp_path / f"{number}")
    first, *others = found(tmp_path)
    nameless = replace(
        first,
        long_facts=replace(first.long_facts, camera=None),
        short_facts=replace(first.short_facts, camera=None),
    )
    check_alike((nameless, others[0]))
    with pytest.raises(PairError, match="different cameras: Known and Other"):
        check_alike((nameless, *others))


def test_pairs_that_are_all_texture_do_not_spoil_the_others(tmp_path: Path) -> None:
    """No block of theirs is calm enough in the end: the scale of nothing is no scale."""
    for seed in range(2):
        KnownCamera().take(tmp_path / f"busy{seed}", seed=seed, light=scene(SIZE, seed, radius=2))
    KnownCamera().take(tmp_path / "quiet")
    (setting,) = calibrate(found(tmp_path), "raw").profile.settings
    assert setting.short.shot == pytest.approx((SHOT,) * 4, rel=0.2)
    assert setting.long.shot == pytest.approx((SHOT / 8,) * 4, rel=0.5)


def test_drawn_pictures_have_no_noise_to_measure(tmp_path: Path) -> None:
    drawn = np.full((3, *SIZE), 0.1, np.float32)
    for top, left, *colour in np.random.default_rng(0).uniform(size=(25, 5)):
        row, column = int(top * SIZE[0]), int(left * SIZE[1])
        drawn[:, row : row + 100, column : column + 130] = np.array(colour)[:, None, None] / 2
    for path in take_pictures(tmp_path / "0", deviation=0, light=drawn).iterdir():
        encode_picture(Picture(pixels_of(path), b""), path, bits=8, overwrite=True)
    with pytest.raises(PairError, match="no noise can be measured"):
        calibrate(found(tmp_path), "srgb")


def test_pictures_too_small_for_a_block_are_left_out(tmp_path: Path) -> None:
    take_pictures(tmp_path / "0", deviation=0.02)
    for path in take_pictures(tmp_path / "1", deviation=0.02, seed=1).iterdir():
        encode_picture(Picture(pixels_of(path)[:100], b""), path, overwrite=True)
    (small,) = calibrate(found(tmp_path), "srgb").left_out
    assert "short.png is too small: 640 x 100 pixels" in small.reason


def test_too_little_that_is_flat_is_a_pair_error(tmp_path: Path) -> None:
    KnownCamera().take(tmp_path / "0", light=blank_scene())
    with pytest.raises(PairError, match=r"only \d+ blocks in .* are flat and still; 60 are needed"):
        calibrate(found(tmp_path), "raw")


def test_few_blocks_give_a_rough_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    KnownCamera().take(tmp_path / "0")
    (setting,) = calibrate(found(tmp_path), "raw").profile.settings
    assert not caplog.text
    monkeypatch.setattr(
        import_module("pairfix.calibration.calibrate"), "_ROUGH", setting.blocks + 1
    )
    calibrate(found(tmp_path), "raw")
    assert f"at ISO 1600 is a rough estimate: only {setting.blocks} blocks" in caplog.text


def test_a_setting_with_too_little_is_left_out(tmp_path: Path) -> None:
    KnownCamera().take(tmp_path / "0")
    KnownCamera(iso=100).take(tmp_path / "1", light=blank_scene())
    calibrated = calibrate(found(tmp_path), "raw")
    assert [each.iso for each in calibrated.profile.settings] == [1600]
    (scarce,) = calibrated.left_out
    assert "blocks at its setting" in scarce.reason
