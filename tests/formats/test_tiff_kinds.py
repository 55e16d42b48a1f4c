"""A TIFF is more than its first page with RGB samples."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from pairfix.errors import InputError
from pairfix.formats import decode, read_facts

from .samples import picture

_REDUCED, _MASK = 1, 4


def _eight_bits() -> NDArray[np.uint8]:
    return (picture().pixels >> 8).astype(np.uint8)


def test_a_smaller_copy_and_a_mask_before_the_photo_are_passed_over(tmp_path: Path) -> None:
    path, photo = tmp_path / "a.tif", _eight_bits()
    with tifffile.TiffWriter(path) as file:
        file.write(photo[::4, ::4], photometric="rgb", subfiletype=_REDUCED)
        file.write(photo[:, :, 0] > 9, photometric="mask", subfiletype=_MASK)
        file.write(photo, photometric="rgb")
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, photo)
    assert frame.notes == ("its first page of full size was read",)
    assert read_facts(path).size == frame.size


def test_the_photo_in_a_subifd_of_its_smaller_copy(tmp_path: Path) -> None:
    path, photo = tmp_path / "a.tif", _eight_bits()
    with tifffile.TiffWriter(path) as file:
        file.write(photo[::4, ::4], photometric="rgb", subfiletype=_REDUCED, subifds=1)
        file.write(photo, photometric="rgb")
    np.testing.assert_array_equal(decode(path).pixels, photo)


def test_a_page_has_its_own_orientation(tmp_path: Path) -> None:
    path, photo = tmp_path / "a.tif", _eight_bits()
    with tifffile.TiffWriter(path) as file:
        for pixels, kind, turned in ((photo[::4, ::4], _REDUCED, 1), (photo, 0, 6)):
            tags = [(274, "H", 1, turned, True)]
            file.write(pixels, photometric="rgb", subfiletype=kind, extratags=tags)
    np.testing.assert_array_equal(decode(path).pixels, np.rot90(photo, 3))
    assert read_facts(path).size == (64, 48)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_bigtiff_has_orientation_and_camera(tmp_path: Path, order: Literal["<", ">"]) -> None:
    path, photo = tmp_path / "a.tif", _eight_bits()
    tags = [
        (271, "s", 0, "Acme", True),
        (272, "s", 0, "A camera of a long name", True),
        (274, "H", 1, 6, True),
    ]
    tifffile.imwrite(path, photo, photometric="rgb", bigtiff=True, byteorder=order, extratags=tags)
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, np.rot90(photo, 3))
    assert frame.camera == "Acme A camera of a long name"
    assert read_facts(path).size == (64, 48)


@pytest.mark.parametrize("compression", [None, "tiff_adobe_deflate", "tiff_lzw"])
def test_ycbcr_outside_a_jpeg_becomes_rgb(tmp_path: Path, compression: str | None) -> None:
    path, photo = tmp_path / "a.tif", _eight_bits()
    ycrcb = cv2.cvtColor(photo, cv2.COLOR_RGB2YCrCb)
    Image.fromarray(ycrcb[:, :, [0, 2, 1]], "YCbCr").save(path, compression=compression)
    frame = decode(path)
    assert np.abs(frame.pixels.astype(int) - photo).max() <= 2


def test_ycbcr_of_16_bits_with_a_narrow_range(tmp_path: Path) -> None:
    path, levels = tmp_path / "a.tif", (16 * 256, 235 * 256)
    black, white = (np.full((8, 8, 3), (luma, 1 << 15, 1 << 15), np.uint16) for luma in levels)
    range_tag = [n for value in (*levels, 1 << 15, 240 << 8, 1 << 15, 240 << 8) for n in (value, 1)]
    tifffile.imwrite(
        path,
        np.vstack((black, white)),
        photometric="ycbcr",
        subsampling=(1, 1),
        extratags=[(532, "2I", 6, range_tag, True)],
    )
    pixels = decode(path).pixels
    assert not pixels[:8].any()
    assert (pixels[8:] == 65535).all()


def test_subsampled_ycbcr_outside_a_jpeg_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, _eight_bits(), photometric="ycbcr", subsampling=(1, 1))
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags["YCbCrSubSampling"].overwrite((2, 2))
    with pytest.raises(InputError, match="subsampled YCbCr"):
        decode(path)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_colours_that_alpha_was_multiplied_into_are_as_before(
    tmp_path: Path, depth: type[np.unsignedinteger], planar: Literal["contig", "separate"]
) -> None:
    path, full = tmp_path / "a.tif", int(np.iinfo(depth).max)
    photo = (picture().pixels.astype(np.uint64) * full // 65535).astype(np.uint64)
    alpha = np.linspace(full // 2, full, 64).astype(np.uint64)[None, :, None].repeat(48, 0)
    samples = np.concatenate((photo * alpha // full, alpha), axis=2).astype(depth)
    tifffile.imwrite(
        path,
        samples if planar == "contig" else np.ascontiguousarray(np.moveaxis(samples, -1, 0)),
        photometric="rgb",
        planarconfig=planar,
        extrasamples=["assocalpha"],
    )
    frame = decode(path)
    assert np.abs(frame.pixels.astype(int) - photo.astype(int)).max() <= 2
    assert frame.notes == ("its transparency was dropped",)


def test_transparent_black_stays_black_and_impossible_colours_are_cut(tmp_path: Path) -> None:
    path, samples = tmp_path / "a.tif", np.zeros((8, 8, 4), np.uint8)
    samples[4:] = (200, 50, 0, 100)
    tifffile.imwrite(path, samples, photometric="rgb", extrasamples=["assocalpha"])
    pixels = decode(path).pixels
    assert not pixels[:4].any()
    assert (pixels[4:] == (255, 128, 0)).all()


def test_grey_with_two_more_samples_is_not_taken_for_rgb(tmp_path: Path) -> None:
    path, samples = tmp_path / "a.tif", _eight_bits()
    tifffile.imwrite(path, samples, photometric="minisblack", planarconfig="contig")
    for read in (decode, read_facts):
        with pytest.raises(InputError, match="neither grey nor RGB"):
            read(path)
