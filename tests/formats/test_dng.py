from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pairfix.errors import OutputError
from pairfix.formats import decode, encode_capture, encode_dng
from pairfix.formats.raw_development import develop_mosaic
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_read import read_chain
from pairfix.image import Bayer, DevelopSettings, Exposure, Frame
from pairfix.light import mosaic_from_planes, planes_from_mosaic

from .samples import check_by_exiftool, make_dng, scene

PROFILE: Directory = {
    50936: Entry.text("Test profile"),
    50940: Entry.of(Kind.FLOAT, 0, 0, 0.5, 0.6, 1, 1),
    51041: Entry.of(Kind.DOUBLE, 1e-3, 1e-5),
    50730: Entry.of(Kind.SRATIONAL, 0.25),
    50719: Entry.of(Kind.SHORT, 2, 4),
    50720: Entry.of(Kind.SHORT, 60, 40),
    51022: Entry(Kind.UNDEFINED, b"\0\0\0\1opcodes, opaque to us"),
}


MATRIX = np.array([[0.9, -0.4, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.6]])


def rendered(pattern: str) -> Frame:
    bayer = Bayer(pattern, (60.0, 61.0, 62.0, 63.0), 1023.0, (2.0, 1.0, 1.6))
    return Frame(
        path=Path("nowhere.dng"),
        pixels=scene(),
        bayer=bayer,
        exposure=Exposure(1 / 60, 3200, 1.8),
        camera="pairfix synthetic",
        taken=datetime(2026, 5, 1, 21, 10, 1),  # noqa: DTZ001  (EXIF times have no zone)
        orientation=1,
        exif=b"",
        noise_profile=((4e-3, 1e-4), (2e-3, 2e-4), (3e-3, 3e-4)),
    )


def _unit_mosaic(frame: Frame) -> NDArray[np.float32]:
    assert frame.bayer is not None
    planes = planes_from_mosaic(frame.pixels, frame.bayer)
    return mosaic_from_planes(planes, frame.bayer, frame.size)


def _tags(path: Path) -> dict[int, Entry]:
    with path.open("rb") as file:
        return read_chain(file)[0]


@pytest.mark.parametrize("pattern", ["RGGB", "GRBG", "GBRG", "BGGR"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_develops_as_the_source(tmp_path: Path, pattern: str, orientation: int) -> None:
    black = (60, 61, 62, 63)
    path = make_dng(
        tmp_path / "a.dng", scene(), pattern=pattern, black=black, orientation=orientation
    )
    source = decode(path)
    mosaic = _unit_mosaic(source)
    encode_dng(source, mosaic, 0.0, tmp_path / "b.dng")
    written = decode(tmp_path / "b.dng")
    assert written.bayer is not None
    assert source.bayer is not None
    assert written.bayer.pattern == pattern
    assert written.orientation == orientation
    assert written.bayer.white_balance == pytest.approx(source.bayer.white_balance, rel=1e-6)
    assert (written.camera, written.exposure, written.taken) == (
        source.camera,
        source.exposure,
        source.taken,
    )
    np.testing.assert_allclose(written.pixels / 65535, mosaic.clip(0, 1), atol=0.51 / 65535)
    np.testing.assert_array_equal(
        develop_mosaic(written, _unit_mosaic(written), DevelopSettings()),
        develop_mosaic(source, mosaic, DevelopSettings()),
    )


def test_colour_tags_are_copied_and_noise_is_measured(tmp_path: Path) -> None:
    source = decode(make_dng(tmp_path / "a.dng", scene(), extra=PROFILE))
    encode_dng(source, _unit_mosaic(source), 1.5, tmp_path / "b.dng")
    before, after = _tags(source.path), _tags(tmp_path / "b.dng")
    for tag in (50721, 50728, 50778, 50936, 50940, 50719, 50720, 51022):
        assert after[tag] == before[tag]
    assert after[50730].values == (1.75,)
    assert after[50707].data == bytes([1, 3, 0, 0])
    assert (before[51041].count, after[51041].count) == (2, 6)
    assert list(after) == sorted(after)


def test_it_states_the_noise_that_is_left_and_what_share_is_gone(tmp_path: Path) -> None:
    """Levels of 0.3 with noise of 0.02, of which a twentieth is left."""
    noise = np.random.default_rng(5).normal(0, 0.02, (256, 256))
    levels = np.rint(64 + 959 * (0.3 + noise)).astype(np.uint16)
    source = decode(make_dng(tmp_path / "a.dng", levels))
    for left, removed in ((1.0, 0.0), (0.05, 0.95), (0.5, 0.5)):
        mosaic = (0.3 + left * noise).astype(np.float32)
        encode_dng(source, mosaic, 0.0, tmp_path / "b.dng", overwrite=True)
        tags = _tags(tmp_path / "b.dng")
        assert tags[50935].number == pytest.approx(removed, abs=0.02)
        values = tags[51041].values
        for shot, read in zip(values[::2], values[1::2], strict=True):
            assert shot > 0
            assert np.sqrt(0.3 * shot + read) == pytest.approx(0.02 * left, rel=0.1)
    again = decode(tmp_path / "b.dng")
    assert again.noise_profile is not None
    encode_dng(again, (0.3 + 0.25 * noise).astype(np.float32), 0.0, tmp_path / "c.dng")
    assert _tags(tmp_path / "c.dng")[50935].number == pytest.approx(0.75, abs=0.02)


def test_a_crop_that_does_not_fit_is_replaced(tmp_path: Path) -> None:
    crop: Directory = {
        50719: Entry.of(Kind.SHORT, 8, 8),
        50720: Entry.of(Kind.SHORT, 64, 48),
    }
    source = decode(make_dng(tmp_path / "a.dng", scene(), extra=crop))
    encode_dng(source, _unit_mosaic(source), 0.0, tmp_path / "b.dng")
    after = _tags(tmp_path / "b.dng")
    assert (after[50719].values, after[50720].values) == ((0, 0), (64, 48))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(arrays(np.float32, (22, 24), elements=st.floats(-0.5, 2.0, width=32)))
def test_any_mosaic_survives_to_half_a_level(tmp_path: Path, mosaic: NDArray[np.float32]) -> None:
    source = decode(make_dng(tmp_path / "a.dng", scene()[:22, :24]))
    encode_dng(source, mosaic, 0.0, tmp_path / "b.dng", overwrite=True)
    written = decode(tmp_path / "b.dng").pixels / 65535
    np.testing.assert_allclose(written, mosaic.clip(0, 1), atol=0.51 / 65535)


@pytest.mark.parametrize("pattern", ["RGGB", "GRBG", "GBRG", "BGGR"])
def test_a_rendered_frame_is_read_back_unchanged(tmp_path: Path, pattern: str) -> None:
    frame = rendered(pattern)
    encode_capture(frame, MATRIX, tmp_path / "a.dng")
    read = decode(tmp_path / "a.dng")
    np.testing.assert_array_equal(read.pixels, frame.pixels)
    assert read.bayer is not None
    assert frame.bayer is not None
    assert read.bayer.white_balance == pytest.approx(frame.bayer.white_balance, rel=1e-5)
    assert replace(read.bayer, white_balance=frame.bayer.white_balance) == frame.bayer
    assert read.exposure == frame.exposure
    assert (read.camera, read.taken) == (frame.camera, frame.taken)
    assert (read.noise_profile, read.notes) == (frame.noise_profile, ())
    _, _, matrix = (_tags(tmp_path / "a.dng")[tag].values for tag in (50719, 50720, 50721))
    np.testing.assert_allclose(matrix, MATRIX.ravel(), atol=1e-5)


def test_exiftool_finds_no_fault_in_a_rendered_frame(tmp_path: Path) -> None:
    encode_capture(rendered("GBRG"), MATRIX, tmp_path / "a.dng")
    check_by_exiftool(tmp_path / "a.dng")


def test_a_dng_needs_a_mosaic(tmp_path: Path) -> None:
    source = decode(make_dng(tmp_path / "a.dng", scene()), domain="srgb")
    with pytest.raises(OutputError, match="no Bayer mosaic"):
        encode_dng(source, np.zeros((4, 4), np.float32), 0.0, tmp_path / "b.dng")
    with pytest.raises(OutputError, match="no Bayer mosaic"):
        encode_capture(source, MATRIX, tmp_path / "b.dng")


@pytest.mark.parametrize("name", ["made.dng", "raws/canon-g2.crw", "raws/colorchart.dng"])
def test_exiftool_finds_no_fault(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    if name == "made.dng":
        path = make_dng(tmp_path / name, scene())
    else:
        path = request.getfixturevalue("shared") / name
    source = decode(path)
    encode_dng(source, _unit_mosaic(source), 0.5, tmp_path / "b.dng")
    check_by_exiftool(tmp_path / "b.dng")


def test_a_crw_keeps_its_colours(shared: Path, tmp_path: Path) -> None:
    source = decode(shared / "raws" / "canon-g2.crw")
    encode_dng(source, _unit_mosaic(source), 0.0, tmp_path / "b.dng")
    written = decode(tmp_path / "b.dng")
    ours = develop_mosaic(written, _unit_mosaic(written), DevelopSettings(demosaic="ppg"))
    theirs = develop_mosaic(source, _unit_mosaic(source), DevelopSettings(demosaic="ppg"))
    assert np.abs(ours.astype(np.int64) - theirs).mean() < 1
    assert _tags(tmp_path / "b.dng")[50720].values == (2272, 1704)
