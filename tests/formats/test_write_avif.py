"""AVIF results: what other programs and our own reader find in them."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pairfix.errors import OutputError
from pairfix.formats import decode, encode_picture, read_facts
from pairfix.formats.colour import in_srgb
from pairfix.formats.heif import read_heif
from pairfix.formats.lcms import adobe_rgb_profile, srgb_profile
from pairfix.formats.spaces import encoded, space_profile
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_write import with_header
from pairfix.image import ColourSpace, Picture

from .samples import picture

_EXIF = with_header(
    {
        271: Entry.text("Acme"),
        272: Entry.text("One"),
        0x8769: {0x829A: Entry.of(Kind.RATIONAL, 1 / 60), 0x8827: Entry.of(Kind.SHORT, 400)},
    }
)


def pixels(path: Path) -> np.ndarray:
    return decode(path).pixels.astype(np.int32)


@pytest.mark.parametrize(("bits", "most"), [(8, 257), (10, 130), (12, 40)])
def test_depths_are_kept_and_colours_are_close(tmp_path: Path, bits: int, most: int) -> None:
    path = tmp_path / "a.avif"
    encode_picture(picture(), path, bits=bits, quality=100)
    with path.open("rb") as file:
        assert read_heif(path, file).bits == bits
    scale = 257 if bits == 8 else 1
    error = np.abs(scale * pixels(path) - picture().pixels)
    assert error.mean() < most
    assert decode(path).notes == ()


def test_ten_bits_are_the_default_and_a_lower_quality_is_smaller(tmp_path: Path) -> None:
    paths = [tmp_path / f"{quality}.avif" for quality in (40, 95)]
    for path in paths:
        encode_picture(picture(), path, quality=int(path.stem))
    assert paths[0].stat().st_size < paths[1].stat().st_size
    with paths[0].open("rb") as file:
        assert read_heif(paths[0], file).bits == 10
    with pytest.raises(OutputError, match=r"AVIF cannot hold 16 bits.*use 10, 12 or 8"):
        encode_picture(picture(), tmp_path / "a.avif", bits=16)


def test_exif_and_size_are_found_by_our_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    encode_picture(Picture(picture().pixels, _EXIF), path)
    facts = read_facts(path)
    assert facts.size == (48, 64)
    assert facts.camera == "Acme One"
    assert facts.exposure.iso == 400


def test_pillow_and_opencv_open_it_with_profile_and_exif(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    encode_picture(Picture(picture().pixels, _EXIF), path, bits=10, quality=100)
    with Image.open(path) as opened:
        assert opened.info["icc_profile"] == srgb_profile()
        exif = opened.getexif()
        assert exif[272] == "One"
        assert exif.get_ifd(0x8769)[0x8827] == 400
        by_pillow = np.asarray(opened.convert("RGB")).astype(np.int32)
    by_opencv = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert by_opencv is not None
    assert np.abs(by_pillow - picture().pixels / 257).mean() < 1
    eight_bits = by_opencv[:, :, ::-1] / (4 if by_opencv.dtype == np.uint16 else 1)
    assert np.abs(eight_bits - picture().pixels / 257).mean() < 2


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ("srgb", (1, 13)),
        ("display-p3", (12, 13)),
        ("rec2020", (9, 14)),
        ("adobe-rgb", (2, 2)),
        ("prophoto", (2, 2)),
    ],
)
def test_wide_spaces_are_told_by_profile_and_code_points(
    tmp_path: Path, space: ColourSpace, told: tuple[int, int]
) -> None:
    profile, path = space_profile(space), tmp_path / "a.avif"
    wide = Picture(encoded(picture().pixels, profile), b"", profile)
    encode_picture(wide, path, quality=100)
    data = path.read_bytes()
    place = data.index(b"nclx") + 4
    assert tuple(int.from_bytes(data[place + at : place + at + 2], "big") for at in (0, 2)) == told
    assert read_heif(path, io.BytesIO(data)).profile == (profile or srgb_profile())
    expected = in_srgb(wide).pixels
    assert np.abs(pixels(path) - expected).mean() < 300


def test_a_profile_of_a_source_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    encode_picture(Picture(picture().pixels, b"", adobe_rgb_profile()), path)
    with Image.open(path) as opened:
        assert opened.info["icc_profile"] == adobe_rgb_profile()


def test_an_encoder_that_fails_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> bytes:
        raise RuntimeError("no")

    monkeypatch.setattr("imagecodecs.avif_encode", failing)
    with pytest.raises(OutputError, match="cannot be encoded: no; try TIFF"):
        encode_picture(picture(), tmp_path / "a.avif")
    assert not [*tmp_path.iterdir()]
