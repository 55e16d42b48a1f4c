"""File names may contain anything; messages remain one line that any terminal can show."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pairfix.errors import InputError, OutputError, PairfixError, printable
from pairfix.formats import decode, encode_dng, encode_picture
from pairfix.formats.raw_development import develop_mosaic
from pairfix.image import DevelopSettings
from pairfix.light import mosaic_from_planes, planes_from_mosaic

from .samples import make_dng, picture, scene

posix = pytest.mark.skipif(sys.platform != "linux", reason="such names exist on Linux only")
_NO_UTF_8 = os.fsdecode(b"caf\xe9\n\x1b[31m")


@given(st.text(st.characters()))
def test_any_message_is_one_line_that_can_be_encoded(text: str) -> None:
    message = str(PairfixError(f"{text} is damaged", text))
    message.encode()
    assert len(message.splitlines()) == 1
    assert "\x1b" not in message


def test_names_in_any_script_are_unchanged() -> None:
    for name in ("Fête à la plage.dng", "写真\u3000一.tif", "👩\u200d🚀.png"):
        assert printable(name) == name
    assert printable("a\nb\udce9\x1b") == r"a\nb\udce9\x1b"


@posix
@pytest.mark.parametrize("extension", [".dng", ".tif", ".png", ".jpg", ".webp"])
def test_a_file_whose_name_is_not_utf_8_is_read(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"{_NO_UTF_8}{extension}"
    if extension == ".dng":
        make_dng(path, scene())
    elif extension == ".webp":
        Image.new("RGB", (64, 48)).save(path)
    else:
        encode_picture(picture(), path)
    assert decode(path).size == (48, 64)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(InputError, match=r"caf\\udce9\\n\\x1b\[31m"):
        decode(path)


@posix
def test_a_raw_of_such_a_name_is_developed_and_written(tmp_path: Path) -> None:
    frame = decode(make_dng(tmp_path / f"{_NO_UTF_8}.dng", scene()))
    assert frame.bayer is not None
    planes = planes_from_mosaic(frame.pixels, frame.bayer)
    mosaic = mosaic_from_planes(planes, frame.bayer, frame.size)
    assert develop_mosaic(frame, mosaic, DevelopSettings()).any()
    encode_dng(frame, mosaic, 0.0, tmp_path / f"{_NO_UTF_8}-2.dng")
    assert decode(tmp_path / f"{_NO_UTF_8}-2.dng").domain == "raw"


@posix
def test_the_longest_name_is_written_and_a_longer_one_refused(tmp_path: Path) -> None:
    encode_picture(picture(), tmp_path / ("📷" * 62 + ".png"))
    assert decode(tmp_path / ("📷" * 62 + ".png")).size == (48, 64)
    with pytest.raises(OutputError, match="choose a shorter name"):
        encode_picture(picture(), tmp_path / ("📷" * 63 + ".png"))
