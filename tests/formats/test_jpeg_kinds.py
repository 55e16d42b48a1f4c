"""A JPEG is read by its markers, and none is filled up with made-up pixels."""

import io
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pairfix.errors import InputError
from pairfix.formats import decode, read_facts
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.tiff import Entry
from pairfix.formats.tiff_write import with_header

from .samples import picture

_END, _COMMENT = b"\xff\xd9", b"\xff\xfe"
_CODINGS: list[dict[str, Any]] = [
    {},
    {"progressive": True},
    {"restart_marker_rows": 1},
    {"subsampling": 0, "optimize": True},
    {"progressive": True, "restart_marker_blocks": 2},
]


def _coded(**options: Any) -> bytes:  # noqa: ANN401 (Pillow's own)
    file = io.BytesIO()
    pixels = np.tile((picture().pixels >> 8).astype(np.uint8), (4, 4, 1))
    exif = with_header({0x010F: Entry.text("Acme")})
    Image.fromarray(pixels).save(file, "JPEG", exif=b"Exif\0\0" + exif, **options)
    return file.getvalue()


def test_fill_bytes_before_markers_are_passed_over(tmp_path: Path) -> None:
    whole, path, plain = _coded(), tmp_path / "a.jpg", tmp_path / "plain.jpg"
    plain.write_bytes(whole)
    place = whole.index(b"\xff\xe1")
    path.write_bytes(whole[:place] + b"\xff" * 5 + whole[place:])
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, decode(plain).pixels)
    assert frame.camera == read_facts(path).camera == "Acme"


@pytest.mark.parametrize("options", _CODINGS)
@pytest.mark.parametrize("kept", [0.5, 0.75, 0.97])
def test_missing_coded_data_before_the_end_marker(
    tmp_path: Path, options: dict[str, Any], kept: float
) -> None:
    whole, path = _coded(**options), tmp_path / "a.jpg"
    path.write_bytes(whole)
    assert decode(path).size == (192, 256)
    start = whole.index(b"\xff\xda")
    cut = start + int(kept * (len(whole) - 2 - start))
    path.write_bytes(whole[:cut].rstrip(b"\xff") + _END)
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(path)


def test_what_follows_the_end_marker_or_looks_like_one_does_not_matter(tmp_path: Path) -> None:
    whole, path = _coded(), tmp_path / "a.jpg"
    comment = _COMMENT + b"\0\x08" + _END * 3
    path.write_bytes(whole[:2] + comment + whole[2:] + whole)
    assert decode(path).size == (192, 256)
    path.write_bytes(whole[:2] + comment + whole[2:-2])
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(path)


def _app2(content: bytes) -> bytes:
    return b"\xff\xe2" + (len(content) + 2).to_bytes(2, "big") + content


def _parts() -> list[bytes]:
    """A profile in three segments."""
    profile, count = adobe_rgb_profile(), 3
    size = -(-len(profile) // count)
    return [
        _app2(b"ICC_PROFILE\0" + bytes((1 + n, count)) + profile[n * size :][:size])
        for n in range(count)
    ]


_ONE, _TWO, _THREE = _parts()
_OTHERS = (_app2(b"MPF\0II*\0" + bytes(30)), _app2(b"FPXR\0" + bytes(60)))


def _with_segments(path: Path, segments: list[bytes]) -> Path:
    whole = _coded()
    path.write_bytes(whole[:2] + b"".join(segments) + whole[2:])
    return path


@pytest.mark.parametrize(
    "segments",
    [
        [_ONE, _TWO, _THREE],
        [_THREE, _TWO, _ONE],
        [_OTHERS[0], _TWO, _OTHERS[1], _ONE, _THREE],
        [_ONE, _TWO, _TWO, _THREE],
    ],
    ids=["in order", "in reverse", "among others", "one twice"],
)
def test_a_profile_is_put_together_by_its_numbers(tmp_path: Path, segments: list[bytes]) -> None:
    path = tmp_path / "reference.jpg"
    path.write_bytes(_coded(icc_profile=adobe_rgb_profile()))
    frame = decode(_with_segments(tmp_path / "a.jpg", segments))
    np.testing.assert_array_equal(frame.pixels, decode(path).pixels)
    assert frame.notes == ("converted from its ICC profile to sRGB",)


@pytest.mark.parametrize("segments", [[_ONE, _THREE], [_TWO], [_app2(b"ICC_PROFILE\0")]])
def test_a_profile_that_lacks_a_part_is_ignored_and_said(
    tmp_path: Path, segments: list[bytes]
) -> None:
    frame = decode(_with_segments(tmp_path / "a.jpg", segments))
    assert frame.notes == ("its ICC profile is damaged and was ignored",)
    assert frame.pixels.dtype == np.uint8


def _scans(whole: bytes) -> list[int]:
    """Where each scan begins, its Huffman tables included."""
    marks = [place for place in range(len(whole)) if whole[place : place + 2] == b"\xff\xda"]
    tables = [whole.rfind(b"\xff\xc4", 0, mark) for mark in marks]
    ends = [0, *marks]
    return [
        max(each, end) if each > end else mark
        for mark, each, end in zip(marks, tables, ends, strict=False)
    ]


def test_a_progressive_jpeg_without_its_last_scans(tmp_path: Path) -> None:
    whole, path = _coded(progressive=True), tmp_path / "a.jpg"
    starts = _scans(whole)
    assert len(starts) > 5
    for start in starts[1:]:
        path.write_bytes(whole[:start] + _END)
        with pytest.raises(InputError, match="damaged or incomplete"):
            decode(path)


def test_a_progressive_jpeg_without_a_scan_in_between(tmp_path: Path) -> None:
    whole, path = _coded(progressive=True), tmp_path / "a.jpg"
    starts = _scans(whole)
    for start, end in pairwise(starts[1:]):
        path.write_bytes(whole[:start] + whole[end:])
        with pytest.raises(InputError, match="damaged or incomplete"):
            decode(path)


def test_a_grey_progressive_jpeg_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    grey = Image.fromarray((picture().pixels[..., 0] >> 8).astype(np.uint8))
    grey.save(path, progressive=True)
    assert decode(path).size == (48, 64)


@pytest.mark.parametrize("name", ["header-30000px.jpg", "header-partner.jpg"])
def test_headers_that_claim_more_than_the_file_holds_are_refused_at_once(
    shared: Path, name: str
) -> None:
    begun = time.process_time()
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(shared / "cases" / name)
    assert time.process_time() - begun < 1
