"""How a photo was taken, told in several ways."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix.formats import decode, metadata, read_facts
from pairfix.formats.shot import exposure_of
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.image import Exposure

from .samples import make_dng, scene

TIME, F_NUMBER, ISO, KIND = 0x829A, 0x829D, 0x8827, 0x8830
STANDARD_OUTPUT, RECOMMENDED, ISO_SPEED = 0x8831, 0x8832, 0x8833
SPEED_VALUE, APERTURE_VALUE = 0x9201, 0x9202


@pytest.mark.parametrize(("apex", "shutter"), [(6.0, 1 / 64), (0.0, 1.0), (-2.0, 4.0)])
def test_the_time_follows_from_its_logarithm(apex: float, shutter: float) -> None:
    tags = {SPEED_VALUE: Entry.of(Kind.SRATIONAL, apex)}
    assert exposure_of(tags).shutter == shutter


def test_the_aperture_follows_from_its_logarithm() -> None:
    tags = {APERTURE_VALUE: Entry.of(Kind.RATIONAL, 3.0)}
    assert exposure_of(tags).aperture == pytest.approx(2.828, abs=1e-3)


def test_logarithms_do_not_replace_what_is_stated() -> None:
    tags = {
        TIME: Entry.of(Kind.RATIONAL, 1 / 60),
        F_NUMBER: Entry.of(Kind.RATIONAL, 1.8),
        SPEED_VALUE: Entry.of(Kind.SRATIONAL, 6),
        APERTURE_VALUE: Entry.of(Kind.RATIONAL, 2),
    }
    found = exposure_of(tags)
    assert found.shutter == pytest.approx(1 / 60)
    assert found.aperture == 1.8


@pytest.mark.parametrize("value", [1e6, -1e6, 65.0, float("nan")])
def test_an_impossible_logarithm_is_unknown(value: float) -> None:
    tags = {tag: Entry.of(Kind.DOUBLE, value) for tag in (SPEED_VALUE, APERTURE_VALUE)}
    assert exposure_of(tags) == Exposure()


@pytest.mark.parametrize("stated", [None, 65535, 0])
@pytest.mark.parametrize(
    ("kind", "iso"),
    [
        (1, 1000),
        (2, 102400),
        (3, 3000),
        (4, 1000),
        (5, 1000),
        (6, 102400),
        (7, 102400),
        (9, 102400),
    ],
)
def test_the_iso_is_of_the_kind_that_the_file_says(
    stated: int | None, kind: int, iso: float
) -> None:
    tags = {
        KIND: Entry.of(Kind.SHORT, kind),
        STANDARD_OUTPUT: Entry.of(Kind.LONG, 1000),
        RECOMMENDED: Entry.of(Kind.LONG, 102400),
        ISO_SPEED: Entry.of(Kind.LONG, 3000),
    }
    if stated is not None:
        tags[ISO] = Entry.of(Kind.SHORT, stated)
    assert exposure_of(tags).iso == iso


@pytest.mark.parametrize("tag", [STANDARD_OUTPUT, RECOMMENDED, ISO_SPEED])
def test_any_kind_counts_where_the_right_one_is_missing(tag: int) -> None:
    tags = {KIND: Entry.of(Kind.SHORT, 2), tag: Entry.of(Kind.LONG, 204800)}
    assert exposure_of(tags).iso == 204800


def test_an_iso_that_fits_is_taken_as_it_is() -> None:
    tags = {ISO: Entry.of(Kind.SHORT, 800), RECOMMENDED: Entry.of(Kind.LONG, 1600)}
    assert exposure_of(tags).iso == 800


def test_an_iso_beyond_16_bits_is_unknown_unless_something_says_it() -> None:
    tags = {ISO: Entry.of(Kind.SHORT, 65535)}
    assert exposure_of(tags).iso is None
    assert exposure_of(tags, Exposure(iso=65535)).iso is None
    assert exposure_of(tags, Exposure(iso=102400)).iso == 102400


@given(
    st.dictionaries(
        st.sampled_from([TIME, F_NUMBER, ISO, KIND, RECOMMENDED, SPEED_VALUE, APERTURE_VALUE]),
        st.builds(
            lambda kind, values: Entry.of(kind, *values),
            st.sampled_from([Kind.SHORT, Kind.LONG, Kind.RATIONAL, Kind.SRATIONAL, Kind.DOUBLE]),
            st.lists(st.floats(), max_size=2),
        ),
    )
)
def test_any_tags_are_plausible_or_unknown(tags: dict[int, Entry]) -> None:
    found = exposure_of(tags)
    for value in (found.shutter, found.iso, found.aperture):
        assert value is None or 1e-7 <= value <= 1e7


def test_what_is_derived_is_in_the_frame_its_facts_and_the_result(tmp_path: Path) -> None:
    tags: Directory = {
        SPEED_VALUE: Entry.of(Kind.SRATIONAL, 3),
        APERTURE_VALUE: Entry.of(Kind.RATIONAL, 2),
        RECOMMENDED: Entry.of(Kind.LONG, 6400),
    }
    path = make_dng(tmp_path / "a.dng", scene(), extra={0x8769: tags})
    frame = decode(path)
    assert frame.exposure == Exposure(1 / 8, 6400, 2.0) == read_facts(path).exposure
    stated = metadata.parse(frame.exif)[1]
    assert [stated[tag].number for tag in (TIME, F_NUMBER, ISO)] == [1 / 8, 2.0, 6400]
