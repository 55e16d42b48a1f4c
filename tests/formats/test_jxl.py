"""JPEG XL pictures, read and written."""

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.errors import InputError, OutputError
from pairfix.formats import decode, encode_picture, read_facts
from pairfix.formats.colour import in_srgb, to_working
from pairfix.formats.icc import Chromaticities
from pairfix.formats.jxl import codestream, jxl_xmp, read_jxl
from pairfix.formats.jxl_colours import coded_colours
from pairfix.formats.jxl_header import ForeignChannelError, parse_header
from pairfix.formats.lcms import adobe_rgb_profile
from pairfix.formats.orientation import turn_upright
from pairfix.formats.spaces import chromaticities, encoded, space_profile
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_write import with_header
from pairfix.image import ColourSpace, Picture

from .samples import picture

EIGHT: NDArray[np.uint8] = (picture().pixels >> 8).astype(np.uint8)
EXIF = with_header(
    {
        271: Entry.text("Acme"),
        272: Entry.text("One"),
        274: Entry.of(Kind.SHORT, 6),
        0x8769: {0x829A: Entry.of(Kind.RATIONAL, 1 / 60), 0x8827: Entry.of(Kind.SHORT, 400)},
    }
)


def save(path: Path, pixels: NDArray[Any], **options: Any) -> Path:  # noqa: ANN401
    path.write_bytes(imagecodecs.jpegxl_encode(pixels, **options))
    return path


def box(kind_and_content: tuple[bytes, bytes]) -> bytes:
    kind, content = kind_and_content
    return struct.pack(">I4s", 8 + len(content), kind) + content


def changed(path: Path, start: int, count: int, value: int) -> Path:
    """The same codestream with other bits in its header."""
    data = path.read_bytes()
    bits = int.from_bytes(data, "little")
    bits &= ~(((1 << count) - 1) << start)
    path.write_bytes((bits | value << start).to_bytes(len(data), "little"))
    return path


@pytest.mark.parametrize("container", [False, True])
def test_eight_bits_are_read_as_they_were_stored(tmp_path: Path, container: bool) -> None:  # noqa: FBT001
    path = save(tmp_path / "a.jxl", EIGHT, lossless=True, usecontainer=container)
    frame = decode(path)
    np.testing.assert_array_equal(frame.pixels, EIGHT)
    assert (frame.notes, frame.domain) == ((), "srgb")
    assert read_facts(path).size == (48, 64)


@pytest.mark.parametrize(("height", "width"), [(48, 48), (50, 60), (9, 12), (40, 24), (33, 1)])
def test_sizes_are_read_in_all_ways_of_storing_them(
    tmp_path: Path, height: int, width: int
) -> None:
    path = save(tmp_path / "a.jxl", np.zeros((height, width, 3), np.uint8), lossless=True)
    header = parse_header(path.read_bytes())
    assert (header.height, header.width) == (height, width)


def test_lossy_grey_and_alpha(tmp_path: Path) -> None:
    lossy = decode(save(tmp_path / "a.jxl", EIGHT, distance=1.0))
    assert 0 < np.abs(lossy.pixels.astype(int) - EIGHT).mean() < 3
    grey = decode(save(tmp_path / "b.jxl", EIGHT[..., 0], lossless=True))
    np.testing.assert_array_equal(grey.pixels, np.repeat(EIGHT[..., :1], 3, axis=2))
    alpha = np.dstack((EIGHT, np.full(EIGHT.shape[:2], 128, np.uint8)))
    opaque = decode(save(tmp_path / "c.jxl", alpha, lossless=True))
    np.testing.assert_array_equal(opaque.pixels, EIGHT)
    assert opaque.notes == ("its transparency was dropped",)


@pytest.mark.parametrize("bits", [10, 12])
def test_samples_of_fewer_bits_are_scaled_to_16(tmp_path: Path, bits: int) -> None:
    stored = picture().pixels >> (16 - bits)
    path = save(tmp_path / "a.jxl", stored, lossless=True, bitspersample=bits)
    header = parse_header(path.read_bytes())
    assert header.bits == bits
    linear, _ = to_working(
        np.rint(stored * (65535 / (2**bits - 1))).astype(np.uint16),
        read_jxl(path, path.read_bytes()).profile,
    )
    assert np.abs(decode(path).pixels.astype(int) - linear).max() <= 20


@pytest.mark.parametrize("bits", [8, 16])
def test_results_are_lossless_with_exif(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "a.jxl"
    pixels = EIGHT.astype(np.uint16) * np.uint16(257) if bits == 8 else picture().pixels
    encode_picture(Picture(pixels, EXIF), path, bits=bits)
    frame, facts = decode(path), read_facts(path)
    np.testing.assert_array_equal(frame.pixels * np.uint16(257 if bits == 8 else 1), pixels)
    assert frame.notes == ()
    assert facts.camera == frame.camera == "Acme One"
    assert facts.exposure.iso == 400


@pytest.mark.parametrize("space", ["display-p3", "adobe-rgb", "prophoto", "rec2020"])
def test_wide_spaces_are_told_by_their_primaries(tmp_path: Path, space: ColourSpace) -> None:
    profile, path = space_profile(space), tmp_path / "a.jxl"
    wide = Picture(encoded(picture().pixels, profile), b"", profile)
    encode_picture(wide, path)
    header = parse_header(codestream(path.read_bytes()))
    assert header.colours is not None
    assert header.colours.primaries is not None
    assert header.colours.transfer == 13
    told = Chromaticities(*header.colours.primaries, header.colours.white)
    for point in ("red", "green", "blue", "white"):
        expected = getattr(chromaticities(profile), point)
        assert getattr(told, point) == pytest.approx(expected, abs=2e-6)
    expected = in_srgb(wide).pixels.astype(np.int32)
    assert np.abs(decode(path).pixels - expected).mean() < 3


def test_a_source_s_profile_is_told_by_its_primaries(tmp_path: Path) -> None:
    profile = adobe_rgb_profile()
    wide = Picture(encoded(picture().pixels, profile), b"", profile)
    encode_picture(wide, tmp_path / "a.jxl")
    found = decode(tmp_path / "a.jxl").pixels.astype(np.int32)
    assert np.abs(found - in_srgb(wide).pixels).mean() < 10


def test_the_description_of_colours_is_read_as_it_was_written() -> None:
    rng = np.random.default_rng(0)
    stored = bytes(imagecodecs.jpegxl_encode(EIGHT, lossless=True))
    start, _ = parse_header(stored).colours_at
    for _ in range(50):
        points = [tuple(map(float, rng.uniform(-0.2, 1.2, 2))) for _ in range(4)]
        value, count = coded_colours(Chromaticities(*points))  # type: ignore[arg-type]
        head = int.from_bytes(stored, "little") & ((1 << start) - 1) | value << start
        found = parse_header(head.to_bytes((start + count) // 8 + 1, "little")).colours
        assert found is not None
        assert found.primaries is not None
        read = np.array([*found.primaries, found.white])
        np.testing.assert_allclose(read, np.array(points), atol=1e-6)


@pytest.mark.parametrize("place", [bytes(4), b""])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_codestream_in_parts_around_its_exif(
    tmp_path: Path,
    compressed: bool,  # noqa: FBT001
    place: bytes,
) -> None:
    path = tmp_path / "a.jxl"
    encode_picture(picture(), path)
    data = path.read_bytes()
    coded, exif = codestream(data), place + EXIF
    packed = b"Exif" + bytes(imagecodecs.brotli_encode(exif))
    boxes = (
        (b"jxlp", bytes(4) + coded[:4]),
        (b"brob", packed) if compressed else (b"Exif", exif),
        (b"jxlp", b"\x80\0\0\1" + coded[4:]),
    )
    path.write_bytes(data[:32] + b"".join(map(box, boxes)))
    np.testing.assert_array_equal(decode(path).pixels, picture().pixels)
    assert read_facts(path).camera == "Acme One"


def test_xmp_is_read_compressed_or_not(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    encode_picture(picture(), path)
    data = path.read_bytes()
    packed = b"xml " + bytes(imagecodecs.brotli_encode(b"<told/>"))
    for told in ((b"xml ", b"<told/>"), (b"brob", packed)):
        assert jxl_xmp(data[:32] + box(told) + data[32:]) == b"<told/>"
    assert jxl_xmp(data) == b""


def test_a_channel_that_is_neither_colour_nor_transparency_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jxl", picture().pixels)

    def refuse(_: object) -> None:
        raise ForeignChannelError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pairfix.formats.jxl.parse_header", refuse)
        with pytest.raises(InputError, match="has a channel that is neither colour nor"):
            read_facts(path)


def test_exif_that_would_inflate_without_end_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    encode_picture(picture(), path)
    data = path.read_bytes()
    packed = b"Exif" + bytes(imagecodecs.brotli_encode(bytes(1 << 24)))
    path.write_bytes(data[:32] + box((b"brob", packed)) + data[32:])
    with pytest.raises(InputError, match="damaged or incomplete"):
        read_facts(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_codestream_s_orientation_counts_and_not_that_of_exif(
    tmp_path: Path, orientation: int
) -> None:
    path = tmp_path / "a.jxl"
    encode_picture(picture(), path)
    coded = turned(codestream(path.read_bytes()), orientation)
    boxes = ((b"Exif", bytes(4) + EXIF), (b"jxlc", coded))
    path.write_bytes(path.read_bytes()[:32] + b"".join(map(box, boxes)))
    upright = turn_upright(picture().pixels, orientation)
    np.testing.assert_array_equal(decode(path).pixels, upright)
    assert read_facts(path).size == upright.shape[:2]


def turned(coded: bytes, orientation: int) -> bytes:
    """A codestream of 48 x 64 pixels with an orientation in its header."""
    fields = 16 + 1 + 5 + 3 + 1  # signature, blocks of 8, height, ratio, not all default
    _, end = parse_header(coded).colours_at
    frames = coded[-(-(end + 3) // 8) :]
    bits = int.from_bytes(coded, "little") & ((1 << end) - 1)
    low, rest = bits & ((1 << fields) - 1), bits >> (fields + 1)
    extra = 1 | (orientation - 1) << 1
    head = low | extra << fields | rest << (fields + 7) | 0b1001 << (end + 6)
    return head.to_bytes(-(-(end + 10) // 8), "little") + frames


@pytest.mark.parametrize(
    ("pixels", "options", "said"),
    [
        (np.full((8, 8, 3), 0.5, np.float32), {}, "floating-point"),
        (np.stack([EIGHT] * 2), {"photometric": "rgb"}, "an animation"),
    ],
)
def test_kinds_that_are_not_converted_are_named(
    tmp_path: Path, pixels: NDArray[Any], options: dict[str, Any], said: str
) -> None:
    path = save(tmp_path / "a.jxl", pixels, **options)
    for read in (decode, read_facts):
        with pytest.raises(InputError, match=said):
            read(path)


@pytest.mark.parametrize(("transfer", "said"), [(16, "PQ"), (18, "HLG"), (2, "not convert")])
def test_curves_that_are_not_converted_are_named(tmp_path: Path, transfer: int, said: str) -> None:
    path = tmp_path / "a.jxl"
    encode_picture(Picture(picture().pixels, b"", space_profile("display-p3")), path)
    data = path.read_bytes()
    coded = codestream(data)
    _, end = parse_header(coded).colours_at
    (tmp_path / "b.jxl").write_bytes(coded)
    # the curve and the rendering intent are the last fields: 6 bits and 2
    value = {16: 2 | 14 << 2, 18: 3, 2: 2}[transfer]
    with pytest.raises(InputError, match=said):
        decode(changed(tmp_path / "b.jxl", end - 8, 8, value))


def test_a_colour_space_without_rgb_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    encode_picture(picture(), path)
    path.write_bytes(codestream(path.read_bytes()))
    start, _ = parse_header(path.read_bytes()).colours_at
    xyb_or_unknown = 2
    with pytest.raises(InputError, match="has colours that pairfix does not read"):
        decode(changed(path, start + 2, 2, xyb_or_unknown))


def test_a_claim_that_its_bytes_cannot_hold_is_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "a.jxl"
    size = 3 << 1 | 19999 << 3 | 1 << 33  # a height of 30 bits, and as wide as high
    header = 0x0AFF | size << 16 | 1 << (16 + 36)
    path.write_bytes(header.to_bytes(8, "little") + bytes(8))
    with pytest.raises(InputError, match="claims 20000 x 20000 pixels"):
        decode(path)


def test_damage_and_failing_encoders_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.jxl", EIGHT, lossless=True)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(path)

    def failing(*_: object, **__: object) -> bytes:
        raise RuntimeError("no")

    monkeypatch.setattr("imagecodecs.jpegxl_encode", failing)
    with pytest.raises(OutputError, match="cannot be encoded: no; try TIFF"):
        encode_picture(picture(), tmp_path / "b.jxl")
    assert [each.name for each in tmp_path.iterdir()] == ["a.jxl"]
