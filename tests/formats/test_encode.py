"""What writers refuse, and what they leave out."""

import logging
from pathlib import Path

import pytest

from pairfix.errors import OutputError
from pairfix.formats import FORMATS, check_writable, decode, encode_picture, metadata
from pairfix.formats.tiff import Entry
from pairfix.image import Picture

from .samples import picture

PICTURES = [extension for extension, chosen in FORMATS.items() if not chosen.mosaic]
READABLE = [extension for extension in PICTURES if FORMATS[extension].readable]


@pytest.mark.parametrize("extension", READABLE)
def test_exif_over_64_kb_loses_its_largest_tags_in_jpeg_only(
    tmp_path: Path, extension: str, caplog: pytest.LogCaptureFixture
) -> None:
    main = {
        metadata.IMAGE_DESCRIPTION: Entry.text("x" * 70_000),
        metadata.ARTIST: Entry.text("y" * 40_000),
        metadata.MODEL: Entry.text("Test Bayer"),
    }
    exif = metadata.assemble((main, {}, {}))
    with caplog.at_level(logging.WARNING):
        encode_picture(Picture(picture().pixels, exif), tmp_path / f"a{extension}")
    frame = decode(tmp_path / f"a{extension}")
    kept = metadata.parse(frame.exif)[0]
    assert frame.camera == "Test Bayer"
    assert kept[metadata.ARTIST] == main[metadata.ARTIST]
    is_jpeg = FORMATS[extension].name == "JPEG"
    assert (metadata.IMAGE_DESCRIPTION in kept) != is_jpeg
    warned = ["EXIF tags too large for a JPEG are left out: 0x010E" in m for m in caplog.messages]
    assert warned == [True] * is_jpeg


def test_the_largest_exif_that_a_jpeg_holds_is_kept(tmp_path: Path) -> None:
    fitting, dropped = metadata.shortened(({}, {}, {}), 0)
    assert (fitting, dropped) == (({}, {}, {}), [])
    main = {metadata.IMAGE_DESCRIPTION: Entry.text("x" * 65_000)}
    encode_picture(Picture(picture().pixels, metadata.assemble((main, {}, {}))), tmp_path / "a.jpg")
    kept = metadata.parse(decode(tmp_path / "a.jpg").exif)[0]
    assert kept[metadata.IMAGE_DESCRIPTION] == main[metadata.IMAGE_DESCRIPTION]


def test_an_encoder_that_fails_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cv2.imencodeWithMetadata", lambda *_: (False, ()))
    with pytest.raises(OutputError, match="cannot be encoded; try TIFF"):
        encode_picture(picture(), tmp_path / "a.jpg")
    assert not [*tmp_path.iterdir()]


def test_a_mosaic_format_is_refused_for_a_picture(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "a.dng").mosaic
    for name in ("a.dng", "a.bmp"):
        with pytest.raises(OutputError) as caught:
            check_writable(tmp_path / name, mosaic=False)
        assert caught.value.hint == f"use {', '.join(PICTURES)}"
    with pytest.raises(OutputError, match=r"use .*\.dng"):
        check_writable(tmp_path / "a.bmp")
    assert check_writable(tmp_path / "a.png", mosaic=False) is FORMATS[".png"]


def test_a_folder_in_place_of_a_file_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check_writable(tmp_path)
    assert caught.value.message == f"{tmp_path} is a folder"
    assert caught.value.hint == "name a file in it"
