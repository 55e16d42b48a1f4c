"""DNGs compressed as JPEG XL are read as the same DNGs that LibRaw reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats import decode, read_domain, read_facts

from .samples import JPEG_XL, LEVELS, scene, write_tiled_dng


def fields(picture: NDArray[np.uint16], down: int, across: int) -> NDArray[np.uint16]:
    """Rows and columns as a DNG's interleave factors order them: all fields one after the other."""
    rows = np.concatenate([picture[first::down] for first in range(down)])
    return np.concatenate([rows[:, first::across] for first in range(across)], axis=1)


def assert_same(coded: Path, plain: Path) -> None:
    found, expected = decode(coded), decode(plain)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert found.bayer == expected.bayer
    assert found.notes == expected.notes
    assert read_domain(coded) == read_domain(plain)
    assert read_facts(coded).size == read_facts(plain).size


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("layout", [{"tile": (32, 16)}, {"rowsperstrip": 20}, {}])
def test_a_mosaic_is_what_libraw_reads_of_it_stored_plainly(
    tmp_path: Path, byteorder: str, layout: dict[str, Any]
) -> None:
    mosaic = scene()[:45, :61]
    coded = write_tiled_dng(tmp_path / "a.dng", mosaic, jpeg_xl=True, byteorder=byteorder, **layout)
    plain = write_tiled_dng(tmp_path / "b.dng", mosaic, jpeg_xl=False)
    assert_same(coded, plain)
    np.testing.assert_array_equal(decode(coded).pixels, mosaic)


@pytest.mark.parametrize("layout", [{"tile": (32, 16)}, {"rowsperstrip": 20}])
def test_linear_samples_are_developed_as_libraw_does(
    tmp_path: Path, layout: dict[str, Any]
) -> None:
    grey = scene()[:40, :50]
    linear = np.stack([grey, grey // 2 + 40, 1023 - grey], axis=-1)
    tags = [(50713, 3, 2, (1, 1), True), (50714, 3, 3, (60, 61, 62), True), LEVELS[-1]]
    coded = write_tiled_dng(tmp_path / "a.dng", linear, jpeg_xl=True, tags=tags, **layout)
    plain = write_tiled_dng(tmp_path / "b.dng", linear, jpeg_xl=False, tags=tags)
    assert_same(coded, plain)
    assert decode(coded).bayer is None


def test_active_area_crop_and_linearization_are_applied(tmp_path: Path) -> None:
    mosaic = scene() >> 2
    table = [min(4 * level + 3, 1023) for level in range(256)]
    tags = [
        *LEVELS,
        (50712, 3, 256, table, True),
        (50829, 4, 4, (2, 4, 46, 60), True),
        (50719, 4, 2, (2, 2), True),
        (50720, 4, 2, (40, 36), True),
    ]
    coded = write_tiled_dng(tmp_path / "a.dng", mosaic, jpeg_xl=True, tags=tags, tile=(32, 32))
    plain = write_tiled_dng(tmp_path / "b.dng", mosaic, jpeg_xl=False, tags=tags)
    assert_same(coded, plain)
    assert decode(coded).size == (44, 56)


@pytest.mark.parametrize(("down", "across"), [(2, 2), (1, 2), (3, 1)])
def test_fields_of_rows_and_columns_are_woven_again(tmp_path: Path, down: int, across: int) -> None:
    mosaic = scene()[:45, :61]
    tags = [*LEVELS, (50975, 4, 1, down, True), (52547, 4, 1, across, True)]
    stored = fields(mosaic, down, across)
    coded = write_tiled_dng(
        tmp_path / "a.dng", mosaic, jpeg_xl=True, stored=stored, tags=tags, tile=(32, 32)
    )
    np.testing.assert_array_equal(decode(coded).pixels, mosaic)


def test_raw_samples_in_a_subifd_behind_a_preview(tmp_path: Path) -> None:
    path = tmp_path / "a.dng"
    preview = np.zeros((16, 16, 3), np.uint8)
    first = write_tiled_dng(tmp_path / "b.dng", scene(), jpeg_xl=False)
    with tifffile.TiffFile(first) as tiff:
        tags = [
            (tag.code, tag.dtype, tag.count, tag.value, True)
            for tag in tiff.pages.first.tags.values()
            if tag.code > 33000
        ]
    with tifffile.TiffWriter(path) as file:
        main = [each for each in tags if each[0] > 50705 and each[0] not in (50713, 50714, 50717)]
        file.write(
            preview, photometric="rgb", subifds=1, subfiletype=1, extratags=main, metadata=None
        )
        raw = [each for each in tags if each[0] in (33421, 33422, 50713, 50714, 50717)]
        file.write(
            scene(),
            photometric="cfa",
            compression=JPEG_XL,
            tile=(32, 32),
            extratags=raw,
            metadata=None,
        )
    assert_same(path, first)


def test_without_a_white_level_white_is_that_of_the_depth(tmp_path: Path) -> None:
    mosaic = (scene() >> 2).astype(np.uint8)
    coded = write_tiled_dng(tmp_path / "a.dng", mosaic, jpeg_xl=True, tags=[], tile=(32, 32))
    bayer = decode(coded).bayer
    assert bayer is not None
    assert bayer.white == 255


def test_samples_of_a_smaller_depth_are_scaled(tmp_path: Path) -> None:
    """As the codestream's white is the directory's."""
    mosaic = (scene() >> 2).astype(np.uint8)
    ten = imagecodecs.jpegxl_encode(scene(), lossless=True, bitspersample=10)
    path = write_tiled_dng(
        tmp_path / "a.dng", mosaic.astype(np.uint16), jpeg_xl=True, tags=[], rowsperstrip=48
    )
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        place, size = page.tags[273].valueoffset, page.tags[279].valueoffset
    data = bytearray(path.read_bytes())
    data[place : place + 4] = len(data).to_bytes(4, "little")
    data[size : size + 4] = len(ten).to_bytes(4, "little")
    path.write_bytes(bytes(data) + ten)
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, np.rint(scene() * (65535 / 1023)))


@pytest.mark.parametrize("read", [decode, read_facts, read_domain])
def test_a_kind_that_is_not_read_is_named_and_not_called_damage(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = write_tiled_dng(tmp_path / "a.dng", scene(), jpeg_xl=True, bigtiff=True)
    with pytest.raises(InputError, match="raw data in a BigTIFF") as caught:
        read(path)
    assert "damaged" not in str(caught.value)


def test_floating_point_samples_are_named(tmp_path: Path) -> None:
    linear = np.full((16, 16, 3), 0.5, np.float32)
    path = write_tiled_dng(tmp_path / "a.dng", linear, jpeg_xl=True, tags=[])
    with pytest.raises(InputError, match="compressed as JPEG XL of 32 bits"):
        decode(path)


def test_a_tile_that_is_cut_or_too_small_is_damage(tmp_path: Path) -> None:
    path = write_tiled_dng(tmp_path / "a.dng", scene(), jpeg_xl=True, tile=(32, 32))
    with tifffile.TiffFile(path) as tiff:
        sizes = tiff.pages.first.tags[325].valueoffset
        width = tiff.pages.first.tags[322].valueoffset
    data = bytearray(path.read_bytes())
    cut = data[:sizes] + (12).to_bytes(4, "little") + data[sizes + 4 :]
    wide = data[:width] + (40).to_bytes(4, "little") + data[width + 4 :]
    for changed in (cut, wide):
        path.write_bytes(changed)
        with pytest.raises(InputError, match="damaged or incomplete"):
            decode(path)


@pytest.mark.parametrize("name", ["jxl_L.dng", "jxl_S.dng"])
def test_the_reported_files_are_read(shared: Path, name: str) -> None:
    path = shared / "cases" / "jxl_dng" / name
    if not path.exists():
        pytest.skip("the reported cases are not there")
    frame = decode(path)
    assert frame.bayer is not None
    assert {*frame.bayer.black} == {64.0}
    np.testing.assert_array_equal(frame.pixels, tifffile.imread(path))
