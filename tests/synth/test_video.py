from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.light import srgb_to_linear
from pairfix.synth.synth_recipe import VideoRecipe
from pairfix.synth.video import shots

EXACT = VideoRecipe(frames=(3, 3), gap=(1, 1))


def frames(count: int, size: tuple[int, int] = (32, 48)) -> list[NDArray[np.uint8]]:
    """A bright bar that moves to the right by four pixels a frame, over a dark ramp."""
    ramp = np.repeat(np.linspace(20, 60, size[1])[None, :, None], 3, axis=2)
    pictures = [np.broadcast_to(ramp, (*size, 3)).astype(np.uint8) for _ in range(count)]
    for number, picture in enumerate(pictures):
        picture[:, 4 * number : 4 * number + 4] = (250, 180, 90)
    return pictures


def folder(path: Path, count: int, numbers: str = "{}") -> Path:
    path.mkdir()
    for number, picture in enumerate(frames(count)):
        name = numbers.format(number) + ".png"
        cv2.imwrite(str(path / name), picture[:, :, ::-1])
    return path


def film(path: Path, codec: str, count: int = 10) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 240, (48, 32))
    for picture in frames(count):
        writer.write(np.ascontiguousarray(picture[:, :, ::-1]))
    writer.release()
    return path


def light(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return srgb_to_linear(picture.astype(np.float32) / np.float32(255)).transpose(2, 0, 1)


def test_frames_are_averaged_in_linear_light(tmp_path: Path) -> None:
    path = folder(tmp_path / "frames", 11)
    first, second = shots(path, EXACT, np.random.default_rng(0))
    pictures = [light(picture) for picture in frames(11)]
    np.testing.assert_allclose(first.long, np.mean(pictures[:3], axis=0), atol=1e-6)
    np.testing.assert_allclose(first.sharp, pictures[4], atol=1e-6)
    np.testing.assert_allclose(second.sharp, pictures[9], atol=1e-6)
    assert (second.first, second.frames, second.gap) == (5, 3, 1)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG")])
def test_a_video_is_read_as_its_frames(tmp_path: Path, name: str, codec: str) -> None:
    pytest.importorskip("av")
    path = film(tmp_path / name, codec)
    shot = next(shots(path, EXACT, np.random.default_rng(0)))
    pictures = [light(picture) for picture in frames(5)]
    assert np.abs(shot.long - np.mean(pictures[:3], axis=0)).mean() < 0.05
    assert np.abs(shot.sharp - pictures[4]).mean() < 0.05


def test_numbers_of_frames_are_drawn_from_their_ranges(tmp_path: Path) -> None:
    path = folder(tmp_path / "frames", 12)
    recipe = VideoRecipe(frames=(1, 3), gap=(0, 2))
    drawn = [
        [(shot.frames, shot.gap) for shot in shots(path, recipe, np.random.default_rng(seed))]
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(frames in {1, 2, 3} and gap in {0, 1, 2} for frames, gap in drawn[0])


def test_frames_follow_their_numbers_not_their_digits(tmp_path: Path) -> None:
    path = folder(tmp_path / "frames", 12)
    *_, last = shots(path, VideoRecipe((1, 1), (0, 0)), np.random.default_rng(0))
    np.testing.assert_allclose(last.sharp, light(frames(12)[11]), atol=1e-6)


def test_a_file_that_is_no_video_is_said(tmp_path: Path) -> None:
    pytest.importorskip("av")
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a video"):
        next(shots(tmp_path / "text.mp4", EXACT, np.random.default_rng(0)))


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    def fails(path: Path, message: str) -> None:
        with pytest.raises(InputError, match=message):
            next(shots(path, EXACT, np.random.default_rng(0)))

    fails(tmp_path / "none.mp4", "does not exist")
    (tmp_path / "empty").mkdir()
    fails(tmp_path / "empty", "holds no frames")
    fails(folder(tmp_path / "short", 4), "too few frames")
    mixed = folder(tmp_path / "mixed", 3)
    cv2.imwrite(str(mixed / "2.png"), np.zeros((8, 8, 3), np.uint8))
    fails(mixed, "differs in size")
