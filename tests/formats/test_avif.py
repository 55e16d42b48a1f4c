"""An AVIF is read as its container says: depth, colours, orientation, EXIF."""

import io
import time
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairfix.errors import InputError
from pairfix.formats import decode, metadata, read_facts
from pairfix.formats.cicp import profile_of
from pairfix.formats.colour import to_working
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.orientation import turn_upright

from .samples import picture

_CODE_POINTS = b"nclx\0\x01\0\r"
"""BT.709's primaries and sRGB's curve, as Pillow writes them."""


def _eight_bits() -> NDArray[np.uint8]:
    return (picture().pixels >> 8).astype(np.uint8)


def _avif(mode: str = "RGB", orientation: int = 6, **options: Any) -> bytes:  # noqa: ANN401
    exif, file = Image.Exif(), io.BytesIO()
    exif[metadata.ORIENTATION] = orientation
    exif[metadata.MAKE] = "Acme"
    exif[metadata.DATE_TIME] = "2026:05:01 21:10:01"
    image = Image.fromarray(_eight_bits()).convert(mode)
    if mode == "RGBA":
        image.putalpha(99)
    image.save(file, "AVIF", exif=exif, quality=95, **options)
    return file.getvalue()


def _stored(data: bytes) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = imagecodecs.avif_decode(data)
    return pixels


def _patched(path: Path, old: bytes, new: bytes, data: bytes | None = None) -> Path:
    whole = _avif() if data is None else data
    assert whole.count(old) == 1
    path.write_bytes(whole.replace(old, new))
    return path


@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("channels", [1, 3])
def test_all_depths_fill_the_range(tmp_path: Path, bits: int, channels: int) -> None:
    path, peak = tmp_path / "a.avif", (1 << bits) - 1
    levels = (picture().pixels.astype(np.uint32) * peak // 65535).astype(np.uint16)
    levels[0, 0], levels[0, 1] = 0, peak
    pixels = (levels if bits > 8 else levels.astype(np.uint8))[:, :, :channels].squeeze()
    path.write_bytes(imagecodecs.avif_encode(pixels, level=100, bitspersample=bits))
    frame = decode(path)
    full = 255 if bits == 8 else 65535
    expected = np.rint(pixels * (full / peak)).reshape(48, 64, channels)
    assert frame.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert np.abs(frame.pixels - expected).max() <= 1.01 * full / peak
    assert frame.notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_as_its_container_says(tmp_path: Path, orientation: int) -> None:
    path, data = tmp_path / "a.avif", _avif(orientation=orientation)
    path.write_bytes(data)
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, turn_upright(_stored(data), orientation))
    assert read_facts(path).size == frame.size
    assert metadata.orientation(metadata.parse(frame.exif)) == 1


def test_exif_is_kept_and_agrees_with_the_facts(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    path.write_bytes(_avif())
    frame, facts = decode(path), read_facts(path)
    assert frame.camera == facts.camera == "Acme"
    assert str(frame.taken) == str(facts.taken) == "2026-05-01 21:10:01"


def test_its_icc_profile_is_converted(tmp_path: Path) -> None:
    path, data = tmp_path / "a.avif", _avif(orientation=1, icc_profile=adobe_rgb_profile())
    path.write_bytes(data)
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, to_working(_stored(data), adobe_rgb_profile())[0])


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(("primaries", "transfer"), [(12, 13), (1, 8), (9, 1)])
def test_its_code_points_are_converted(
    tmp_path: Path, mode: str, primaries: int, transfer: int
) -> None:
    data = _avif(mode, orientation=1)
    told = b"nclx" + primaries.to_bytes(2, "big") + transfer.to_bytes(2, "big")
    frame = decode(_patched(tmp_path / "a.avif", _CODE_POINTS, told, data))
    profile = profile_of(tmp_path, primaries, transfer, grey=mode == "L")
    np.testing.assert_array_equal(frame.pixels, to_working(_stored(data), profile)[0])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (_CODE_POINTS, b"nclx\0\x09\0\x10", r"HDR picture \(PQ\)"),
        (_CODE_POINTS, b"nclx\0\x09\0\x12", r"HDR picture \(HLG\)"),
        (b"irot", b"clap", "cropped by its container"),
        (b"cdsc", b"prem", "transparency multiplied"),
        (b"\0av01", b"\0vvc1", "coded as neither AV1 nor HEVC"),
    ],
)
def test_what_is_not_converted_is_named_alike_everywhere(
    tmp_path: Path, old: bytes, new: bytes, told: str
) -> None:
    path = _patched(tmp_path / "a.avif", old, new)
    for read in (decode, read_facts):
        with pytest.raises(InputError, match=told):
            read(path)


def test_colours_that_are_not_told_are_srgb_and_said(tmp_path: Path) -> None:
    frame = decode(_patched(tmp_path / "a.avif", b"colrnclx", b"freenclx"))
    assert frame.notes == ("it does not say its colours and was taken for sRGB",)


def test_transparency_is_dropped(tmp_path: Path) -> None:
    path, data = tmp_path / "a.avif", _avif("RGBA", orientation=1)
    path.write_bytes(data)
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, _stored(data)[:, :, :3])
    assert frame.notes == ("its transparency was dropped",)


def test_any_brand_that_says_avif_counts(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(_avif().replace(b"ftypavif", b"ftypmif1", 1))
    assert decode(path).camera == "Acme"


def test_a_container_of_many_boxes_and_parts_is_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    places = b"\1\0\0\0\0\0\xff\xff" + (b"\0" * 6 + b"\xff\xff") * 0xFFFF
    size = _box(b"ispe", b"\0" * 7 + b"\10" + b"\0\0\0\10")
    samples = _box(b"pixi", b"\0\0\0\0\1\10")
    parts = [
        (b"pitm", b"\0\0\0\0\0\1"),
        (b"iinf", b"\0\0\0\0\0\1" + _box(b"infe", b"\2\0\0\0\0\1\0\0av01")),
        (b"iprp", _box(b"ipco", size + samples) + _box(b"ipma", b"\0" * 7 + b"\1\0\1\2\1\2")),
        (b"iloc", places),
        *[(b"free", b"")] * 200_000,
    ]
    meta = b"\0\0\0\0" + b"".join(_box(kind, content) for kind, content in parts)
    path.write_bytes(_box(b"ftyp", b"avif\0\0\0\0avif") + _box(b"meta", meta))
    start = time.process_time()
    with pytest.raises(InputError, match="damaged"):
        read_facts(path)
    assert time.process_time() - start < 3


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content
