"""What DNG results show before they are developed (DNG Specification 1.7, chapters 2 and 4)."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import rawpy
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pairfix.formats import decode, encode_dng, read_facts
from pairfix.formats.dng_preview import PREVIEW_PIXELS, preview_page, shown, thumbnail_page
from pairfix.formats.raw_development import develop_mosaic
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_read import read_chain
from pairfix.image import DevelopSettings, Frame, Picture
from pairfix.light import mosaic_from_planes, planes_from_mosaic

from .samples import check_by_exiftool, make_dng, scene

OPCODES: Directory = {51022: Entry(Kind.UNDEFINED, b"\0\0\0\1opcodes, opaque to us")}
OF_THE_MOSAIC = {
    *(33421, 33422, 50710, 50711, 50713, 50714, 50717, 50718, 50719, 50720, 51022, 322, 323),
}
OF_THE_FILE = {271, 272, 274, 305, 0x8769, 50706, 50707, 50708, 50721, 50728, 50730, 50778}


def _mosaic(frame: Frame) -> NDArray[np.float32]:
    assert frame.bayer is not None
    planes = planes_from_mosaic(frame.pixels, frame.bayer)
    return mosaic_from_planes(planes, frame.bayer, frame.size)


def _written(
    folder: Path, *, orientation: int = 1, extra: Directory | None = None
) -> tuple[Path, Frame, Picture]:
    source = decode(make_dng(folder / "a.dng", scene(), orientation=orientation, extra=extra))
    mosaic = _mosaic(source)
    picture = Picture(develop_mosaic(source, mosaic, DevelopSettings()), b"")
    encode_dng(source, mosaic, 0.0, folder / "b.dng", picture=picture)
    return folder / "b.dng", source, picture


def _directories(path: Path) -> list[dict[int, Entry]]:
    with path.open("rb") as file:
        return read_chain(file)


def _preview(path: Path) -> NDArray[np.uint8]:
    """The JPEG's pixels as the directory says where it is."""
    tags = _directories(path)[2]
    (start,), (size,) = tags[273].offsets, tags[279].offsets
    return np.asarray(Image.open(io.BytesIO(path.read_bytes()[start : start + size])))


def test_the_first_directory_is_a_thumbnail_and_the_others_are_mosaic_and_preview(
    tmp_path: Path,
) -> None:
    path, source, _ = _written(tmp_path, extra=OPCODES)
    first, mosaic, preview = _directories(path)
    assert [each[254].values for each in (first, mosaic, preview)] == [(1,), (0,), (1,)]
    assert [each[262].values for each in (first, mosaic, preview)] == [(2,), (32803,), (6,)]
    assert [each[259].values for each in (first, mosaic, preview)] == [(1,), (7,), (7,)]
    assert [each[50970].values for each in (first, preview)] == [(2,), (2,)]
    assert (mosaic[257].values, mosaic[256].values) == tuple((side,) for side in source.size)


def test_each_tag_stands_in_the_directory_that_the_specification_names(tmp_path: Path) -> None:
    first, mosaic, preview = _directories(_written(tmp_path, extra=OPCODES)[0])
    assert mosaic.keys() >= OF_THE_MOSAIC
    assert first.keys() >= OF_THE_FILE
    for directory, foreign in (
        (first, OF_THE_MOSAIC),
        (mosaic, OF_THE_FILE),
        (preview, OF_THE_MOSAIC | OF_THE_FILE),
    ):
        assert not directory.keys() & foreign


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_preview_lies_as_the_mosaic_and_shows_the_result(
    tmp_path: Path, orientation: int
) -> None:
    path, source, _ = _written(tmp_path, orientation=orientation)
    assert _directories(path)[0][274].values == (orientation,)
    upright = decode(make_dng(tmp_path / "c.dng", scene(), orientation=1))
    expected = develop_mosaic(upright, _mosaic(source), DevelopSettings()) / 257
    found = _preview(path)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 6  # JPEG of noise; 60 where it is turned otherwise
    thumbnail = np.asarray(tifffile.imread(path), np.float64)
    assert np.abs(thumbnail - expected).mean() < 1


def test_the_preview_shows_what_the_camera_shows(tmp_path: Path) -> None:
    crop: Directory = {50719: Entry.of(Kind.SHORT, 2, 4), 50720: Entry.of(Kind.SHORT, 60, 40)}
    path, _, picture = _written(tmp_path, extra=crop)
    assert _preview(path).shape == (40, 60, 3)
    thumbnail = tifffile.imread(path)
    assert np.abs(thumbnail * 257.0 - picture.pixels[4:44, 2:62]).max() < 257


def test_a_picture_of_half_the_size_shows_the_same_part() -> None:
    pixels = np.arange(24 * 32 * 3).reshape(24, 32, 3).astype(np.uint16)
    part = shown(Picture(pixels, b""), 1, (48, 64), (2, 4, 60, 40))
    np.testing.assert_array_equal(part, pixels[2:22, 1:31])


def test_large_pictures_are_reduced() -> None:
    rows, columns = np.mgrid[0:1500, 0:2400]
    pixels = np.stack([rows * 40, columns * 27, rows * 0], axis=-1).astype(np.uint16)
    page = preview_page(pixels)
    (data,) = page.segments
    small = Image.open(io.BytesIO(data))
    assert 0.98 * PREVIEW_PIXELS < small.width * small.height <= PREVIEW_PIXELS
    assert small.width / small.height == pytest.approx(1.6, rel=0.002)
    expected = cv2.resize(pixels, small.size, interpolation=cv2.INTER_AREA) / 257
    assert np.abs(np.asarray(small) - expected).mean() < 2
    tags = thumbnail_page(pixels).directory
    assert (tags[256], tags[257]) == (Entry.of(Kind.LONG, 256), Entry.of(Kind.LONG, 160))


def test_a_photo_with_previews_is_the_same_photo(tmp_path: Path) -> None:
    path, source, picture = _written(tmp_path, orientation=6, extra=OPCODES)
    mosaic = _mosaic(source)
    encode_dng(source, mosaic, 0.0, tmp_path / "plain.dng")
    plain, with_previews = decode(tmp_path / "plain.dng"), decode(path)
    np.testing.assert_array_equal(with_previews.pixels, plain.pixels)
    for name in ("bayer", "exposure", "camera", "taken", "orientation", "exif", "notes"):
        assert getattr(with_previews, name) == getattr(plain, name), name
    assert read_facts(path).size == source.size
    np.testing.assert_array_equal(
        develop_mosaic(with_previews, _mosaic(with_previews), DevelopSettings()), picture.pixels
    )


def test_a_result_that_is_restored_again_keeps_its_tags(tmp_path: Path) -> None:
    path, _, picture = _written(tmp_path, extra=OPCODES)
    again = decode(path)
    encode_dng(again, _mosaic(again), 0.0, tmp_path / "again.dng", picture=picture)
    for before, after in zip(_directories(path), _directories(tmp_path / "again.dng"), strict=True):
        varying = {273, 279, 324, 330, 0x8769, 51041}
        assert before.keys() == after.keys()
        for tag in before.keys() - varying:
            assert before[tag] == after[tag], tag


def test_other_programs_find_the_preview(tmp_path: Path) -> None:
    levels = np.tile(scene(), (8, 8))
    source = decode(make_dng(tmp_path / "a.dng", levels))
    picture = Picture(develop_mosaic(source, _mosaic(source), DevelopSettings()), b"")
    path = tmp_path / "b.dng"
    encode_dng(source, _mosaic(source), 0.0, path, picture=picture)
    with rawpy.imread(str(path)) as raw:
        thumb = raw.extract_thumb()
        assert thumb.format == rawpy.ThumbFormat.JPEG
        assert isinstance(thumb.data, bytes)
        np.testing.assert_array_equal(Image.open(io.BytesIO(thumb.data)), _preview(path))
        stored = raw.raw_image.copy()
    with tifffile.TiffFile(path) as tiff:
        pages = tiff.pages.first.pages
        assert pages is not None
        np.testing.assert_array_equal(pages[0].asarray(), stored)
        assert pages[1].asarray().shape == (*source.size, 3)
    with Image.open(path) as thumbnail:
        assert (thumbnail.mode, thumbnail.size) == ("RGB", (256, 192))


@pytest.mark.parametrize("name", ["made.dng", "raws/canon-g2.crw", "raws/colorchart.dng"])
def test_exiftool_finds_no_fault(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    path = (
        make_dng(tmp_path / name, scene(), extra=OPCODES)
        if name == "made.dng"
        else request.getfixturevalue("shared") / name
    )
    source = decode(path)
    mosaic = _mosaic(source)
    picture = Picture(develop_mosaic(source, mosaic, DevelopSettings(), half_size=True), b"")
    encode_dng(source, mosaic, 0.5, tmp_path / "b.dng", picture=picture)
    check_by_exiftool(tmp_path / "b.dng")
