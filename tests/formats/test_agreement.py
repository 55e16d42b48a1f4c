"""EXIF says what a sidecar says, and keeps what it does not."""

from pathlib import Path

import pytest

from pairfix.formats import encode_picture, metadata, xmp
from pairfix.formats.agreement import agreeing
from pairfix.formats.tiff import Entry, Kind
from pairfix.image import Picture

from .descriptions import EXIFTOOL, alternatives, bag, exiftool, faults, rdf
from .samples import picture

SHOT: metadata.Exif = (
    {
        metadata.IMAGE_DESCRIPTION: Entry.text("DIGITAL CAMERA"),
        metadata.ARTIST: Entry.text("Camera's owner"),
    },
    {
        metadata.DATE_TIME_ORIGINAL: Entry.text("2026:05:01 21:10:01"),
        metadata.OFFSET_TIME_ORIGINAL: Entry.text("+02:00"),
        metadata.SUB_SEC_TIME_ORIGINAL: Entry.text("25"),
        metadata.LENS_MODEL: Entry.text("35mm"),
    },
    {
        1: Entry.text("S"),
        2: Entry.of(Kind.RATIONAL, 1, 2, 3),
        3: Entry.text("W"),
        4: Entry.of(Kind.RATIONAL, 16, 22, 8),
        29: Entry.text("2020:01:01"),
    },
)
EMPTY: metadata.Exif = ({}, {}, {0: Entry.of(Kind.BYTE, 2, 3, 0, 0)})
PLACE = 'exif:GPSLatitude="48,12.5N" exif:GPSLongitude="16,22,8E" '


def _values(content: str = "", attributes: str = "") -> xmp.Properties:
    return xmp.kept(xmp.parse(rdf(content, attributes).encode()))


def test_a_sidecar_counts_and_a_file_only_fills_gaps() -> None:
    said = _values(
        alternatives("dc:description", x_default="A street")
        + bag("dc:creator", "Ann", "Bob")
        + alternatives("dc:rights", x_default="© Ann"),
        PLACE + 'exif:DateTimeOriginal="2026-05-01T22:00:00" aux:Lens="50mm"',
    )
    for sidecars, exif, caption, artist, time, lens in (
        (said, SHOT, "A street", "Ann; Bob", "2026:05:01 22:00:00", "35mm"),
        ({}, SHOT, "DIGITAL CAMERA", "Camera's owner", "2026:05:01 21:10:01", "35mm"),
        ({}, EMPTY, "A street", "Ann; Bob", "2026:05:01 22:00:00", "50mm"),
    ):
        main, photographic, gps = agreeing(exif, sidecars, said)
        assert main[metadata.IMAGE_DESCRIPTION].string == caption
        assert main[metadata.ARTIST].string == artist
        assert main[metadata.COPYRIGHT].string == "© Ann"
        assert photographic[metadata.DATE_TIME_ORIGINAL].string == time
        assert photographic[metadata.LENS_MODEL].string == lens
        assert (gps == SHOT[2]) == (not sidecars and exif is SHOT)
    assert agreeing(SHOT, {}, {}) == SHOT


@pytest.mark.parametrize(
    ("said", "time", "offset", "fraction"),
    [
        ("2026-05-01T22:00:00.125-03:30", "2026:05:01 22:00:00", "-03:30", "125"),
        ("2026-05-01T22:00Z", "2026:05:01 22:00:00", "+00:00", ""),
        ("2026:05:01 22:00:00.000", "2026:05:01 22:00:00", "", ""),
        ("2026-05-01T21:10:01", "2026:05:01 21:10:01", "+02:00", "25"),
        ("2026-05-01T19:10:01Z", "2026:05:01 21:10:01", "+02:00", "25"),
        ("2026-05-01T21:10", "2026:05:01 21:10:01", "+02:00", "25"),
        ("2026-05-01", "2026:05:01 21:10:01", "+02:00", "25"),
        ("2026-13-01T22:00:00", "2026:05:01 21:10:01", "+02:00", "25"),
        ("yesterday", "2026:05:01 21:10:01", "+02:00", "25"),
    ],
)
def test_a_corrected_time_replaces_its_fraction_and_offset(
    said: str, time: str, offset: str, fraction: str
) -> None:
    values = _values(attributes=f'photoshop:DateCreated="{said}"')
    photographic = agreeing(SHOT, values, values)[1]
    assert photographic[metadata.DATE_TIME_ORIGINAL].string == time
    found = [
        photographic[tag].string if tag in photographic else ""
        for tag in (metadata.OFFSET_TIME_ORIGINAL, metadata.SUB_SEC_TIME_ORIGINAL)
    ]
    assert found == [offset, fraction]


def test_a_place_replaces_the_whole_of_another() -> None:
    values = _values(
        attributes=PLACE + 'exif:GPSAltitude="5001/10" exif:GPSAltitudeRef="1" '
        'exif:GPSImgDirection="90.5" exif:GPSMapDatum="WGS-84" '
        'exif:GPSTimeStamp="2026-05-01T20:00:01.5Z"'
    )
    gps = agreeing(SHOT, values, values)[2]
    assert {tag: entry.string for tag, entry in gps.items() if entry.kind is Kind.ASCII} == {
        1: "N",
        3: "E",
        16: "T",
        18: "WGS-84",
        29: "2026:05:01",
    }
    assert {tag: entry.values for tag, entry in gps.items() if entry.kind is not Kind.ASCII} == {
        2: (48, 12.5, 0),
        4: (16, 22, 8),
        5: (1,),
        6: (500.1,),
        7: (20, 0, 1.5),
        17: (90.5,),
    }


def test_the_same_place_keeps_what_else_the_camera_knows() -> None:
    values = _values(attributes='exif:GPSLatitude="1,2.05S" exif:GPSLongitude="16,22,8W"')
    assert agreeing(SHOT, values, values) == SHOT
    rounded = _values(attributes='exif:GPSLatitude="1,2.0496S" exif:GPSLongitude="16,22.1337W"')
    assert agreeing(SHOT, rounded, rounded) == SHOT
    moved = {**SHOT[2], 1: Entry.text("N")}
    assert set(agreeing((*SHOT[:2], moved), values, values)[2]) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    "said",
    [
        *('exif:GPSLatitude="48,12.5N"', PLACE.replace("48", "91"), PLACE.replace("16,", "16;")),
        *(PLACE.replace("N", "E"), PLACE.replace("16", "180"), 'exif:GPSAltitude="3/1"'),
    ],
)
def test_what_is_no_place_changes_nothing(said: str) -> None:
    values = _values(attributes=said)
    assert agreeing(SHOT, values, values) == SHOT


@pytest.mark.parametrize("altitude", ["1/0", "1e999999999", "-1", "٣", "9" * 5000])
def test_numbers_that_are_none_are_left_out(altitude: str) -> None:
    values = _values(attributes=f'{PLACE} exif:GPSAltitude="{altitude}"')
    assert set(agreeing(EMPTY, values, values)[2]) == {1, 2, 3, 4}


@pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed")
def test_exiftool_reads_place_and_time(tmp_path: Path) -> None:
    values = _values(
        attributes=PLACE + 'exif:GPSAltitude="3/2" exif:GPSTimeStamp="2026-05-01T20:00:01Z" '
        'exif:DateTimeOriginal="2026-05-01T22:00:01.5+02:00"'
    )
    path = tmp_path / "a.tif"
    exif = metadata.assemble(agreeing(EMPTY, values, values))
    encode_picture(Picture(picture().pixels, exif), path)
    told = exiftool(path, "-n")
    assert told["Composite:GPSLatitude"] == pytest.approx(48 + 12.5 / 60)
    assert told["Composite:GPSLongitude"] == pytest.approx(16 + 22 / 60 + 8 / 3600)
    assert told["Composite:GPSAltitude"] == 1.5
    assert told["Composite:GPSDateTime"] == "2026:05:01 20:00:01Z"
    assert told["Composite:SubSecDateTimeOriginal"] == "2026:05:01 22:00:01.5+02:00"
    found = faults(path).splitlines()
    # which no specification requires (EXIF 2.32, 4.6.6), and XMP seldom says
    assert found == ["1 Warning", "Missing required TIFF GPS tag 0x001b GPSProcessingMethod"]
