"""OpenEXR results, read by OpenEXR's own library."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.errors import OutputError
from pairfix.formats import encode_picture
from pairfix.formats.colour import in_srgb
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.spaces import chromaticities, encoded, space_profile
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_write import with_header
from pairfix.image import ColourSpace, Picture
from pairfix.light import srgb_to_linear

from .samples import picture

exr = pytest.importorskip("OpenEXR")

EXIF = with_header(
    {
        271: Entry.text("Acme"),
        272: Entry.text("One"),
        0x8769: {
            0x829A: Entry.of(Kind.RATIONAL, 1 / 60),
            0x829D: Entry.of(Kind.RATIONAL, 1.8),
            0x8827: Entry.of(Kind.SHORT, 400),
            0x9003: Entry.text("2026:05:01 21:10:01"),
            0xA434: Entry.text("35mm"),
        },
    }
)


def opened(path: Path) -> tuple[dict[str, Any], NDArray[np.float16]]:
    with exr.File(str(path)) as file:
        return dict(file.header()), file.channels()["RGB"].pixels


def light(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    return srgb_to_linear(pixels.astype(np.float32) / np.float32(65535))


@pytest.mark.parametrize("kind", ["smooth", "noise"])
def test_light_is_linear_in_half_floats(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (37, 51, 3), np.uint16)
    pixels = picture().pixels if kind == "smooth" else noise
    encode_picture(Picture(pixels, EXIF), tmp_path / "a.exr")
    header, found = opened(tmp_path / "a.exr")
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, light(pixels).astype(np.float16))
    assert header["compression"] == exr.ZIP_COMPRESSION


def test_white_is_one_and_black_is_zero(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 3), np.uint16)
    pixels[8:] = 65535
    encode_picture(Picture(pixels, b""), tmp_path / "a.exr")
    _, found = opened(tmp_path / "a.exr")
    assert (found[:8] == 0).all()
    assert (found[8:] == 1).all()


def test_the_shot_is_told_by_attributes(tmp_path: Path) -> None:
    encode_picture(Picture(picture().pixels, EXIF), tmp_path / "a.exr")
    header, _ = opened(tmp_path / "a.exr")
    assert header["expTime"] == pytest.approx(1 / 60)
    assert header["aperture"] == pytest.approx(1.8)
    assert header["isoSpeed"] == 400
    assert (header["cameraMake"], header["cameraModel"]) == ("Acme", "One")
    assert header["lensModel"] == "35mm"
    assert header["capDate"] == "2026:05:01 21:10:01"
    assert header["software"].startswith("pairfix ")


@pytest.mark.parametrize("space", ["srgb", "display-p3", "adobe-rgb", "prophoto", "rec2020"])
def test_primaries_are_told_and_colours_are_in_them(tmp_path: Path, space: ColourSpace) -> None:
    profile = space_profile(space)
    wide = Picture(encoded(picture().pixels, profile), b"", profile)
    encode_picture(wide, tmp_path / "a.exr")
    header, found = opened(tmp_path / "a.exr")
    colours = chromaticities(profile)
    told = (*colours.red, *colours.green, *colours.blue, *colours.white)
    assert tuple(header["chromaticities"]) == pytest.approx(told, abs=1e-6)
    np.testing.assert_allclose(found, light(picture().pixels), atol=6e-4)


def test_a_profile_of_a_source_is_told_by_its_primaries_under_d50(tmp_path: Path) -> None:
    profile = adobe_rgb_profile()
    wide = Picture(encoded(picture().pixels, profile), b"", profile)
    encode_picture(wide, tmp_path / "a.exr")
    header, found = opened(tmp_path / "a.exr")
    assert header["chromaticities"][6:] == pytest.approx((0.3457, 0.3585), abs=1e-5)
    to_xyz = matrix(header["chromaticities"])
    srgb = matrix((0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290))
    neutral = found.astype(np.float64) @ to_xyz.T / (to_xyz.sum(1))
    expected = light(in_srgb(wide).pixels).astype(np.float64) @ srgb.T / srgb.sum(1)
    assert np.abs(neutral - expected).mean() < 0.02  # but for the adaptation's kind


def matrix(points: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """From RGB to XYZ."""
    xy = np.array(points, np.float64).reshape(4, 2)
    xyz = np.stack((xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]))
    return xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])


def test_other_depths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"OpenEXR cannot hold 8 bits.*use 16"):
        encode_picture(picture(), tmp_path / "a.exr", bits=8)
