"""Photos that lie alike and are tagged differently."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairfix.formats import decode
from pairfix.formats.orientation import as_stored, turn_upright
from pairfix.pairs import find_pairs
from pairfix.stages.prepare import decode_photos
from tests.formats.samples import make_dng
from tests.formats.samples import scene as ramps
from tests.scenes import rgb_frame, scene

SIZE = (192, 256)
NOTE = "its orientation tag differs"


def pixels(noise: float = 0.0, darker: float = 1.0) -> NDArray[Any]:
    return rgb_frame(scene(SIZE) / darker, noise=noise).pixels


def tagged(path: Path, stored: NDArray[Any], orientation: int, shutter: float = 0.5) -> Path:
    exif = Image.Exif()
    exif[271], exif[272], exif[274] = "Acme", "One", orientation
    exif.get_ifd(0x8769).update({0x829A: shutter, 0x9003: "2026:05:01 21:10:01"})
    options = {"lossless": True} if path.suffix == ".webp" else {"quality": 95}
    eight = (stored >> 8).astype(np.uint8) if stored.dtype == np.uint16 else stored
    Image.fromarray(eight).save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_back_undoes_turning(orientation: int) -> None:
    stored = pixels()
    turned = turn_upright(stored, orientation)
    np.testing.assert_array_equal(as_stored(turned, orientation), stored)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
@pytest.mark.parametrize(("long", "short"), [(1, 6), (8, 1), (1, 3), (6, 8)])
def test_photos_that_are_stored_alike_are_turned_alike(
    tmp_path: Path, suffix: str, long: int, short: int
) -> None:
    paths = [
        tagged(tmp_path / f"long{suffix}", pixels(), long),
        tagged(tmp_path / f"short{suffix}", pixels(0.02, darker=4), short),
    ]
    first, second = decode_photos(paths)
    right = decode(paths[1])
    np.testing.assert_array_equal(second.pixels, right.pixels)
    stored = as_stored(decode(paths[0]).pixels, long)
    np.testing.assert_array_equal(first.pixels, turn_upright(stored, short))
    assert NOTE in first.notes[-1]


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_photo_that_a_program_has_turned_stays_upright(tmp_path: Path, orientation: int) -> None:
    upright = np.ascontiguousarray(turn_upright(pixels(), orientation))
    paths = [
        tagged(tmp_path / "long.png", upright, 1),
        tagged(tmp_path / "short.png", pixels(0.02, darker=4), orientation),
    ]
    first, _ = decode_photos(paths)
    np.testing.assert_array_equal(first.pixels, decode(paths[0]).pixels)
    assert not first.notes


def test_a_raw_and_a_jpeg_that_are_stored_alike_are_turned_alike(tmp_path: Path) -> None:
    raw = make_dng(tmp_path / "a.dng", ramps(), orientation=6)
    stored = as_stored(decode(raw, "srgb").pixels, 6)
    jpeg = tagged(tmp_path / "a.jpg", stored, 1)
    for photos in ([raw, jpeg], [jpeg, raw]):
        first, second = decode_photos(photos)
        assert first.size == second.size == decode(photos[1], "srgb").size
        levels = [each.pixels / np.iinfo(each.pixels.dtype).max for each in (first, second)]
        assert np.abs(levels[0] - levels[1]).mean() < 0.01
        assert NOTE in first.notes[-1]


def test_such_photos_are_found_as_a_pair(tmp_path: Path) -> None:
    tagged(tmp_path / "a.jpg", pixels(), 6, shutter=0.5)
    tagged(tmp_path / "b.jpg", pixels(0.02, darker=4), 1, shutter=0.03)
    (pair,) = find_pairs(tmp_path).pairs
    assert (pair.long.name, pair.short.name) == ("a.jpg", "b.jpg")
