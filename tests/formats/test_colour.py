"""Colour is told in more ways than an ICC profile, and converted exactly."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pairfix.errors import InputError
from pairfix.formats import decode, read_facts
from pairfix.formats.colour import to_working
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_write import with_header

from .samples import picture

_ADOBE_GAMMA = 563 / 256
"""Adobe RGB (1998) Color Image Encoding, 4.3.1.2."""


def _exif(colour_space: int, index: str) -> bytes:
    rules: Directory = {1: Entry.text(index), 2: Entry(Kind.UNDEFINED, b"0100")}
    photographic: Directory = {0xA001: Entry.of(Kind.SHORT, colour_space), 0xA005: rules}
    return b"Exif\0\0" + with_header({0x8769: photographic})


def _jpeg(path: Path, exif: bytes, profile: bytes = b"") -> Path:
    pixels = (picture().pixels >> 8).astype(np.uint8)
    Image.fromarray(pixels).save(path, exif=exif, icc_profile=profile, quality=95)
    return path


def test_exif_that_says_adobe_rgb_is_as_good_as_its_profile(tmp_path: Path) -> None:
    told = decode(_jpeg(tmp_path / "exif.jpg", _exif(65535, "R03")))
    profiled = decode(_jpeg(tmp_path / "icc.jpg", _exif(1, "R98"), adobe_rgb_profile()))
    np.testing.assert_array_equal(told.pixels, profiled.pixels)
    assert told.notes == ("its EXIF says Adobe RGB", "converted from its ICC profile to sRGB")


@pytest.mark.parametrize(("space", "index"), [(1, "R03"), (65535, "R98"), (1, "R98")])
def test_any_other_exif_is_srgb(tmp_path: Path, space: int, index: str) -> None:
    frame = decode(_jpeg(tmp_path / "a.jpg", _exif(space, index)))
    assert frame.pixels.dtype == np.uint8
    assert frame.notes == ()


def test_dark_colours_of_16_bits_are_converted_exactly() -> None:
    levels = np.arange(0, 4096, dtype=np.uint16)
    converted, _ = to_working(np.repeat(levels[None, :, None], 3, axis=2), adobe_rgb_profile())
    light = (levels / 65535) ** _ADOBE_GAMMA
    curve = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    assert np.abs(converted[0] - 65535 * curve[:, None]).max() < 8


def _with_code_points(transfer: int) -> bytes:
    """Adobe RGB with a cicp tag in the place of its last tag."""
    profile = bytearray(adobe_rgb_profile())
    count = int.from_bytes(profile[128:132], "big")
    place = 132 + 12 * (count - 1)
    content = b"cicp\0\0\0\0" + bytes((9, transfer, 0, 1))
    profile[place : place + 12] = struct.pack(">4sII", b"cicp", len(profile), len(content))
    profile[:4] = (len(profile) + len(content)).to_bytes(4, "big")
    return bytes(profile + content)


@pytest.mark.parametrize("extension", [".jpg", ".png", ".tif", ".webp", ".avif"])
@pytest.mark.parametrize(("transfer", "told"), [(16, "PQ"), (18, "HLG")])
def test_profiles_of_hdr_displays_are_named_alike_everywhere(
    tmp_path: Path, extension: str, transfer: int, told: str
) -> None:
    path = tmp_path / f"a{extension}"
    pixels = (picture().pixels >> 8).astype(np.uint8)
    Image.fromarray(pixels).save(path, icc_profile=_with_code_points(transfer))
    for read in (decode, read_facts):
        with pytest.raises(InputError, match=rf"HDR picture \({told}\)"):
            read(path)


def test_code_points_in_a_profile_change_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    pixels = (picture().pixels >> 8).astype(np.uint8)
    Image.fromarray(pixels).save(path, icc_profile=_with_code_points(13))
    assert decode(path).size == read_facts(path).size


def test_cmyk_is_refused_when_pairing_too(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="CMYK"):
        read_facts(tmp_path / "a.jpg")
