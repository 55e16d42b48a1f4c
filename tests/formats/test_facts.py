"""Facts from headers agree with those from decoding."""

import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pairfix.errors import InputError
from pairfix.formats import decode, encode_picture, metadata, read_domain, read_facts, shot
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import HeaderFacts, Picture
from tests.formats.samples import make_dng, picture, scene

_MUTATIONS = 100
_SAMPLES = ["a.dng", "a.png", "a.jpg", "a.tif", "lossy.webp", "lossless.webp", "big.tif"]


def _sample(folder: Path, name: str, orientation: int = 1) -> Path:
    path = folder / name
    exif: metadata.Exif = (
        {
            metadata.MAKE: Entry.text("Test"),
            metadata.MODEL: Entry.text("Bayer"),
            metadata.ORIENTATION: Entry.of(Kind.SHORT, orientation),
        },
        {
            shot.EXPOSURE_TIME: Entry.of(Kind.RATIONAL, 1 / 60),
            shot.ISO: Entry.of(Kind.SHORT, 3200),
            metadata.DATE_TIME_ORIGINAL: Entry.text("2026:05:01 21:10:01"),
        },
        {},
    )
    block = metadata.assemble(exif)
    pixels = (picture().pixels >> 8).astype(np.uint8)
    if name == "a.dng":
        return make_dng(path, scene(), orientation=orientation)
    if name == "big.tif":
        tifffile.imwrite(path, pixels, photometric="rgb", bigtiff=True)
    elif path.suffix == ".tif":
        encode_picture(Picture(picture().pixels, block), path)
    else:
        lossless = name == "lossless.webp"
        Image.fromarray(pixels).save(path, exif=b"Exif\0\0" + block, lossless=lossless)
    return path


def _read(path: Path) -> HeaderFacts | str:
    try:
        return read_facts(path)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("name", _SAMPLES)
def test_headers_agree_with_decoding(tmp_path: Path, name: str, orientation: int) -> None:
    path = _sample(tmp_path, name, orientation)
    frame, facts = decode(path), read_facts(path)
    assert facts.kind == ("raw" if name == "a.dng" else "picture")
    assert (facts.size, facts.exposure, facts.camera, facts.taken) == (
        frame.size,
        frame.exposure,
        frame.camera,
        frame.taken,
    )
    assert facts.path == path


@pytest.mark.parametrize("name", _SAMPLES)
def test_the_domain_is_known_without_decoding(tmp_path: Path, name: str) -> None:
    path = _sample(tmp_path, name)
    assert read_domain(path) == decode(path).domain


@pytest.mark.parametrize(
    "name", ["canon-g2.crw", "colorchart.dng", "kodak-dc50.kdc", "linear-rgb.dng"]
)
def test_the_domain_of_a_cameras_raw_is_known_without_decoding(shared: Path, name: str) -> None:
    path = shared / "raws" / name
    assert read_domain(path) == decode(path).domain


@pytest.mark.parametrize("name", ["a.webp", "plain.png"])
def test_pictures_without_exif_have_a_size(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / name)
    facts = read_facts(tmp_path / name)
    assert (facts.size, facts.camera, facts.taken) == ((48, 64), None, None)


def test_libraw_is_asked_for_what_exif_lacks(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "a.dng", scene(), extra={0x8769: {}})
    assert read_facts(path).size == (48, 64)
    assert read_facts(path).taken is None


@pytest.mark.parametrize("name", _SAMPLES)
def test_a_mutated_header_is_read_or_refused(tmp_path: Path, name: str) -> None:
    whole, chance = _sample(tmp_path, name).read_bytes(), random.Random(name)  # noqa: S311
    path = tmp_path / f"mutated-{name}"
    for _ in range(_MUTATIONS):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(min(len(data), 400))] = chance.randrange(256)
        path.write_bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)
        found = _read(path)
        assert path.name in found if isinstance(found, str) else min(found.size) > 0


@pytest.mark.parametrize(
    ("digits", "offset", "expected"),
    [
        ("", "", datetime(2026, 5, 1, 21, 10, 1)),  # noqa: DTZ001
        ("25", "", datetime(2026, 5, 1, 21, 10, 1, 250_000)),  # noqa: DTZ001
        ("1234567", "Z", datetime(2026, 5, 1, 21, 10, 1, 123_456, UTC)),
        ("x", "+02:00", datetime(2026, 5, 1, 19, 10, 1, tzinfo=UTC)),
        ("", "nonsense", datetime(2026, 5, 1, 21, 10, 1)),  # noqa: DTZ001
    ],
)
def test_moments_have_sub_seconds_and_an_offset(
    digits: str, offset: str, expected: datetime
) -> None:
    exif = {
        metadata.DATE_TIME_ORIGINAL: Entry.text("2026:05:01 21:10:01"),
        metadata.SUB_SEC_TIME_ORIGINAL: Entry.text(digits),
        metadata.OFFSET_TIME_ORIGINAL: Entry.text(offset),
    }
    assert metadata.moment(({}, exif, {})) == expected
