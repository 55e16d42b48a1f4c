from pathlib import Path

import pytest

from pairfix.bench.pairs import find_pairs, open_pair
from pairfix.errors import InputError, PairError


def folder(place: Path, *names: str) -> Path:
    place.mkdir()
    for name in names:
        (place / name).touch()
    return place


def test_pairs_are_found_in_order_and_other_folders_passed_over(tmp_path: Path) -> None:
    second = folder(tmp_path / "b", "long.dng", "short.dng")
    first = folder(tmp_path / "a", "long.png", "short.png", "gt.png")
    folder(tmp_path / "c", "notes.txt")
    assert find_pairs(tmp_path) == (first, second)


def test_a_folder_may_be_a_pair_itself(tmp_path: Path) -> None:
    place = folder(tmp_path / "a", "long.png", "short.png")
    assert find_pairs(place) == (place,)
    assert open_pair(place).truth is None


def test_sidecars_are_no_photos(tmp_path: Path) -> None:
    pair = open_pair(folder(tmp_path / "a", "long.dng", "long.xmp", "short.dng", "gt.tif"))
    assert (pair.name, pair.long.name) == ("a", "long.dng")
    assert pair.truth == tmp_path / "a/gt.tif"


def test_a_lonely_photo_is_an_error(tmp_path: Path) -> None:
    place = folder(tmp_path / "a", "long.dng")
    assert find_pairs(tmp_path) == (place,)
    with pytest.raises(InputError, match="no short exposure"):
        open_pair(place)


def test_two_photos_of_a_kind_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"long\.dng and long\.jpg"):
        open_pair(folder(tmp_path / "a", "long.dng", "long.jpg", "short.dng"))


def test_a_folder_without_pairs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PairError, match="holds no pairs"):
        find_pairs(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        find_pairs(tmp_path / "missing")
