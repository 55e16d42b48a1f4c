"""A file that is not a photo, for whatever reason, is refused in one clear line."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from pairfix.errors import InputError
from pairfix.formats import decode

from .samples import make_dng, scene


def _refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        decode(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.dng", b"", "is empty"),
        ("letter.pdf", b"%PDF-1.7 and more", "is a PDF"),
        ("paint.bmp", b"BM\x36\0\0\0", "is a BMP"),
        ("live.mov", b"\0\0\0\x14ftypqt  \0\0\0\0", "is a video"),
        ("phone.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0", "is a video"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "damaged or incomplete"),
        ("web.avif", b"\0\0\0\x18ftypavif\0\0\0\0", "damaged or incomplete"),
        ("note.txt", b"words, no photo " * 999, "not a photo that LibRaw or pairfix knows"),
        ("photo.nef", b"words, no photo " * 999, "not a photo that LibRaw or pairfix knows"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "damaged or incomplete"),
        ("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", "damaged or incomplete"),
        ("cut.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "damaged or incomplete"),
        ("cut.tif", b"II*\0\x08\0\0\0\x05\0", "damaged or incomplete"),
        ("cut.dng", b"II*\0\x08\0\0\0\x05\0", "damaged"),
    ],
)
def test_files_that_are_not_photos_are_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert reason in _refusal(tmp_path / name)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "does not exist" in _refusal(tmp_path / "missing.dng")
    (tmp_path / "folder.dng").mkdir()
    assert "is a folder" in _refusal(tmp_path / "folder.dng")


def test_a_closed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    (tmp_path / "a.dng").write_bytes(b"II*\0")
    monkeypatch.setattr(Path, "open", refuse)
    assert "no permission" in _refusal(tmp_path / "a.dng")


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.99])
def test_a_truncated_raw(tmp_path: Path, share: float) -> None:
    whole = make_dng(tmp_path / "a.dng", scene()).read_bytes()
    (tmp_path / "cut.dng").write_bytes(whole[: int(len(whole) * share)])
    assert "damaged" in _refusal(tmp_path / "cut.dng")


def test_content_takes_precedence_over_the_extension(tmp_path: Path) -> None:
    assert decode(make_dng(tmp_path / "raw.tif", scene())).domain == "raw"
    tifffile.imwrite(tmp_path / "plain.jpg", np.zeros((4, 4, 3), np.uint16), photometric="rgb")
    assert decode(tmp_path / "plain.jpg").domain == "srgb"


def test_asking_for_a_domain(tmp_path: Path) -> None:
    raw = make_dng(tmp_path / "a.dng", scene(), orientation=6)
    developed = decode(raw, domain="srgb")
    assert developed.bayer is None
    assert developed.orientation == 1
    assert developed.pixels.shape == (64, 48, 3)
    assert developed.pixels.dtype == np.uint16
    assert "developed" in developed.notes[0]
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((4, 4, 3), np.uint16), photometric="rgb")
    with pytest.raises(InputError, match="no Bayer mosaic"):
        decode(tmp_path / "plain.tif", domain="raw")


def test_every_sample_raw_is_read_or_refused(shared: Path) -> None:
    raws = sorted((shared / "raws").iterdir())
    frames = {}
    for path in raws:
        if path.suffix == ".gpr":
            assert "Adobe DNG Converter" in _refusal(path)
        else:
            frames[path.name] = decode(path)
    g2 = frames["canon-g2.crw"]
    assert g2.camera == "Canon PowerShot G2"
    assert g2.bayer is not None
    assert g2.bayer.white == 1023
    assert g2.exposure.iso == 50
    chart = frames["colorchart.dng"]
    assert (chart.exposure.shutter, chart.exposure.iso, chart.exposure.aperture) == (None,) * 3
    assert frames["kodak-dc50.kdc"].bayer is not None
    linear = frames["linear-rgb.dng"]
    assert linear.bayer is None
    assert linear.camera == "Canon EOS 6D"
    assert linear.notes == (
        "the DNG's corrections of brightness are not applied (opcode 8)",
        "developed by LibRaw to sRGB: no 2x2 Bayer mosaic",
    )
