"""A damaged file yields a frame or one clear line, never a traceback."""

import io
import math
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from pairfix.errors import InputError, MemoryExhaustedError, OutputError
from pairfix.formats import decode, encode_picture
from pairfix.formats.atomic import replacing
from pairfix.formats.detect import detect
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_file import write_image
from pairfix.formats.tiff_write import with_header
from pairfix.image import Frame

from .samples import make_dng, picture, scene

_MUTATIONS = 150
_PILLOW: dict[str, dict[str, Any]] = {
    "lzw.tif": {"compression": "tiff_lzw"},
    "deflate.tif": {"compression": "tiff_adobe_deflate"},
    "packbits.tif": {"compression": "packbits"},
    "jpeg.tif": {"compression": "jpeg"},
    "a.png": {},
    "a.jpg": {},
    "a.webp": {"lossless": True},
    "a.avif": {"quality": 95},
}
SAMPLES = [*_PILLOW, "plain.tif", "tiles.tif", "big.tif", "ycbcr.tif", "thumbnail.tif", "a.dng"]


def _sample(folder: Path, name: str) -> bytes:
    path = folder / name
    small = picture().pixels[:24, :20]
    if name in _PILLOW:
        Image.fromarray((small >> 8).astype(np.uint8)).save(path, None, **_PILLOW[name])
    elif name == "plain.tif":
        encode_picture(picture(), path)
    elif name == "tiles.tif":
        tifffile.imwrite(path, small, photometric="rgb", tile=(16, 16), compression="zstd")
    elif name == "big.tif":
        tifffile.imwrite(path, small, photometric="rgb", bigtiff=True)
    elif name == "ycbcr.tif":
        Image.fromarray((small >> 8).astype(np.uint8)).convert("YCbCr").save(path)
    elif name == "thumbnail.tif":
        with tifffile.TiffWriter(path) as file:
            file.write(small[::4, ::4], photometric="rgb", subfiletype=1)
            file.write(small, photometric="rgb")
    else:
        make_dng(path, scene())
    return path.read_bytes()


def _mutated(whole: bytes, chance: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        head = chance.random() < 0.6
        place = chance.randrange(min(len(data), 400) if head else len(data))
        data[place] = chance.choice((0, 1, 128, 255, chance.randrange(256)))
    return bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)


def _decoded(path: Path) -> Frame | str:
    try:
        return decode(path)
    except (InputError, MemoryExhaustedError) as error:
        return str(error)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_mutated_file_is_a_frame_or_a_refusal(tmp_path: Path, name: str) -> None:
    whole, chance = _sample(tmp_path, name), random.Random(name)  # noqa: S311
    path = tmp_path / f"mutated-{name}"
    for _ in range(_MUTATIONS):
        path.write_bytes(_mutated(whole, chance))
        found = _decoded(path)
        if isinstance(found, str):
            assert path.name in found
            continue
        assert found.pixels.dtype in (np.uint8, np.uint16)
        assert min(found.size) > 0
        assert found.bayer or found.pixels.shape[2:] == (3,)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "plain.tif"])
@pytest.mark.parametrize("kept", [10, 0.5])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    whole = _sample(tmp_path, name)
    (tmp_path / name).write_bytes(whole[: int(kept if kept > 1 else len(whole) * kept)])
    with pytest.raises(InputError, match="damaged"):
        decode(tmp_path / name)


@pytest.mark.parametrize("samples", [5, 9])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_more_samples_than_rgb_and_alpha(tmp_path: Path, samples: int, planes: str) -> None:
    shape = (4, 6, samples) if planes == "contig" else (samples, 4, 6)
    pixels = np.ones(shape, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig=planes)
    with pytest.raises(InputError, match="neither grey nor RGB"):
        decode(tmp_path / "a.tif")


def test_a_volume_is_refused(tmp_path: Path) -> None:
    pixels = np.ones((2, 16, 16, 3), np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="rgb", volumetric=True, tile=(2, 16, 16)
    )
    with pytest.raises(InputError, match="is a volume"):
        decode(tmp_path / "a.tif")


def test_a_tiff_that_lacks_a_strip(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, picture().pixels, photometric="rgb", rowsperstrip=8, compression="lzw")
    with tifffile.TiffFile(path, mode="r+") as file:
        counts = file.pages.first.tags["StripByteCounts"]
        counts.overwrite([*counts.value[:-1], 0])
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(path)


@pytest.mark.parametrize(
    "children",
    [
        Entry.of(Kind.SLONG, -5),
        Entry.of(Kind.FLOAT, float("inf")),
        Entry.of(Kind.FLOAT, float("nan")),
        Entry.of(Kind.DOUBLE, 1e300),
        Entry.of(Kind.SRATIONAL, -1),
    ],
)
def test_directories_at_impossible_offsets(tmp_path: Path, children: Entry) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(with_header({256: Entry.of(Kind.LONG, 4), 330: children, 0x8769: children}))
    assert detect(path) == "tiff"
    with pytest.raises(InputError, match="damaged"):
        decode(path)
    dng = make_dng(tmp_path / "a.dng", scene(), extra={330: children, 0x8825: children})
    assert decode(dng).domain == "raw"


def _huge_png(side: int, coded: int = 1000) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 16, 2, 0, 0, 0)
    blocks = (header, b"IDAT" + zlib.compress(bytes(coded)), b"IEND")
    chunks = (
        struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each))
        for each in blocks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(("place", "new"), [(16, b"\1"), (33, b"\xf5")])
def test_damaged_sizes_in_a_png_are_not_trusted(
    tmp_path: Path, place: int, new: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _sample(tmp_path, "a.png")
    (tmp_path / "a.png").write_bytes(whole[:place] + new + whole[place + 1 :])
    monkeypatch.delattr("cv2.imdecodeWithMetadata")
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(tmp_path / "a.png")


def test_a_png_with_too_many_pixels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(_huge_png(200_000))
    with pytest.raises(InputError, match=r"huge.png has too many pixels.*; make it smaller"):
        decode(tmp_path / "huge.png")


def test_a_png_that_claims_more_than_it_can_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "claims.png"
    cv2.imwrite(str(path), np.zeros((3000, 3000, 3), np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert decode(path).size == (3000, 3000)
    path.write_bytes(_huge_png(20_000, 2_000_000))
    monkeypatch.delattr("cv2.imdecodeWithMetadata")
    with pytest.raises(InputError, match=r"claims 20000 x 20000 pixels.*cannot hold"):
        decode(path)


def test_a_tiff_that_does_not_fit_into_memory(tmp_path: Path) -> None:
    side, data = 200_000, zlib.compress(bytes(1000))
    tags = {256: side, 257: side, 259: 8, 262: 2, 277: 3, 278: side, 279: len(data)}
    directory = {tag: Entry.of(Kind.LONG, value) for tag, value in tags.items()}
    directory[258] = Entry.of(Kind.SHORT, 8, 8, 8)
    block = with_header({**directory, 273: Entry.of(Kind.LONG, 0)})
    whole = with_header({**directory, 273: Entry.of(Kind.LONG, len(block))}) + data
    (tmp_path / "huge.tif").write_bytes(whole)
    found = _decoded(tmp_path / "huge.tif")
    assert isinstance(found, str)
    assert "huge.tif" in found
    assert "tile" not in found


@pytest.mark.parametrize("name", ["a.png", "plain.tif", "a.dng"])
def test_running_out_of_memory_names_the_file(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    _sample(tmp_path, name)
    monkeypatch.setattr("cv2.imdecodeWithMetadata", exhausted)
    monkeypatch.setattr("tifffile.TiffPage.asarray", exhausted)
    monkeypatch.setattr("rawpy.imread", exhausted)
    with pytest.raises(MemoryExhaustedError, match=rf"{name} does not fit.*a smaller photo"):
        decode(tmp_path / name)


def test_a_tiff_over_4_gb_is_refused_before_it_is_written(tmp_path: Path) -> None:
    file = io.BytesIO()
    with pytest.raises(OSError, match="4 GB"):
        write_image(file, {}, [], 256, (40_000, 120_000))
    assert not file.getvalue()
    target = tmp_path / "a.tif"
    with (
        pytest.raises(OutputError, match=r"a.tif cannot be written.*4 GB.*another format"),
        replacing(target, overwrite=False) as beside,
    ):
        write_image(beside, {}, [], 256, (40_000, 120_000))
    assert not [*tmp_path.iterdir()]


def test_a_jpeg_that_claims_more_than_it_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.jpg"
    cv2.imwrite(str(path), np.zeros((800, 800), np.uint8), [cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    assert decode(path).size == (800, 800)
    whole = path.read_bytes()
    place = whole.index(b"\xff\xc0") + 5
    path.write_bytes(whole[:place] + (30000).to_bytes(2, "big") * 2 + whole[place + 4 :])
    with pytest.raises(InputError, match=r"claims 30000 x 30000 pixels.*cannot hold"):
        decode(path)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "a.webp"])
def test_more_pixels_than_any_photo_are_refused_before_they_are_read(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sample(tmp_path, name)
    pixels = math.prod(decode(tmp_path / name).size)
    monkeypatch.setattr("pairfix.formats.edge.MOST_PIXELS", pixels)
    assert decode(tmp_path / name)
    monkeypatch.setattr("pairfix.formats.edge.MOST_PIXELS", pixels - 1)
    for read in ("cv2.imdecodeWithMetadata", "tifffile.TiffPage.asarray"):
        monkeypatch.delattr(read)
    with pytest.raises(InputError, match=f"{name} has too many pixels"):
        decode(tmp_path / name)


@pytest.mark.slow
def test_a_photo_of_two_hundred_megapixels_is_read(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((12_250, 16_330), np.uint8))
    assert decode(tmp_path / "a.png").size == (12_250, 16_330)
