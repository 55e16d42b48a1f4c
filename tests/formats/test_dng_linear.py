"""Linear DNG results (DNG Specification 1.7, LinearRaw)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pairfix.formats import decode, encode_linear_dng, metadata
from pairfix.formats.camera_light import demosaiced
from pairfix.formats.raw_development import develop_mosaic
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_read import read_chain
from pairfix.image import DevelopSettings, Exposure, Frame
from pairfix.light import linear_to_srgb, mosaic_from_planes, planes_from_frame

from .samples import check_by_exiftool, make_dng, picture, scene

LINEAR_RAW = [34892]
EXIF: metadata.Exif = (
    {metadata.MAKE: Entry.text("Maker"), metadata.MODEL: Entry.text("X-Trans")},
    {metadata.FOCAL_LENGTH: Entry.of(Kind.RATIONAL, 23)},
    {},
)


def _developed() -> Frame:
    return Frame(
        path=Path("x-trans.raf"),
        pixels=picture().pixels,
        exposure=Exposure(1 / 60, 3200, 1.8),
        camera="Maker X-Trans",
        exif=metadata.assemble(EXIF),
        developed=True,
    )


def _light(frame: Frame) -> NDArray[np.float32]:
    return np.ascontiguousarray(planes_from_frame(frame).transpose(1, 2, 0))


def _directories(path: Path) -> list[dict[int, Entry]]:
    with path.open("rb") as file:
        return read_chain(file)


@pytest.mark.parametrize("exposure", [0.0, 1.0])
def test_a_developed_photo_is_read_back_as_it_was(tmp_path: Path, exposure: float) -> None:
    """Half as bright with a BaselineExposure of 1 is the same photo."""
    source = _developed()
    light = _light(source) / np.float32(2**exposure)
    encode_linear_dng(source, light, exposure, tmp_path / "a.dng", picture=picture())
    read = decode(tmp_path / "a.dng")
    assert (read.bayer, read.camera) == (None, source.camera)
    difference = read.pixels.astype(int) - source.pixels
    assert np.abs(difference).max() < 0.001 * 65535


def test_samples_are_stored_exactly_in_their_own_directory(tmp_path: Path) -> None:
    light = np.random.default_rng(0).random((300, 530, 3)).astype(np.float32)
    shown = picture()
    encode_linear_dng(_developed(), light, 0.0, tmp_path / "a.dng", picture=shown)
    thumbnail, samples, preview = _directories(tmp_path / "a.dng")
    assert [each[254].values for each in (thumbnail, samples, preview)] == [(1,), (0,), (1,)]
    stated = [[*samples[tag].values] for tag in (262, 258, 277, 259, 50717)]
    assert stated == [LINEAR_RAW, [16] * 3, [3], [7], [65535] * 3]
    assert not samples.keys() & {33421, 33422, 50710, 50711}
    with tifffile.TiffFile(tmp_path / "a.dng") as tiff:
        pages = tiff.pages.first.pages
        assert pages is not None
        np.testing.assert_array_equal(pages[0].asarray(), np.rint(light * 65535))


def test_its_colours_are_those_of_srgb_and_no_cameras_profile_applies(tmp_path: Path) -> None:
    encode_linear_dng(_developed(), _light(_developed()), 0.0, tmp_path / "a.dng")
    (tags,) = _directories(tmp_path / "a.dng")
    matrix = np.array(tags[50721].values).reshape(3, 3)
    np.testing.assert_allclose(matrix @ (0.9505, 1, 1.0891), 1, atol=2e-3)  # D65
    assert [*tags[50778].values, *tags[50728].values] == [21, 1, 1, 1]
    assert tags[50708].string != "Maker X-Trans"


def test_noise_that_is_left_in_a_developed_photo_is_stated(tmp_path: Path) -> None:
    clean = np.broadcast_to(np.linspace(0.05, 0.6, 320, dtype=np.float32), (3, 320, 320))
    noise = np.random.default_rng(2).normal(0, 0.01, clean.shape).astype(np.float32)
    noisy = linear_to_srgb(clean + noise).transpose(1, 2, 0)
    source = replace(_developed(), pixels=np.rint(noisy * 65535).astype(np.uint16))
    light = (clean + noise / 4).transpose(1, 2, 0).astype(np.float32)
    encode_linear_dng(source, light, 0.0, tmp_path / "a.dng")
    (tags,) = _directories(tmp_path / "a.dng")
    assert tags[50935].number == pytest.approx(0.75, abs=0.03)
    stated = np.array(tags[51041].values).reshape(3, 2)
    np.testing.assert_allclose(np.sqrt(stated @ (0.3, 1)), 0.0025, rtol=0.2)


@pytest.mark.parametrize("pattern", ["RGGB", "GRBG", "GBRG", "BGGR"])
def test_a_demosaiced_photo_keeps_every_sample(tmp_path: Path, pattern: str) -> None:
    source = decode(make_dng(tmp_path / "a.dng", scene(), pattern=pattern, orientation=6))
    assert source.bayer is not None
    mosaic = mosaic_from_planes(planes_from_frame(source), source.bayer, source.size)
    light = demosaiced(source, mosaic, "ahd")
    for place, letter in enumerate(pattern):
        row, column = divmod(place, 2)
        np.testing.assert_allclose(
            light[row::2, column::2, "RGB".index(letter)], mosaic[row::2, column::2], atol=3 / 65535
        )


def test_a_demosaiced_photo_keeps_highlights_beyond_the_white_balance(tmp_path: Path) -> None:
    """Red, whose multiplier is 2, would be clipped at half of the sensor's range."""
    source = decode(make_dng(tmp_path / "a.dng", scene()))
    mosaic = np.full(source.size, 0.9, np.float32)
    np.testing.assert_allclose(demosaiced(source, mosaic, "ppg"), 0.9, atol=3 / 65535)


def test_a_demosaiced_photo_develops_as_its_mosaic(tmp_path: Path) -> None:
    source = decode(make_dng(tmp_path / "a.dng", scene(), orientation=6))
    assert source.bayer is not None
    mosaic = mosaic_from_planes(planes_from_frame(source), source.bayer, source.size)
    light = demosaiced(source, mosaic, "ahd")
    encode_linear_dng(source, light, 0.0, tmp_path / "b.dng")
    ours = decode(tmp_path / "b.dng").pixels.astype(int)
    theirs = develop_mosaic(source, mosaic, DevelopSettings())
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 0.002 * 65535
    before, (after,) = _directories(source.path)[0], _directories(tmp_path / "b.dng")
    for tag in (50721, 50728, 50708, 274):
        assert before[tag] == after[tag]
    assert after[51041].count == 6
    assert [*after[262].values] == LINEAR_RAW


@pytest.mark.parametrize("with_preview", [False, True])
def test_exiftool_finds_no_fault(tmp_path: Path, *, with_preview: bool) -> None:
    shown = picture() if with_preview else None
    encode_linear_dng(_developed(), _light(_developed()), 0.5, tmp_path / "a.dng", picture=shown)
    check_by_exiftool(tmp_path / "a.dng")


def test_exiftool_finds_no_fault_in_a_demosaiced_photo(tmp_path: Path) -> None:
    source = decode(make_dng(tmp_path / "a.dng", scene()))
    mosaic = np.full(source.size, 0.5, np.float32)
    light = demosaiced(source, mosaic, "ahd")
    encode_linear_dng(source, light, 0.5, tmp_path / "b.dng", picture=picture())
    check_by_exiftool(tmp_path / "b.dng")


def test_a_linear_dng_becomes_one_again(shared: Path, tmp_path: Path) -> None:
    source = decode(shared / "raws" / "linear-rgb.dng")
    assert source.developed
    encode_linear_dng(source, _light(source), 0.0, tmp_path / "b.dng")
    again = decode(tmp_path / "b.dng")
    assert np.abs(again.pixels.astype(int) - source.pixels).max() < 0.001 * 65535
    check_by_exiftool(tmp_path / "b.dng")
