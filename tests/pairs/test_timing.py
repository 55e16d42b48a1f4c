"""Pairs found by EXIF."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pairfix.formats import decode, encode_capture, encode_dng, encode_picture
from pairfix.image import Exposure, HeaderFacts
from pairfix.pairs import FEWEST_STOPS, SECONDS_APART, find_pairs
from pairfix.pairs.timing import pair_by_time
from tests.formats.samples import picture
from tests.shots import left_out, shoot_jpeg, shoot_raw

_START = datetime(2026, 5, 1, 21, 10)  # noqa: DTZ001  (EXIF times may lack a zone)
_ROOT = Path("photos")


def _shot(name: str, seconds: float, shutter: float, camera: str | None = "A") -> HeaderFacts:
    return HeaderFacts(
        path=_ROOT / f"{name}.dng",
        kind="raw",
        size=(48, 64),
        exposure=Exposure(shutter),
        camera=camera,
        taken=_START + timedelta(seconds=seconds),
    )


def _paired(*photos: HeaderFacts) -> list[tuple[str, str]]:
    pairs, unpaired = pair_by_time(photos, _ROOT)
    assert len(unpaired) + 2 * len(pairs) == len(photos)
    return [(pair.long.stem, pair.short.stem) for pair in pairs]


def test_pairs_are_found_by_seconds_and_exposure_times(tmp_path: Path) -> None:
    shoot_raw(tmp_path / "a" / "IMG_1.dng", shutter=1 / 60, time="21:10:01", sub_second="25")
    shoot_raw(tmp_path / "b" / "IMG_2.dng", shutter=1 / 4, time="21:10:02", sub_second="75")
    shoot_jpeg(tmp_path / "IMG_3.jpg", shutter=1 / 4, time="21:20:01", offset="+02:00")
    shoot_jpeg(tmp_path / "IMG_4.jpg", shutter=1 / 60, time="21:20:03", offset="+02:00")
    found = find_pairs(tmp_path)
    assert [(pair.name, pair.how) for pair in found.pairs] == [
        ("IMG_3", "exif"),
        ("b/IMG_2", "exif"),
    ]
    pictures, raws = found.pairs
    assert (raws.short.name, raws.seconds) == ("IMG_1.dng", -1.5)
    assert (pictures.short.name, pictures.seconds) == ("IMG_4.jpg", 2)
    assert raws.stops == pytest.approx(3.907, abs=1e-3)


def test_photos_that_fit_no_other_are_left_out(tmp_path: Path) -> None:
    shoot_jpeg(tmp_path / "alone.jpg", time="10:00:00")
    shoot_jpeg(tmp_path / "similar1.jpg", time="12:00:00", shutter=1 / 60)
    shoot_jpeg(tmp_path / "similar2.jpg", time="12:00:01", shutter=1 / 30)
    shoot_jpeg(tmp_path / "other1.jpg", time="14:00:00", camera="One")
    shoot_jpeg(tmp_path / "other2.jpg", time="14:00:01", shutter=1, camera="Two")
    shoot_raw(tmp_path / "twin.dng", time="16:00:00")
    shoot_jpeg(tmp_path / "twin.jpg", time="16:00:00")
    Image.new("RGB", (64, 48)).save(tmp_path / "plain.png")
    found = find_pairs(tmp_path)
    reasons = left_out(found)
    assert not found.pairs
    for name in ("alone.jpg", "other1.jpg", "other2.jpg", "twin.dng"):
        assert reasons[name].startswith("no other photo of its camera, size and kind within 10 s")
    assert reasons["similar2.jpg"].startswith("its exposure time is within 1.5 stops")
    assert reasons["twin.jpg"] == "twin.dng, its raw, is used instead"
    assert reasons["plain.png"] == ("its metadata lack its camera, time, exposure time")


def test_raws_make_the_pair_beside_their_pictures(tmp_path: Path) -> None:
    for shoot, suffix in ((shoot_raw, "dng"), (shoot_jpeg, "jpg")):
        shoot(tmp_path / f"1.{suffix}", shutter=1 / 4, time="21:10:00")
        shoot(tmp_path / f"2.{suffix}", shutter=1 / 60, time="21:10:01")
    found = find_pairs(tmp_path)
    assert [pair.long.name for pair in found.pairs] == ["1.dng"]
    assert sorted(left_out(found)) == ["1.jpg", "2.jpg"]


def test_a_result_is_no_exposure_unless_its_name_says_so(tmp_path: Path) -> None:
    long = decode(shoot_raw(tmp_path / "1.dng", shutter=1 / 4, time="21:10:00"))
    short = decode(shoot_raw(tmp_path / "2.dng", shutter=1 / 60, time="21:10:01"))
    mosaic = np.full(short.size, 0.25, np.float32)
    for name in ("0-restored.dng", "a_short.dng"):
        encode_dng(short, mosaic, 0, tmp_path / name)
    encode_picture(replace(picture(), exif=short.exif), tmp_path / "2-restored.jpg")
    encode_capture(replace(long, camera="Test Bayer"), np.eye(3), tmp_path / "a_long.dng")
    found = find_pairs(tmp_path)
    assert [(pair.long.name, pair.short.name) for pair in found.pairs] == [
        ("1.dng", "2.dng"),
        ("a_long.dng", "a_short.dng"),
    ]
    assert left_out(found) == dict.fromkeys(
        ("0-restored.dng", "2-restored.jpg"), "is a result of pairfix"
    )


def test_rendered_captures_are_exposures(tmp_path: Path) -> None:
    for name, shutter in (("1", 1 / 4), ("2", 1 / 60)):
        frame = decode(shoot_raw(tmp_path / "camera.dng", shutter=shutter))
        (tmp_path / "camera.dng").unlink()
        encode_capture(frame, np.eye(3), tmp_path / f"{name}.dng")
    assert [pair.long.name for pair in find_pairs(tmp_path).pairs] == ["1.dng"]


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        ("LSLS", ["01", "23"]),
        ("SLSL", ["10", "32"]),
        ("LSSS", ["01"]),
        ("SSLL", ["21"]),
        ("LLSS", ["12"]),
        ("SL", ["10"]),
        ("LL", []),
    ],
)
def test_a_burst_makes_pairs_that_do_not_overlap(sequence: str, expected: list[str]) -> None:
    shots = [
        _shot(str(place), place, 1 / 4 if letter == "L" else 1 / 60)
        for place, letter in enumerate(sequence)
    ]
    assert _paired(*reversed(shots)) == [tuple(each) for each in expected]


def test_a_burst_within_one_second_goes_by_names() -> None:
    shots = [_shot(str(place), 0, (1 / 4, 1 / 60)[place % 2]) for place in range(4)]
    assert _paired(*shots) == [("0", "1"), ("2", "3")]


def test_the_nearest_in_time_win() -> None:
    shots = _shot("0", 0, 1 / 60), _shot("1", 9, 1 / 4), _shot("2", 10, 1 / 60), _shot("3", 19, 1)
    assert _paired(*shots) == [("1", "2")]
    _, unpaired = pair_by_time(shots, _ROOT)
    assert {each.reason.split(":")[0] for each in unpaired} == {"ambiguous"}
    near = _shot("0", 0, 1 / 4), _shot("1", 1, 1 / 60), _shot("2", 1.9, 1 / 4), _shot("3", 3, 0.01)
    assert _paired(*near) == [("0", "1"), ("2", "3")]


def test_a_bracket_whose_neighbours_are_too_close_makes_a_pair_of_its_ends() -> None:
    assert _paired(*(_shot(str(n), n, shutter) for n, shutter in enumerate((0.25, 0.125, 0.0625))))


def test_the_longer_exposure_time_adds_to_the_allowed_interval() -> None:
    assert _paired(_shot("0", 0, 8), _shot("1", 17, 1 / 60)) == [("0", "1")]
    assert _paired(_shot("0", 0, 8), _shot("1", 19, 1 / 60)) == []


def test_the_documented_number_of_stops_is_enough() -> None:
    enough = 2**FEWEST_STOPS / 60
    assert _paired(_shot("0", 0, enough), _shot("1", 1, 1 / 60)) == [("0", "1")]
    assert _paired(_shot("0", 0, enough * 0.99), _shot("1", 1, 1 / 60)) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([1 / 500, 1 / 60, 1 / 15, 2.0])), max_size=20
    )
)
def test_no_photo_is_used_twice_and_all_are_accounted_for(burst: list[tuple[int, float]]) -> None:
    shots = [_shot(f"{n:02}", seconds, shutter) for n, (seconds, shutter) in enumerate(burst)]
    pairs, unpaired = pair_by_time(shots, _ROOT)
    used = [path for pair in pairs for path in (pair.long, pair.short)]
    assert sorted([*used, *(each.path for each in unpaired)]) == [shot.path for shot in shots]
    for pair in pairs:
        assert pair.stops is not None
        assert pair.stops >= FEWEST_STOPS
        assert pair.seconds is not None
        assert abs(pair.seconds) < SECONDS_APART + (pair.long_facts.exposure.shutter or 0)
