"""Lossless JPEG in DNG results: what decoders get back, and what the coded tiles promise."""

from pathlib import Path

import numpy as np
import pytest
import rawpy
import tifffile
from numpy.typing import NDArray

from pairfix.formats import decode, encode_dng
from pairfix.formats.tiff import Entry
from pairfix.formats.tiff_read import read_chain
from pairfix.image import Frame
from pairfix.light import mosaic_from_planes, planes_from_mosaic

from .samples import make_dng

EXAMPLE = Path(__file__).parents[2] / "examples" / "neon" / "long.dng"
START_OF_FRAME, START_OF_SCAN = b"\xff\xc3", b"\xff\xda"


def _noise(height: int, width: int) -> NDArray[np.uint16]:
    return np.random.default_rng(height * width).integers(64, 1024, (height, width), np.uint16)


def _written(folder: Path, levels: NDArray[np.uint16]) -> tuple[Path, NDArray[np.uint16]]:
    """A DNG result and the 16-bit mosaic that was put into it."""
    source = decode(make_dng(folder / "source.dng", levels))
    mosaic = np.random.default_rng(2).random(source.size).astype(np.float32)
    encode_dng(source, mosaic, 0.0, folder / "result.dng")
    return folder / "result.dng", np.rint(mosaic * 65535).astype(np.uint16)


def _raw_tags(path: Path) -> dict[int, Entry]:
    with path.open("rb") as file:
        return next(each for each in read_chain(file) if each[262].values == (32803,))


def _tiles(path: Path) -> list[bytes]:
    tags, data = _raw_tags(path), path.read_bytes()
    return [
        data[start : start + size]
        for start, size in zip(tags[324].offsets, tags[325].offsets, strict=True)
    ]


@pytest.mark.parametrize(
    "size", [(22, 24), (48, 64), (47, 65), (255, 257), (256, 256), (300, 530), (600, 50), (40, 512)]
)
def test_every_size_comes_back_exactly(tmp_path: Path, size: tuple[int, int]) -> None:
    path, stored = _written(tmp_path, _noise(*size))
    with rawpy.imread(str(path)) as raw:
        np.testing.assert_array_equal(raw.raw_image, stored)
    with tifffile.TiffFile(path) as tiff:
        np.testing.assert_array_equal(tiff.pages.first.asarray(), stored)


def test_extreme_neighbours_come_back_exactly(tmp_path: Path) -> None:
    """A difference of 65535 wraps to -1, one of 32768 has a code of its own without extra bits."""
    source = decode(make_dng(tmp_path / "source.dng", _noise(64, 64)))
    levels = np.random.default_rng(3).choice([0, 32767, 32768, 65535], source.size)
    encode_dng(source, (levels / 65535).astype(np.float32), 0.0, tmp_path / "result.dng")
    with rawpy.imread(str(tmp_path / "result.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image, levels)


def test_tiles_are_what_every_converter_decodes(tmp_path: Path) -> None:
    path, _ = _written(tmp_path, _noise(300, 530))
    tags = _raw_tags(path)
    assert [tags[tag].values for tag in (259, 322, 323)] == [(7,), (256,), (256,)]
    tiles = _tiles(path)
    assert len(tiles) == 2 * 3
    assert all(start % 2 == 0 for start in tags[324].offsets)
    for tile in tiles:
        assert tile.startswith(b"\xff\xd8")
        assert tile.endswith(b"\xff\xd9")
        frame = tile[tile.index(START_OF_FRAME) + 4 :]
        bits, height, width, components = (
            frame[0],
            int.from_bytes(frame[1:3], "big"),
            int.from_bytes(frame[3:5], "big"),
            frame[5],
        )
        assert (bits, height, width, components) == (16, 256, 128, 2)
        scan = tile[tile.index(START_OF_SCAN) + 4 :]
        assert scan[0] == components
        predictor, end, point_transform = scan[1 + 2 * components :][:3]
        assert (predictor, end, point_transform) == (1, 0, 0)


def test_a_photo_takes_less_than_three_quarters_of_its_size(tmp_path: Path) -> None:
    source = decode(EXAMPLE)
    encode_dng(source, _unit_mosaic(source), 0.0, tmp_path / "result.dng")
    coded = sum(map(len, _tiles(tmp_path / "result.dng")))
    assert 0.5 < coded / (2 * source.pixels.size) < 0.72  # 0.696 when this was written


def _unit_mosaic(frame: Frame) -> NDArray[np.float32]:
    assert frame.bayer is not None
    return mosaic_from_planes(
        planes_from_mosaic(frame.pixels, frame.bayer), frame.bayer, frame.size
    )
