"""A PNG tells its colours in five ways, of which the best counts; none is misread."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairfix.errors import InputError
from pairfix.formats import decode, encode_picture, read_facts
from pairfix.formats.colour import to_working
from pairfix.formats.lcms import adobe_rgb_profile, srgb_profile

from .samples import picture

_START, _HEADER_END = 8, 33
_ADOBE_RGB = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
_BT_709 = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_P3_TO_SRGB = np.array(
    ((1.22494, -0.22494, 0.0), (-0.04206, 1.04206, 0.0), (-0.01964, -0.07864, 1.09827))
)
"""In linear light (both spaces have the same white)."""


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + checksum


def _cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    return _chunk(b"cICP", bytes((primaries, transfer, matrix, full)))


def _iccp(profile: bytes) -> bytes:
    return _chunk(b"iCCP", b"any name\0\0" + zlib.compress(profile))


def _gama(value: float) -> bytes:
    return _chunk(b"gAMA", round(value * 100_000).to_bytes(4, "big"))


def _chrm(points: tuple[float, ...]) -> bytes:
    return _chunk(b"cHRM", struct.pack(">8I", *(round(part * 100_000) for part in points)))


_P3, _SRGB = _cicp(12, 13), _chunk(b"sRGB", b"\0")
_ADOBE = _gama(256 / 563) + _chrm(_ADOBE_RGB)


def _png(path: Path, *chunks: bytes, mode: str = "RGB") -> Path:
    file = io.BytesIO()
    Image.fromarray((picture().pixels >> 8).astype(np.uint8)).convert(mode).save(file, "PNG")
    whole = file.getvalue()
    path.write_bytes(whole[:_HEADER_END] + b"".join(chunks) + whole[_HEADER_END:])
    return path


def _stored() -> NDArray[np.uint8]:
    return (picture().pixels >> 8).astype(np.uint8)


def _coded(light: NDArray[np.float64]) -> NDArray[np.float64]:
    light = light.clip(0, 1)
    return 65535 * np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)


def _light(coded: NDArray[np.uint8]) -> NDArray[np.float64]:
    x = coded / np.float64(255)
    return np.where(x > 0.04045, ((x + 0.055) / 1.055) ** 2.4, x / 12.92)


def test_display_p3_by_its_code_points(tmp_path: Path) -> None:
    frame = decode(_png(tmp_path / "a.png", _P3))
    expected = _coded(_light(_stored()) @ _P3_TO_SRGB.T)
    assert np.abs(frame.pixels - expected).max() < 40
    assert frame.notes == ("converted from its ICC profile to sRGB",)


def test_adobe_rgb_by_gamma_and_chromaticities_is_as_good_as_its_profile(tmp_path: Path) -> None:
    told = decode(_png(tmp_path / "a.png", _ADOBE))
    profiled, _ = to_working(_stored(), adobe_rgb_profile())
    assert np.abs(told.pixels.astype(int) - profiled).max() < 40


def test_light_that_is_stored_as_it_is(tmp_path: Path) -> None:
    frame = decode(_png(tmp_path / "a.png", _gama(1.0)))
    assert np.abs(frame.pixels - _coded(_stored() / 255)).max() < 40


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_has_its_gamma_too(tmp_path: Path, mode: str) -> None:
    stored = np.asarray(Image.fromarray(_stored()).convert("L"))
    frame = decode(_png(tmp_path / "a.png", _gama(1 / 1.8), _chrm(_BT_709), mode=mode))
    expected = _coded((stored / 255) ** 1.8)
    assert np.abs(frame.pixels - expected[:, :, None]).max() < 40


@pytest.mark.parametrize(
    "chunks",
    [
        (_P3, _iccp(srgb_profile()), _SRGB, _ADOBE),
        (_cicp(2, 2), _iccp(adobe_rgb_profile()), _SRGB, _gama(1.0)),
        (_iccp(adobe_rgb_profile()), _SRGB, _gama(1.0)),
        (_SRGB, _gama(1.0), _chrm(_ADOBE_RGB)),
    ],
)
def test_the_first_in_order_counts_wherever_it_stands(
    tmp_path: Path, chunks: tuple[bytes, ...]
) -> None:
    specified = [chunk for chunk in chunks if chunk != _cicp(2, 2)]
    alone = decode(_png(tmp_path / "alone.png", specified[0]))
    for name, order in (("a.png", chunks), ("b.png", chunks[::-1])):
        frame = decode(_png(tmp_path / name, *order))
        np.testing.assert_array_equal(frame.pixels, alone.pixels)


@pytest.mark.parametrize(
    "chunks",
    [
        (_cicp(1, 13),),
        (_gama(0.45455),),
        (_gama(0.45455), _chrm(_BT_709)),
        (_chrm(_BT_709),),
        (_chunk(b"gAMA", b"\0"),),
        (_gama(1.0)[:-1] + b"\xaa",),
    ],
    ids=["cicp", "gamma", "both", "chromaticities", "short", "checksum"],
)
def test_what_means_srgb_or_is_damaged_changes_nothing(
    tmp_path: Path, chunks: tuple[bytes, ...]
) -> None:
    frame = decode(_png(tmp_path / "a.png", *chunks))
    np.testing.assert_array_equal(frame.pixels, _stored())
    assert frame.notes == ()


@pytest.mark.parametrize("chunk", [_gama(0.0), _chrm((0.3, 0.3) * 4), _chrm((0.0,) * 8)])
def test_impossible_values_are_ignored_and_said(tmp_path: Path, chunk: bytes) -> None:
    frame = decode(_png(tmp_path / "a.png", chunk))
    np.testing.assert_array_equal(frame.pixels, _stored())
    assert frame.notes == ("its gamma or chromaticities are damaged and were ignored",)


def test_a_damaged_profile_leaves_the_next_statement(tmp_path: Path) -> None:
    damaged = _chunk(b"iCCP", b"any name\0\0" + zlib.compress(adobe_rgb_profile())[:-50])
    frame = decode(_png(tmp_path / "a.png", damaged, _gama(1.0)))
    assert np.abs(frame.pixels - _coded(_stored() / 255)).max() < 40
    assert frame.notes[0] == "its ICC profile is damaged and was ignored"


@pytest.mark.parametrize(
    ("chunk", "told"),
    [
        (_cicp(9, 16), r"HDR picture \(PQ\)"),
        (_cicp(9, 18), r"HDR picture \(HLG\)"),
        (_cicp(2, 16), r"HDR picture \(PQ\)"),
        (_cicp(1, 11), "CICP primaries 1 and transfer 11"),
        (_cicp(200, 13), "CICP primaries 200 and transfer 13"),
        (_cicp(1, 13, matrix=1), "YCbCr"),
        (_cicp(1, 13, full=0), "video levels"),
    ],
)
def test_what_is_not_converted_is_named_alike_everywhere(
    tmp_path: Path, chunk: bytes, told: str
) -> None:
    path = _png(tmp_path / "a.png", chunk, _iccp(srgb_profile()))
    for read in (decode, read_facts):
        with pytest.raises(InputError, match=told):
            read(path)


def test_colours_told_behind_the_pixels_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    encode_picture(picture(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-12] + _cicp(9, 16) + whole[-12:])
    np.testing.assert_array_equal(decode(path).pixels, picture().pixels)


@pytest.mark.parametrize("kind", [b"cICP", b"iCCP", b"gAMA", b"cHRM"])
def test_any_content_of_a_chunk_is_a_picture_or_a_refusal(tmp_path: Path, kind: bytes) -> None:
    chance, size = np.random.default_rng(0), {b"cICP": 4, b"gAMA": 4}.get(kind, 32)
    for _ in range(100):
        data = chance.integers(0, chance.choice((3, 20, 256)), size, np.uint8).tobytes()
        path = _png(tmp_path / "a.png", _chunk(kind, data))
        try:
            assert decode(path).pixels.any()
        except InputError as error:
            assert "damaged" not in str(error)  # noqa: PT017
