"""What is written about the photo reaches every format; sidecars count before the file."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pairfix.formats import FORMATS, decode, encode_dng, encode_picture, iptc, xmp
from pairfix.formats.description import Found, read_description
from pairfix.formats.iptc import Dataset
from pairfix.formats.sidecars import sidecars_of
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.xmp import Array
from pairfix.image import Description

from .descriptions import EXIFTOOL, alternatives, bag, exiftool, faults, iim, name, rdf
from .samples import make_dng, picture, scene

HOLD_IPTC = (".tif", ".tiff", ".jpg", ".jpeg", ".dng")
DESCRIBED = [extension for extension, chosen in FORMATS.items() if chosen.readable]
PICTURES = [extension for extension in DESCRIBED if not FORMATS[extension].mosaic]
EMBEDDED = rdf(bag("dc:subject", "night", "neon"), 'xmp:Rating="3"').encode()
needs_exiftool = pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")


def _image() -> Image.Image:
    return Image.fromarray((picture().pixels >> 8).astype(np.uint8))


def _saved(name: str) -> Callable[[Path], Path]:
    def save(folder: Path) -> Path:
        path = folder / f"short.{name}"
        _image().save(path, xmp=EMBEDDED)
        return path

    return save


def _png(folder: Path, *, packed: bool = False) -> Path:
    path, information = folder / "short.png", PngInfo()
    information.add_itxt("XML:com.adobe.xmp", EMBEDDED.decode(), zip=packed)
    _image().save(path, pnginfo=information)
    return path


def _packed_png(folder: Path) -> Path:
    return _png(folder, packed=True)


def _tiff(folder: Path) -> Path:
    path, tags = folder / "short.tif", ImageFileDirectory_v2()
    tags[700] = EMBEDDED
    _image().save(path, tiffinfo=tags)
    return path


def _dng(folder: Path) -> Path:
    return make_dng(folder / "short.dng", scene(), extra={700: Entry(Kind.BYTE, EMBEDDED)})


SOURCES = {
    "JPEG": _saved("jpg"),
    "PNG": _png,
    "PNG, packed": _packed_png,
    "TIFF": _tiff,
    "DNG": _dng,
    "WebP": _saved("webp"),
    "AVIF": _saved("avif"),
}


def _properties(path: Path) -> dict[str, xmp.Value]:
    return xmp.parse(read_description(path).description.xmp)


def _described() -> Description:
    text = alternatives("dc:title", x_default="Night &amp; Day", de="Nacht")
    found = xmp.parse(rdf(text + bag("dc:subject", "neon", "räin"), 'xmp:Rating="4"').encode())
    datasets = iptc.agreeing([Dataset(55, "20260501")], found)
    return Description(xmp.packet(found), iptc.assemble(datasets))


def _results(folder: Path, description: Description) -> list[Path]:
    """One of every format that holds XMP."""
    found = []
    frame = replace(decode(make_dng(folder / "source.dng", scene())), description=description)
    for extension in DESCRIBED:
        found.append(folder / f"result{extension}")
        if extension in PICTURES:
            encode_picture(replace(picture(), description=description), found[-1])
        else:
            encode_dng(frame, np.full(frame.size, 0.5, np.float32), 0.0, found[-1])
    return found


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_xmp_is_found_in_every_format(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    decode(path)
    assert _properties(path) == {
        name("dc:subject"): Array("Bag", ("night", "neon")),
        name("xmp:Rating"): "3",
    }


def test_xmp_is_found_in_a_canon_cr3(tmp_path: Path) -> None:
    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    path, head = tmp_path / "short.cr3", box(b"ftyp", b"crx \0\0\0\1crx isom")
    packet = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + EMBEDDED)
    path.write_bytes(head + box(b"moov", b"x" * 99) + packet + box(b"mdat", b"x" * 99))
    assert _properties(path)[name("xmp:Rating")] == "3"
    for rest in (b"", box(b"moov", b""), b"\0\0\0\1mdat" + bytes(99), packet[:40]):
        path.write_bytes(head + rest)
        assert read_description(path).description == Description()


def test_sidecars_count_before_the_file_and_the_specific_one_before_the_other(
    tmp_path: Path,
) -> None:
    path = _dng(tmp_path)
    (tmp_path / "short.XMP").write_text(
        rdf(bag("dc:subject", "general"), 'xmp:Rating="4" xmp:Label="Red"'), encoding="utf-8"
    )
    (tmp_path / "short.dng.xmp").write_text(rdf(attributes='xmp:Label="Blue"'), encoding="utf-8")
    assert _properties(path) == {
        name("dc:subject"): Array("Bag", ("general",)),
        name("xmp:Rating"): "4",
        name("xmp:Label"): "Blue",
    }


@pytest.mark.parametrize(("extension", "rating"), [("DNG", "4"), ("CR3", "")])
def test_a_sidecar_of_another_file_of_that_name_does_not_count(
    tmp_path: Path, extension: str, rating: str
) -> None:
    path = make_dng(tmp_path / "short.dng", scene())
    sidecar = rdf(attributes=f'xmp:Rating="4" photoshop:SidecarForExtension="{extension}"')
    (tmp_path / "short.xmp").write_text(sidecar, encoding="utf-8")
    packet = read_description(path).description.xmp
    assert (xmp.text(xmp.parse(packet)[name("xmp:Rating")]) if packet else "") == rating


def test_damaged_xmp_is_left_out_with_a_note(tmp_path: Path) -> None:
    path = make_dng(
        tmp_path / "short.dng", scene(), extra={700: Entry(Kind.BYTE, EMBEDDED[:-9] + b"\x1b[31m")}
    )
    (tmp_path / "short.xmp").write_bytes(b'<!DOCTYPE a [<!ENTITY a "b">]>' + EMBEDDED)
    (tmp_path / "short.dng.xmp").mkdir()
    found = read_description(path)
    assert found.description == Description()
    assert found.notes == (
        "its XMP is damaged or too large, and was left out",
        "short.xmp is damaged or too large, and was left out",
    )


def test_more_than_anyone_writes_is_left_out_with_a_note(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "short.dng", scene())
    (tmp_path / "short.xmp").write_bytes(EMBEDDED + b" " * (1 << 22))
    assert read_description(path).notes == ("short.xmp is damaged or too large, and was left out",)


def test_a_packet_that_is_longer_than_what_it_was_made_of_is_read_again(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "short.dng", scene())
    items = "<rdf:li/>" * 260_000
    sidecar = rdf(f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>")
    (tmp_path / "short.xmp").write_text(sidecar, encoding="utf-8")
    found = read_description(path)
    assert len(found.description.xmp) > 1 << 22
    assert xmp.parse(found.description.xmp) == found.sidecars


def test_a_photo_that_is_no_file_has_no_description() -> None:
    assert read_description(Path("no such file")) == Found(Description(), {}, ())


@pytest.mark.parametrize("kind", ["jpg", "tif", "tif of numbers"])
def test_iptc_is_carried_and_fills_what_xmp_lacks(tmp_path: Path, kind: str) -> None:
    block = iim([(2, 5, b"Night"), (2, 25, b"old"), (2, 55, b"20260501"), (2, 0, b"\0\4")])
    path = tmp_path / f"short.{kind[:3]}"
    if kind == "jpg":
        _image().save(path, xmp=EMBEDDED)
        data, resources = path.read_bytes(), b"Photoshop 3.0\0" + iptc.resource(block)
        segment = struct.pack(">BBH", 0xFF, 0xED, 2 + len(resources)) + resources
        path.write_bytes(data[:2] + segment + data[2:])
    else:
        padded = block + bytes(-len(block) % 4)
        numbers = struct.unpack(f">{len(padded) // 4}I", padded)
        stored = (7, len(block), block) if kind == "tif" else (4, len(numbers), numbers)
        tags = [(700, 1, len(EMBEDDED), EMBEDDED, True), (33723, *stored, True)]
        pixels = (picture().pixels >> 8).astype(np.uint8)
        tifffile.imwrite(path, pixels, photometric="rgb", extratags=tags)
    found = read_description(path).description
    assert xmp.text(xmp.parse(found.xmp)[name("dc:title")]) == "Night"
    assert iptc.parse(found.iptc) == [
        *(Dataset(5, "Night"), Dataset(25, "night"), Dataset(25, "neon")),
        Dataset(55, "20260501"),
    ]


def test_every_format_holds_the_description(tmp_path: Path) -> None:
    description = _described()
    for path in _results(tmp_path, description):
        found = read_description(path)
        assert xmp.parse(found.description.xmp) == xmp.parse(description.xmp)
        assert found.description.iptc == (description.iptc if path.suffix in HOLD_IPTC else b"")
        assert found.notes == ()
        assert not decode(path).notes


@needs_exiftool
def test_exiftool_reads_what_every_format_holds_and_finds_no_fault(tmp_path: Path) -> None:
    for path in _results(tmp_path, _described()):
        told = exiftool(path)
        assert told["XMP-dc:Title"] == "Night & Day"
        assert told["XMP-dc:Title-de"] == "Nacht"
        assert told["XMP-dc:Subject"] == ["neon", "räin"]
        assert told["XMP-xmp:Rating"] == 4
        if path.suffix in HOLD_IPTC:
            assert told["IPTC:ObjectName"] == "Night & Day"
            assert told["IPTC:Keywords"] == ["neon", "räin"]
            assert told["IPTC:DateCreated"] == "2026:05:01"
        assert faults(path) == "OK"


def test_pillow_and_tifffile_find_the_packet(tmp_path: Path) -> None:
    description = _described()
    for path in _results(tmp_path, description):
        if path.suffix in (".tif", ".tiff", ".dng"):
            with tifffile.TiffFile(path) as tiff:
                assert tiff.pages.first.tags[700].value == description.xmp
        elif path.suffix in Image.registered_extensions():
            with Image.open(path) as image:
                image.load()
                stored = image.info["xmp"]
            assert (stored.encode() if isinstance(stored, str) else stored) == description.xmp


def test_xmp_over_64_kb_goes_on_in_more_segments_of_a_jpeg(tmp_path: Path) -> None:
    many = tuple(f"keyword {number}" for number in range(9000))
    found: dict[str, xmp.Value] = {
        name("dc:subject"): Array("Bag", many),
        name("xmp:Rating"): "4",
        name("dc:title"): Array("Alt", ("Night",), ("x-default",)),
    }
    datasets = iptc.agreeing([Dataset(55, "20260501")], found)
    description = Description(xmp.packet(found), iptc.assemble(datasets))
    path = tmp_path / "a.jpg"
    encode_picture(replace(picture(), description=description), path)
    again = read_description(path)
    assert xmp.parse(again.description.xmp) == found
    assert again.description.iptc == description.iptc
    assert again.notes == ()
    if EXIFTOOL:
        told = exiftool(path, "-ignoreMinorErrors")
        assert told["XMP-dc:Subject"] == [*many]
        assert told["XMP-dc:Title"] == "Night"


def test_a_part_of_extended_xmp_that_lacks_is_noted(tmp_path: Path) -> None:
    found = {name("dc:subject"): Array("Bag", tuple(f"keyword {each}" for each in range(9000)))}
    path = tmp_path / "a.jpg"
    encode_picture(replace(picture(), description=Description(xmp.packet(found))), path)
    data = path.read_bytes()
    place = data.index(b"http://ns.adobe.com/xmp/extension/\0") - 4
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    path.write_bytes(data[:place] + data[place + 2 + length :])
    assert read_description(path) == Found(
        Description(),
        {},
        ("its extended XMP is damaged or too large, and was left out",),
    )


def test_a_png_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    encode_picture(replace(picture(), description=_described()), path)
    file = io.BytesIO(path.read_bytes()[8:])
    while head := file.read(8):
        length, kind = struct.unpack(">I4s", head)
        data = file.read(length)
        assert struct.unpack(">I", file.read(4))[0] == zlib.crc32(kind + data)
    assert kind == b"IEND"


def test_a_name_without_room_for_a_sidecar_s_has_none(tmp_path: Path) -> None:
    assert not [*sidecars_of(tmp_path / f"{'a' * 251}.jpg")]
