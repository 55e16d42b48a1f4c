"""Photos on the device, and crops of them."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pairfix.errors import InputError  # noqa: E402
from pairfix.synth.photos import LONGEST, PhotoStore, list_photos  # noqa: E402

CPU = torch.device("cpu")


def write_photo(path: Path, height: int = 40, width: int = 60, seed: int = 0) -> None:
    """A photo that says where each pixel is: its row in red, its column in green."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[..., 2] = np.arange(height)[:, None]
    pixels[..., 1] = np.arange(width)
    pixels[..., 0] = seed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(7):
        write_photo(tmp_path / f"{index:02}.png", 40 + index, 60 - index, seed=index)
    write_photo(tmp_path / "deeper" / "07.png", seed=7)
    return tmp_path


def load(folder: Path, *, smallest: int = 32, longest: int = LONGEST) -> PhotoStore:
    return PhotoStore.load(folder, CPU, smallest=smallest, longest=longest)


def test_the_split_is_disjoint_and_complete(folder: Path) -> None:
    train = list_photos(folder, "train", holdout=3)
    validation = list_photos(folder, "validation", holdout=3)
    assert not {*train} & {*validation}
    assert {*train, *validation} == {*folder.rglob("*.png")}
    assert len(validation) == 3


def test_of_further_folders_every_photo_counts(folder: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    write_photo(more / "only.png")
    store = PhotoStore.load(folder / "deeper", CPU, smallest=32, part="validation", further=[more])
    assert [path.name for path in store.paths] == ["07.png", "only.png"]
    assert list_photos(more) == [more / "only.png"]


def test_photos_of_folders_in_the_folder_count(folder: Path) -> None:
    assert len(load(folder)) == 7
    assert folder / "deeper" / "07.png" in list_photos(folder, "train") + list_photos(
        folder, "validation"
    )


@pytest.mark.parametrize("size", [1, 17, 32])
def test_crops_are_pieces_of_the_photos_turned_and_mirrored(folder: Path, size: int) -> None:
    crops = load(folder).crops(200, size, torch.Generator().manual_seed(0))
    assert crops.shape == (200, 3, size, size)
    assert crops.dtype == torch.float32
    levels = (crops * 255).round().long()
    rows, columns, photo = levels.unbind(dim=1)
    assert (photo == photo[:, :1, :1]).all()
    for levels_of_axis in (rows, columns):
        steps = levels_of_axis.diff(dim=1)[:, :, :1], levels_of_axis.diff(dim=2)[:, :1]
        down, right = (each.flatten(1) for each in steps)
        assert (down == down[:, :1]).all()
        assert (right == right[:, :1]).all()
        if size > 1:
            assert ((down.abs() + right.abs())[:, 0] == 1).all()


def test_every_turn_occurs(folder: Path) -> None:
    crops = load(folder).crops(300, 8, torch.Generator().manual_seed(0)) * 255
    red = crops[:, 0]
    down, right = red[:, 1, 0] - red[:, 0, 0], red[:, 0, 1] - red[:, 0, 0]
    turns = {(round(a.item()), round(b.item())) for a, b in zip(down, right, strict=True)}
    assert turns == {(1, 0), (-1, 0), (0, 1), (0, -1)}


def test_crops_reach_every_corner(folder: Path) -> None:
    write_photo(folder / "only" / "a.png", 20, 30)
    write_photo(folder / "only" / "b.png", 20, 30)
    store = load(folder / "only", smallest=16)
    levels = (store.crops(400, 16, torch.Generator().manual_seed(0)) * 255).round()
    assert levels[:, 0].amin() == 0
    assert levels[:, 0].amax() == 19
    assert levels[:, 1].amin() == 0
    assert levels[:, 1].amax() == 29


def test_the_same_seed_gives_the_same_crops(folder: Path) -> None:
    first, second, other = (
        load(folder).crops(8, 24, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_crops_larger_than_a_photo_are_refused(folder: Path) -> None:
    store = load(folder)
    with pytest.raises(ValueError, match="crops of 41"):
        store.crops(1, 41, torch.Generator())


def test_damaged_and_small_photos_are_left_out_with_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "03.png").write_bytes(b"no photo")
    write_photo(folder / "04.png", 20, 60)
    with caplog.at_level(logging.WARNING):
        store = load(folder)
    assert len(store) == 5
    warnings = [record.getMessage() for record in caplog.records]
    assert any("03.png is damaged" in line for line in warnings)
    assert any("04.png is too small" in line for line in warnings)


def test_a_left_out_photo_does_not_move_the_split(folder: Path) -> None:
    before = list_photos(folder, "validation", holdout=3)
    (folder / "01.png").write_bytes(b"no photo")
    assert list_photos(folder, "validation", holdout=3) == before


def test_large_photos_are_averaged_down(folder: Path) -> None:
    store = load(folder, longest=30, smallest=20)
    assert store.sizes.amax() == 30
    assert store.shortest >= 20


def test_16_bit_photos_are_read(tmp_path: Path) -> None:
    deep = np.full((40, 40, 3), 0x8040, np.uint16)
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(cv2.imencode(".png", deep)[1].tobytes())
    assert (load(tmp_path).pixels == 0x80).all()


@pytest.mark.parametrize("suffix", [".avif", ".jpg", ".png", ".tif", ".webp"])
def test_photos_of_every_usual_type_are_read(tmp_path: Path, suffix: str) -> None:
    for name in "ab":
        write_photo(tmp_path / f"{name}{suffix}")
    store = load(tmp_path)
    assert store.sizes.tolist() == [[40, 60]]
    assert abs(store.pixels[-1, 0].item() - 39) < 8


@pytest.mark.parametrize("files", [[], ["notes.txt"], ["one.png"]])
def test_a_folder_without_enough_photos_is_an_error(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"holds (no|too few) photos"):
        load(tmp_path)


def test_a_folder_without_usable_photos_is_an_error(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png")
    write_photo(tmp_path / "b.png", 8, 8)
    with pytest.raises(InputError, match="no undamaged photo that is large enough"):
        load(tmp_path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        load(tmp_path / "nowhere")
