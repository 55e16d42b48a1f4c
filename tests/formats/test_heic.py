"""HEIC pictures, made and read by libheif (extra heif)."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.errors import InputError, MissingExtraError
from pairfix.formats import decode, read_facts
from pairfix.formats.colour import in_srgb
from pairfix.formats.orientation import turn_upright
from pairfix.formats.spaces import encoded, space_profile
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_write import with_header
from pairfix.image import Picture

from .samples import picture

heif = pytest.importorskip("pillow_heif")

SMOOTH = np.repeat(np.repeat(picture().pixels, 4, axis=0), 4, axis=1)


def exif(orientation: int = 1) -> bytes:
    return b"Exif\0\0" + with_header(
        {
            271: Entry.text("Acme"),
            272: Entry.text("One"),
            274: Entry.of(Kind.SHORT, orientation),
            0x8769: {0x829A: Entry.of(Kind.RATIONAL, 1 / 60), 0x8827: Entry.of(Kind.SHORT, 400)},
        }
    )


def heic(pixels: NDArray[np.uint16], bits: int = 8, **options: Any) -> bytes:  # noqa: ANN401
    mode, stored = ("RGB", (pixels >> 8).astype(np.uint8)) if bits == 8 else ("RGB;16", pixels)
    heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    size = pixels.shape[1], pixels.shape[0]
    file, target = heif.from_bytes(mode, size, stored.tobytes()), io.BytesIO()
    file.save(target, quality=95, chroma=444, **options)
    return target.getvalue()


@pytest.mark.parametrize(("bits", "most"), [(8, 400), (10, 250), (12, 250)])
def test_depths_and_colours(tmp_path: Path, bits: int, most: int) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(heic(SMOOTH, bits))
    frame = decode(path)
    assert frame.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    scale = 257 if bits == 8 else 1
    assert np.abs(scale * frame.pixels.astype(np.int32) - SMOOTH).mean() < most
    assert read_facts(path).size == frame.size == SMOOTH.shape[:2]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_once_with_its_exif(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(heic(SMOOTH, exif=exif(orientation)))
    frame, facts = decode(path), read_facts(path)
    expected = turn_upright((SMOOTH >> 8).astype(np.uint8), orientation)
    assert facts.size == frame.size == expected.shape[:2]
    assert np.abs(frame.pixels.astype(np.int32) - expected).mean() < 3
    assert frame.camera == facts.camera == "Acme One"
    assert facts.exposure.iso == 400


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_size_that_coding_blocks_do_not_fit_is_cut(tmp_path: Path, orientation: int) -> None:
    pixels = SMOOTH[:150, :201]
    path = tmp_path / "a.heic"
    path.write_bytes(heic(pixels, exif=exif(orientation)))
    assert b"clap" in path.read_bytes()
    frame = decode(path)
    expected = turn_upright((pixels >> 8).astype(np.uint8), orientation)
    assert read_facts(path).size == frame.size == expected.shape[:2]
    assert np.abs(frame.pixels.astype(np.int32) - expected).mean() < 3


def test_its_profile_is_converted(tmp_path: Path) -> None:
    path, profile = tmp_path / "a.heic", space_profile("display-p3")
    wide = Picture(encoded(SMOOTH, profile), b"", profile)
    path.write_bytes(heic(SMOOTH, 10, icc_profile=profile))
    frame = decode(path)
    assert "converted from its ICC profile to sRGB" in frame.notes
    difference = frame.pixels.astype(np.int32) - in_srgb(wide).pixels
    assert np.abs(difference).mean() < 400


def test_a_hdr_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    data = heic(SMOOTH, 10)
    place = data.index(b"nclx") + 6
    path.write_bytes(data[:place] + b"\0\x10" + data[place + 2 :])
    for read in (decode, read_facts):
        with pytest.raises(InputError, match="HDR picture"):
            read(path)


def test_a_file_that_is_cut_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(heic(SMOOTH)[:-200])
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(path)


def test_without_the_extra_its_header_is_read_and_the_extra_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(heic(SMOOTH, exif=exif()))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert read_facts(path).camera == "Acme One"
    with pytest.raises(MissingExtraError, match=r"a\.heic.*pairfix\[heif\]"):
        decode(path)
