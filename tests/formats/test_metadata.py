import io
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix.formats import metadata, shot
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_read import Layout, read_directory, read_header
from pairfix.formats.tiff_write import pack, with_header
from pairfix.image import Exposure

ENTRIES = st.one_of(
    st.text(st.characters(codec="ascii", exclude_characters="\0")).map(Entry.text),
    st.lists(st.integers(0, 65535), min_size=1).map(lambda v: Entry.of(Kind.SHORT, *v)),
    st.lists(st.floats(width=64), min_size=1).map(lambda v: Entry.of(Kind.DOUBLE, *v)),
    st.binary(min_size=1).map(lambda v: Entry(Kind.UNDEFINED, v)),
)


@given(st.dictionaries(st.integers(1, 65535), ENTRIES, min_size=1))
def test_directories_survive(entries: dict[int, Entry]) -> None:
    file = io.BytesIO(with_header({**entries}))
    read, following = read_directory(file, *read_header(file))
    assert read == entries
    assert list(read) == sorted(read)
    assert following == 0


@given(st.binary())
def test_any_bytes_can_be_parsed(block: bytes) -> None:
    metadata.clean(metadata.parse(block))
    metadata.clean(metadata.parse(b"II*\0\x08\0\0\0" + block))


def test_nested_directories_and_their_offsets() -> None:
    nested: Directory = {1: Entry.text("a long text that needs the heap")}
    file = io.BytesIO(with_header({0x8769: nested, 2: Entry.of(Kind.LONG, 7)}))
    main, _ = read_directory(file, *read_header(file))
    place = main[0x8769].number
    assert place is not None
    assert read_directory(file, Layout("<", big=False), int(place))[0] == nested
    assert len(pack(nested, 100)) % 2 == 0


def test_big_endian_blocks() -> None:
    block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    assert metadata.orientation(metadata.parse(block)) == 6


@given(st.floats(1e-5, 1e4))
def test_rationals_are_close(value: float) -> None:
    entry = Entry.of(Kind.RATIONAL, value)
    assert entry.number == pytest.approx(value, abs=1e-6)
    assert Fraction(entry.number or 0).limit_denominator(1_000_000)


def test_a_rational_over_zero_is_not_a_number() -> None:
    entry = Entry(Kind.SRATIONAL, bytes(8))
    assert math.isnan(entry.values[0])
    assert entry.number is None


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "Z 6", "NIKON CORPORATION Z 6"),
        ("", "Pixel", "Pixel"),
        ("", "", None),
    ],
)
def test_the_camera_names_its_maker_once(make: str, model: str, name: str | None) -> None:
    exif = {metadata.MAKE: Entry.text(make), metadata.MODEL: Entry.text(model)}
    assert metadata.camera((exif, {}, {})) == name


def test_implausible_numbers_are_unknown() -> None:
    recorded = Exposure(shutter=1e9, iso=-1, aperture=math.inf)
    assert metadata.exposure(({}, {}, {}), recorded) == Exposure()


def test_canon_cr3_boxes() -> None:
    main = with_header({metadata.MODEL: Entry.text("Canon EOS R5")})
    exif = with_header({shot.ISO: Entry.of(Kind.SHORT, 800)})
    head = b"\0\0\0\x18ftypcrx ....CMT1" + main + b"....CMT2" + exif
    found = metadata.of_cr3(head)
    assert metadata.camera(found) == "Canon EOS R5"
    assert metadata.exposure(found).iso == 800


def test_an_upright_block() -> None:
    block = metadata.upright(b"", (30, 40))
    main, exif, _ = metadata.parse(block)
    assert main[metadata.ORIENTATION].number == 1
    assert (exif[metadata.WIDTH].number, exif[metadata.HEIGHT].number) == (40, 30)
    assert exif[metadata.COLOR_SPACE].number == 1


def test_places_in_the_source_s_pixels_are_left_out() -> None:
    """SubjectArea and SubjectLocation: the result is turned, and may be cut."""
    area, location = 0x9214, 0xA214
    tags = {area: Entry.of(Kind.SHORT, 30, 10, 20, 20), location: Entry.of(Kind.SHORT, 30, 10)}
    block = metadata.clean(({}, tags, {}))
    assert not {area, location} & metadata.parse(block)[1].keys()
