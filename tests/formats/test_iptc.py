"""IPTC-IIM is read from any program's bytes, and written so that it agrees with XMP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix.formats import iptc
from pairfix.formats.iptc import Dataset
from pairfix.formats.xmp import Array

from .descriptions import iim, name


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        ([(1, 90, b"\x1b%G")], b"Caf\xc3\xa9", "Café"),
        ([(1, 90, b"\x1b%G")], b"Caf\xe9", "Caf\ufffd"),
        ([], b"Caf\xc3\xa9", "Café"),
        ([], b"Caf\xe9", "Café"),
        ([], b" a\x1b[31m\0b\n ", "a[31mb"),
    ],
)
def test_text_is_what_it_declares_or_can_be(
    declared: list[tuple[int, int, bytes]], value: bytes, text: str
) -> None:
    assert iptc.parse(iim([*declared, (2, 120, value)])) == [Dataset(120, text)]


def test_data_that_is_no_text_is_left_out() -> None:
    extended = b"\x1c\x02\xca\x80\x04\0\0\0\x03abc"
    block = iim([(2, 0, b"\0\4"), (2, 200, b"\0\1"), (7, 10, b"x")]) + extended
    assert iptc.parse(block + iim([(2, 25, b"neon")])) == [Dataset(25, "neon")]


def test_xmp_counts_and_other_datasets_stay() -> None:
    xmp = {
        name("dc:title"): Array("Alt", ("Nacht", "Night" * 20), ("de", "x-default")),
        name("dc:subject"): Array("Bag", ("neon", "ü" * 40)),
    }
    datasets = [Dataset(55, "20260501"), Dataset(25, "old"), Dataset(90, "Graz")]
    assert iptc.agreeing(datasets, xmp) == [
        Dataset(5, ("Night" * 20)[:64]),
        Dataset(25, "neon"),
        Dataset(25, "ü" * 32),
        Dataset(55, "20260501"),
    ]


def test_datasets_become_xmp_and_again_datasets() -> None:
    datasets = [
        *(Dataset(5, "Night"), Dataset(25, "neon"), Dataset(25, "rain"), Dataset(80, "Ann")),
        *(Dataset(90, "Graz"), Dataset(100, "AUT"), Dataset(120, "two\nlines")),
    ]
    assert iptc.parse(iptc.assemble(datasets)) == datasets
    assert iptc.agreeing(datasets, iptc.properties(datasets)) == datasets


def test_a_resource_is_found_behind_others() -> None:
    block = iptc.assemble([Dataset(5, "Night")])
    other = b"8BIM\x03\xed\x03abc\0\0\0\x03xyz\0"
    assert iptc.of_photoshop(other + iptc.resource(block)) == block
    assert iptc.of_photoshop(other) == iptc.of_photoshop(b"8BIM\x04") == b""


@given(st.binary(max_size=200))
def test_any_bytes_can_be_parsed(block: bytes) -> None:
    iptc.parse(block)
    iptc.parse(b"\x1c\x02" + block)
    iptc.of_photoshop(block)
    iptc.of_photoshop(b"8BIM" + block)
