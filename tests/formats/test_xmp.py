"""XMP becomes values, of which a result takes over what people wrote; values become a packet."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairfix._version import __version__
from pairfix.formats import xmp
from pairfix.formats.xmp import Array

from .descriptions import alternatives, bag, name, rdf

RICH = rdf(
    alternatives("dc:title", x_default="A &amp; B", de="Nacht")
    + bag("dc:subject", "night", "neon")
    + '<xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:softwareAgent="X"/></rdf:Seq>'
    "</xmpMM:History>"
    '<Iptc4xmpCore:CreatorContactInfo rdf:parseType="Resource">'
    "<Iptc4xmpCore:CiEmailWork>a@b.c</Iptc4xmpCore:CiEmailWork></Iptc4xmpCore:CreatorContactInfo>"
    '<cc:license rdf:resource="https://example.com/by"/>'
    "<photoshop:City><rdf:Description><rdf:value>Graz</rdf:value><mine:sure>no</mine:sure>"
    "</rdf:Description></photoshop:City>",
    'xmp:Rating="4"',
).encode()


def test_every_form_of_value_is_understood() -> None:
    assert xmp.parse(RICH) == {
        name("xmp:Rating"): "4",
        name("dc:title"): Array("Alt", ("A & B", "Nacht"), ("x-default", "de")),
        name("dc:subject"): Array("Bag", ("night", "neon")),
        name("xmpMM:History"): Array(
            "Seq", ({name("stEvt:action"): "saved", name("stEvt:softwareAgent"): "X"},)
        ),
        name("Iptc4xmpCore:CreatorContactInfo"): {name("Iptc4xmpCore:CiEmailWork"): "a@b.c"},
        name("cc:license"): "https://example.com/by",
        name("photoshop:City"): "Graz",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + RICH,
        RICH.decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="latin-1"?>' + RICH,
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        + RICH
        + b"\n" * 2000
        + b'<?xpacket end="w"?>\0\0',
    ],
)
def test_wrappers_and_encodings_make_no_difference(data: bytes) -> None:
    assert xmp.parse(data) == xmp.parse(RICH)


def test_a_packet_says_what_it_was_made_of() -> None:
    properties = xmp.parse(RICH)
    assert xmp.parse(xmp.packet(properties)) == properties


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), max_size=3))
def test_any_text_survives_but_what_xml_cannot_hold(text: str, language: str) -> None:
    again = xmp.parse(xmp.packet({name("dc:title"): Array("Alt", (text,), (language,))}))
    title = again[name("dc:title")]
    assert isinstance(title, Array)
    allowed = [each for each in text if each in "\t\n\r" or ord(each) >= 0x20]
    assert title.items == ("".join(each for each in allowed if each not in "\ufffe\uffff"),)


HOSTILE = {
    "entities": b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    + rdf(bag("dc:subject", "&b;")).encode(),
    "a file": b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + RICH,
    "an unknown entity": rdf(bag("dc:subject", "&a;")).encode(),
    "no end": RICH[:-20],
    "no RDF": b"<x/>",
    "nothing": b"",
    "no UTF-8": RICH.replace(b"Nacht", b"N\xe4cht"),
    "cut UTF-16": b"\xff\xfea",
    "no XML": b"\0\1\2\3",
    "a control": RICH.replace(b"Nacht", b"N\x01cht"),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_damaged_and_hostile_xmp_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        xmp.parse(data)


@pytest.mark.parametrize(
    ("first", "begin", "end"),
    [
        ("", "<rdf:Seq><rdf:li>", "</rdf:li></rdf:Seq>"),
        ("", "<rdf:Description><xmpMM:History>", "</xmpMM:History></rdf:Description>"),
        (
            ' rdf:parseType="Resource"',
            '<rdf:value rdf:parseType="Resource">',
            "</rdf:value>",
        ),
    ],
)
def test_what_is_nested_without_end_is_left_out_quickly(first: str, begin: str, end: str) -> None:
    nested = f"{begin * 100_000}x{end * 100_000}"
    deep = rdf(f"<xmpMM:History{first}>{nested}</xmpMM:History>")
    start = time.process_time()
    assert xmp.kept(xmp.parse(deep.encode())) == {}
    assert time.process_time() - start < 2


@given(st.binary(max_size=40), st.integers(0, len(RICH)))
def test_mutated_xmp_is_read_or_refused(junk: bytes, place: int) -> None:
    data = RICH[:place] + junk + RICH[place + len(junk) :]
    try:
        found = xmp.kept(xmp.parse(data))
    except ValueError:
        return
    assert xmp.parse(xmp.packet(found)) == found


def test_edits_and_what_describes_the_source_file_are_left_out() -> None:
    source = rdf(
        bag("dc:subject", "kept")
        + bag("crs:ToneCurve", "0, 0", "255, 255")
        + '<darktable:history><rdf:Seq><rdf:li darktable:operation="flip"/></rdf:Seq>'
        "</darktable:history><xmp:Thumbnails><rdf:Alt><rdf:li>AAAA</rdf:li></rdf:Alt>"
        '</xmp:Thumbnails><Iptc4xmpExt:ArtworkOrObject><rdf:Bag><rdf:li Iptc4xmpExt:AOTitle="a" '
        'mine:secret="b"/><rdf:li mine:secret="c"/></rdf:Bag></Iptc4xmpExt:ArtworkOrObject>',
        'crs:Exposure2012="+1" tiff:Orientation="6" tiff:Make="Acme" exif:PixelXDimension="9" '
        'exif:GPSAltitude="3/1" hdrgm:Version="1.0" xmpNote:HasExtendedXMP="A" '
        'photoshop:SidecarForExtension="DNG" mine:thing="?"',
    )
    assert xmp.kept(xmp.parse(source.encode())) == {
        name("dc:subject"): Array("Bag", ("kept",)),
        name("tiff:Make"): "Acme",
        name("exif:GPSAltitude"): "3/1",
        name("Iptc4xmpExt:ArtworkOrObject"): Array("Bag", ({name("Iptc4xmpExt:AOTitle"): "a"},)),
    }


def test_the_source_is_what_the_result_derives_from() -> None:
    source = rdf(attributes='xmpMM:DocumentID="did:1" xmpMM:InstanceID="iid:2"')
    assert xmp.kept(xmp.parse(source.encode())) == {
        name("xmpMM:OriginalDocumentID"): "did:1",
        name("xmpMM:DerivedFrom"): {
            name("stRef:documentID"): "did:1",
            name("stRef:instanceID"): "iid:2",
        },
    }


def test_the_history_goes_on() -> None:
    when = datetime(2026, 5, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    made = xmp.produced(xmp.parse(RICH), "model a", when)
    history = made[name("xmpMM:History")]
    assert isinstance(history, Array)
    before, entry = history.items
    assert before == {name("stEvt:action"): "saved", name("stEvt:softwareAgent"): "X"}
    assert entry == {
        name("stEvt:action"): "produced",
        name("stEvt:softwareAgent"): f"pairfix {__version__}",
        name("stEvt:when"): "2026-05-01T23:30:00+00:00",
        name("stEvt:parameters"): "model a",
    }
    assert made[name("dc:subject")] == Array("Bag", ("night", "neon"))


def test_the_default_among_alternatives() -> None:
    title = Array("Alt", ("Nacht", "Night"), ("de", "x-default"))
    assert xmp.text(title) == "Night"
    assert xmp.text(Array("Alt", ("Nacht",), ("de",))) == "Nacht"
    assert xmp.text(None) == xmp.text({}) == xmp.text(Array("Bag", ())) == ""
