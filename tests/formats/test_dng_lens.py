"""Lens and maker note in DNG results."""

import shutil
import struct
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pairfix.formats import decode, encode_dng, encode_linear_dng, metadata
from pairfix.formats.lens import with_lens
from pairfix.formats.maker_note import maker_note
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.formats.tiff_write import with_header

from .samples import check_by_exiftool, make_dng, scene

MAKER_NOTE, SAFETY, LENS_INFO = 0x927C, 50741, 50736
SPECIFICATION, LENS_MAKE, LENS_MODEL = 0xA432, 0xA433, 0xA434
NUMBERS = Entry.of(Kind.RATIONAL, 23, 23, 2, 2)
SAFE: Directory = {SAFETY: Entry.of(Kind.SHORT, 1)}


def _fujifilm(quality: bytes = b"SUPERFINE\0") -> Entry:
    """A note whose only value stands at an offset from the note's own beginning."""
    place = 12 + 2 + 12 + 4
    head = b"FUJIFILM" + struct.pack("<I", 12)
    table = struct.pack("<HHHII", 1, 0x1000, Kind.ASCII, len(quality), place)
    return Entry(Kind.UNDEFINED, head + table + bytes(4) + quality)


def _source(folder: Path, note: Entry, extra: Directory | None = None) -> Path:
    photographic: Directory = {
        0x829A: Entry.of(Kind.RATIONAL, 1 / 60),
        MAKER_NOTE: note,
        SPECIFICATION: NUMBERS,
        LENS_MAKE: Entry.text("Optics"),
        LENS_MODEL: Entry.text("23 mm f/2"),
    }
    tags: Directory = {271: Entry.text("FUJIFILM"), 0x8769: photographic}
    return make_dng(folder / "a.dng", scene(), extra=tags | (extra or {}))


def _result(folder: Path, source: Path) -> Path:
    frame = decode(source)
    encode_dng(frame, np.full(frame.size, 0.5, np.float32), 0.0, folder / "b.dng")
    return folder / "b.dng"


def test_the_lens_is_named_and_its_numbers_are_repeated(tmp_path: Path) -> None:
    main, photographic, _ = metadata.of_file(_result(tmp_path, _source(tmp_path, _fujifilm())))
    assert (photographic[LENS_MAKE].string, photographic[LENS_MODEL].string) == (
        "Optics",
        "23 mm f/2",
    )
    assert photographic[SPECIFICATION] == main[LENS_INFO] == NUMBERS
    check_by_exiftool(tmp_path / "b.dng")


def test_a_dngs_own_lens_numbers_stay(tmp_path: Path) -> None:
    own = Entry.of(Kind.RATIONAL, 24, 24, 2, 2)
    source = _source(tmp_path, _fujifilm(), {LENS_INFO: own})
    assert metadata.of_file(_result(tmp_path, source))[0][LENS_INFO] == own


def test_a_note_that_is_safe_and_complete_in_itself_stays_readable(tmp_path: Path) -> None:
    result = _result(tmp_path, _source(tmp_path, _fujifilm(), SAFE))
    main, photographic, _ = metadata.of_file(result)
    assert (photographic[MAKER_NOTE], main[SAFETY].number) == (_fujifilm(), 1)
    check_by_exiftool(result)
    exiftool = shutil.which("exiftool")
    assert exiftool is not None
    command = [exiftool, "-s3", "-FujiFilm:Quality", str(result)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.strip() == "SUPERFINE"


@pytest.mark.parametrize(
    ("note", "extra"),
    [
        (_fujifilm(), None),
        (_fujifilm(), {SAFETY: Entry.of(Kind.SHORT, 0)}),
        (Entry(Kind.UNDEFINED, b"\x01\x00" + bytes(16)), SAFE),
    ],
    ids=["not called safe", "called unsafe", "of unknown kind"],
)
def test_other_notes_are_left_out(tmp_path: Path, note: Entry, extra: Directory | None) -> None:
    main, photographic, _ = metadata.of_file(_result(tmp_path, _source(tmp_path, note, extra)))
    assert MAKER_NOTE not in photographic
    assert SAFETY not in main


def test_other_raws_need_not_call_their_notes_safe(tmp_path: Path) -> None:
    path = tmp_path / "a.nef"
    path.write_bytes(with_header({0x8769: {MAKER_NOTE: _fujifilm()}}))
    assert maker_note(path, {})[0] == {MAKER_NOTE: _fujifilm()}


def _raw(make: str, model: str, focal: float, shortest: float, longest: float) -> SimpleNamespace:
    lens = SimpleNamespace(make=make, model=model, min_focal=shortest, max_focal=longest)
    return SimpleNamespace(lens=lens, other=SimpleNamespace(focal_length=focal))


def test_what_libraw_knows_completes_exif() -> None:
    stated = {LENS_MODEL: Entry.text("as EXIF says")}
    _, found, _ = with_lens(({}, stated, {}), _raw("Maker", "24-105 mm", 65.0, 24.0, 105.0))
    assert (found[LENS_MAKE].string, found[LENS_MODEL].string) == ("Maker", "as EXIF says")
    assert found[metadata.FOCAL_LENGTH].values == (65,)
    assert found[SPECIFICATION].count == 4
    assert found[SPECIFICATION].values[:2] == (24, 105)
    assert found[SPECIFICATION].data[16:] == bytes(16)  # unknown: 0/0


@pytest.mark.parametrize(
    "raw",
    [
        _raw("", "n/a", 0.0, 0.0, 0.0),
        _raw(" ", "----", float("nan"), 105.0, 24.0),
        _raw("", "0", float("inf"), -1.0, 1e9),
    ],
)
def test_what_is_no_lens_is_not_told(raw: SimpleNamespace) -> None:
    assert with_lens(({}, {}, {}), raw) == ({}, {}, {})


def test_a_crw_without_exif_keeps_its_focal_length(shared: Path, tmp_path: Path) -> None:
    source = decode(shared / "raws" / "canon-g2.crw")
    encode_dng(source, np.full(source.size, 0.5, np.float32), 0.0, tmp_path / "b.dng")
    found = metadata.of_file(tmp_path / "b.dng")[1]
    assert found[metadata.FOCAL_LENGTH].values == (7,)


def test_a_linear_dng_keeps_its_lens(shared: Path, tmp_path: Path) -> None:
    source = decode(shared / "raws" / "linear-rgb.dng")
    encode_linear_dng(source, np.full((*source.size, 3), 0.5, np.float32), 0.0, tmp_path / "b.dng")
    main, photographic, _ = metadata.of_file(tmp_path / "b.dng")
    assert photographic[LENS_MODEL].string == "EF24-105mm f/4L IS USM"
    assert main[LENS_INFO].values[:2] == (24, 105)
    check_by_exiftool(tmp_path / "b.dng")
