"""Pairs found by their folder, by their names, by a table; what is left out, and why."""

import os
import sys
from pathlib import Path

import pytest

from pairfix.errors import InputError, PairError
from pairfix.formats import encode_picture
from pairfix.pairs import Found, find_pairs
from tests.formats.samples import picture
from tests.shots import left_out, shoot_jpeg, shoot_raw


def _png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encode_picture(picture(), path)
    return path


def _names(found: Found) -> list[tuple[str, str]]:
    return [(pair.name, pair.how) for pair in found.pairs]


def test_a_folder_makes_a_pair(tmp_path: Path) -> None:
    for scene in ("a", "deep/er/b"):
        shoot_raw(tmp_path / scene / "long.dng", shutter=1 / 4)
        shoot_raw(tmp_path / scene / "short.DNG", shutter=1 / 32)
    truth = _png(tmp_path / "a" / "gt.png")
    found = find_pairs(tmp_path)
    assert _names(found) == [("a", "folder"), ("deep/er/b", "folder")]
    pair = found.pairs[0]
    assert (pair.long.name, pair.short.name, pair.truth) == ("long.dng", "short.DNG", truth)
    assert (pair.camera, pair.long_facts.size) == ("Test Bayer", (48, 64))
    assert pair.stops == pytest.approx(3)
    assert found.pairs[1].truth is None
    assert not found.left_out


def test_the_folder_may_be_the_pair(tmp_path: Path) -> None:
    place = tmp_path / "neon"
    _png(place / "long.png")
    _png(place / "short.png")
    (pair,) = find_pairs(place).pairs
    assert (pair.name, pair.camera, pair.stops, pair.seconds) == ("neon", None, None, None)


def test_names_make_pairs(tmp_path: Path) -> None:
    for name in ("IMG_1_long", "IMG_1_SHORT", "img_1-gt", "写真 é-Long", "写真 é-short"):
        _png(tmp_path / "night" / f"{name}.png")
    found = find_pairs(tmp_path)
    assert _names(found) == [("night/IMG_1", "name"), ("night/写真 é", "name")]
    assert found.pairs[0].truth == tmp_path / "night" / "img_1-gt.png"
    assert not found.left_out


def test_jpegs_are_found_under_all_their_extensions_and_bmps_are_named(tmp_path: Path) -> None:
    for number, suffix in enumerate((".jfif", ".jpe", ".jpeg", ".JPG")):
        for role in ("long", "short"):
            shoot_jpeg(tmp_path / f"plain_{role}.jpg").rename(tmp_path / f"{number}_{role}{suffix}")
    (tmp_path / "b_long.bmp").write_bytes(b"BM" + bytes(62))
    (tmp_path / "c_long.HIF").write_bytes(b"no picture")
    found = find_pairs(tmp_path)
    assert [name for name, _ in _names(found)] == ["0", "1", "2", "3"]
    reasons = left_out(found)
    assert reasons.pop("b_long.bmp") == "is a BMP, which pairfix does not read"
    assert [*reasons] == ["c_long.HIF"]


def test_a_photo_whose_partner_is_missing_or_damaged_is_left_out(tmp_path: Path) -> None:
    _png(tmp_path / "a_long.png")
    _png(tmp_path / "b_gt.png")
    shoot_raw(tmp_path / "c_long.dng")
    (tmp_path / "c_short.dng").write_bytes(b"II*\0\x08\0\0\0\x05\0")
    (tmp_path / "d.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0")
    (tmp_path / "e.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    (tmp_path / "f.png").touch()
    found = find_pairs(tmp_path)
    reasons = left_out(found)
    assert not found.pairs
    assert "no readable short exposure" in reasons["a_long.png"]
    assert "no readable long and short exposure" in reasons["b_gt.png"]
    assert "no readable short exposure of the same name" in reasons["c_long.dng"]
    assert "damaged" in reasons["c_short.dng"]
    assert "damaged" in reasons["d.jpg"]
    assert "damaged" in reasons["e.heic"]
    assert reasons["f.png"] == "is empty"
    incomplete = {each.path.name: each.pair for each in found.left_out if each.pair}
    assert incomplete == {"a_long.png": "a", "c_long.dng": "c", "c_short.dng": "c"}


def test_photos_that_cannot_be_a_pair_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    shoot_raw(tmp_path / "turned_long.dng", shutter=1 / 60)
    shoot_raw(tmp_path / "turned_short.dng", shutter=1 / 4)
    shoot_raw(tmp_path / "cameras_long.dng", camera="One")
    shoot_raw(tmp_path / "cameras_short.dng", camera="Two")
    shoot_raw(tmp_path / "sizes_long.dng", size=(48, 48))
    shoot_raw(tmp_path / "sizes_short.dng")
    shoot_raw(tmp_path / "kinds_long.dng")
    shoot_jpeg(tmp_path / "kinds_short.jpg")
    lenient = find_pairs(tmp_path, strict=False)
    assert [pair.name for pair in lenient.pairs] == ["cameras", "kinds", "sizes", "turned"]
    assert not lenient.left_out
    reasons = left_out(find_pairs(tmp_path))
    assert len(reasons) == 8
    assert "exposed for a shorter time" in reasons["turned_long.dng"]
    assert "different cameras: Test One and Test Two" in reasons["cameras_short.dng"]
    assert "differ in size: 48 x 48 and 64 x 48 pixels" in reasons["sizes_long.dng"]
    assert "one is a raw" in reasons["kinds_short.jpg"]


def test_the_raw_is_preferred_to_its_picture(tmp_path: Path) -> None:
    shoot_raw(tmp_path / "a_long.dng", shutter=1 / 4)
    shoot_raw(tmp_path / "a_short.dng", shutter=1 / 60)
    shoot_jpeg(tmp_path / "a_long.jpg", shutter=1 / 4)
    shoot_jpeg(tmp_path / "a_short.jpg", shutter=1 / 60)
    found = find_pairs(tmp_path)
    assert [pair.long.name for pair in found.pairs] == ["a_long.dng"]
    assert left_out(found)["a_long.jpg"] == "a_long.dng, its raw, is used instead"


def test_pictures_make_the_pair_where_one_raw_is_missing(tmp_path: Path) -> None:
    shoot_raw(tmp_path / "a_long.dng", shutter=1 / 4)
    shoot_jpeg(tmp_path / "a_long.jpg", shutter=1 / 4)
    shoot_jpeg(tmp_path / "a_short.jpg", shutter=1 / 60)
    found = find_pairs(tmp_path)
    assert [(pair.long.name, pair.short.name) for pair in found.pairs] == [
        ("a_long.jpg", "a_short.jpg")
    ]
    assert left_out(found) == {"a_long.dng": "a_long.jpg, its twin, is used instead"}


def test_hidden_and_other_files_are_skipped(tmp_path: Path) -> None:
    for name in ("._a_long.png", ".hidden/b_long.png", "__MACOSX/._c.png"):
        _png(tmp_path / name)
    (tmp_path / "long.xmp").write_text("no photo", encoding="utf-8")
    (tmp_path / "notes.txt").touch()
    found = find_pairs(tmp_path)
    assert (found.pairs, found.left_out) == ((), ())
    with pytest.raises(PairError, match="holds no photos"):
        found.require()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_once(tmp_path: Path) -> None:
    place = tmp_path / "pairs"
    _png(place / "long.png")
    _png(place / "short.png")
    (place / "loop").symlink_to(tmp_path, target_is_directory=True)
    (place / "again.png").symlink_to(place / "long.png")
    (place / "nowhere.png").symlink_to(place / "gone.png")
    os.mkfifo(place / "pipe.png")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(place, target_is_directory=True)
    found = find_pairs(elsewhere)
    assert len(found.pairs) + len(found.left_out) == 2
    assert left_out(found)["nowhere.png"] == "does not exist"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_pairs_may_share_photos_by_links(tmp_path: Path) -> None:
    for name in ("long", "short", "gt"):
        _png(tmp_path / "a" / f"{name}.png")
    _png(tmp_path / "b" / "long.png")
    (tmp_path / "c").mkdir()
    for folder, name in (("b", "short"), ("b", "gt"), ("c", "long"), ("c", "short")):
        (tmp_path / folder / f"{name}.png").symlink_to(tmp_path / "a" / f"{name}.png")
    found = find_pairs(tmp_path)
    assert _names(found) == [("a", "folder"), ("b", "folder")]
    assert found.pairs[1].truth == tmp_path / "b" / "gt.png"
    assert not found.left_out


@pytest.mark.skipif(sys.platform == "win32", reason="permissions differ there")
def test_a_folder_without_permission_to_write_is_searched(tmp_path: Path) -> None:
    place = tmp_path / "pairs"
    _png(place / "long.png")
    _png(place / "short.png")
    place.chmod(0o555)
    try:
        assert len(find_pairs(place).pairs) == 1
    finally:
        place.chmod(0o755)


def test_a_closed_folder_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def closed(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert left_out(find_pairs(tmp_path)) == {"closed": "cannot be read: Permission denied"}
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        find_pairs(tmp_path / "closed")


def test_anything_but_a_folder_or_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_pairs(tmp_path / "missing")
    with pytest.raises(InputError, match=r"neither a folder nor a \.csv file"):
        find_pairs(_png(tmp_path / "a.png"))


def _table(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "pairs.csv"
    path.write_text("\n".join(lines), encoding=encoding)
    return path


def test_a_table_makes_pairs(tmp_path: Path) -> None:
    for name in ("é/one.png", "é/two.png", "é/truth.png", "b_long.png", "b_short.png"):
        _png(tmp_path / name)
    lines = ("Truth, long,short", "é/truth.png,é/one.png,é/two.png", "", ",b_long.png,b_short.png")
    found = find_pairs(_table(tmp_path, *lines, encoding="utf-8-sig"))
    assert _names(found) == [("é/one", "csv"), ("b", "csv")]
    assert [pair.truth for pair in found.pairs] == [tmp_path / "é/truth.png", None]


def test_a_table_may_be_separated_by_semicolons(tmp_path: Path) -> None:
    for name in ("a.png", "b,c.png"):
        _png(tmp_path / name)
    found = find_pairs(_table(tmp_path, "long;short", "a.png;b,c.png"))
    assert [pair.short.name for pair in found.pairs] == ["b,c.png"]


def test_damaged_photos_of_a_table_are_left_out(tmp_path: Path) -> None:
    _png(tmp_path / "a.png")
    (tmp_path / "b.png").touch()
    shoot_raw(tmp_path / "c.dng")
    found = find_pairs(_table(tmp_path, "long,short", "a.png,b.png", "a.png,c.dng"))
    assert not found.pairs
    assert [(each.path.name, each.reason) for each in found.left_out[:2]] == [
        ("b.png", "is empty"),
        ("a.png", "b.png, its partner, cannot be read"),
    ]
    assert "one is a raw" in found.left_out[2].reason
    assert {each.pair for each in found.left_out} == {"a"}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((), "line 1: there is no column 'long'"),
        (("a.png,b.png",), "line 1: there is no column 'long'"),
        (("long short",), "line 1: there is no column 'long'"),
        (("long,truth",), "line 1: there is no column 'short'"),
        (("long,short,thruth",), "line 1: the column 'thruth' is unknown"),
        (("long,short,long",), "line 1: the column 'long' is given twice"),
        (("long,short", "a.png,b.png", "a.png"), "line 3 has 1 cells, the header 2"),
        (("long,short", ",b.png"), "line 2 names no long exposure"),
        (("long,short", "a.png,gone.png"), r"line 2 names .*gone\.png, which is not a file"),
        (("long,short", "a.png,./a.png"), "line 2 names the same photo as long and short"),
        (("long,short", '"a.png,b.png'), "line 2 is not valid CSV"),
    ],
)
def test_mistakes_in_a_table_are_reported_with_their_line(
    tmp_path: Path, lines: tuple[str, ...], problem: str
) -> None:
    _png(tmp_path / "a.png")
    _png(tmp_path / "b.png")
    with pytest.raises(InputError, match=rf"pairs\.csv, {problem}"):
        find_pairs(_table(tmp_path, *lines))


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not encoded in UTF-8"):
        find_pairs(_table(tmp_path, "long,short", "é.png,a.png", encoding="latin-1"))
