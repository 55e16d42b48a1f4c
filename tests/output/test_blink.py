from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pairfix.errors import MissingExtraError, OutputError
from pairfix.image import Picture
from pairfix.output.blink import LARGEST, blink, check_blinking

HAS_PYAV = pytest.mark.skipif(find_spec("av") is None, reason="needs PyAV, the extra video")
SUFFIXES = [".gif", ".webp", pytest.param(".mp4", marks=HAS_PYAV)]
LABEL = 30


def photos(size: tuple[int, int], noise: float = 0, channels: int = 3) -> dict[str, Picture]:
    """Grey ramps of three brightnesses."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 2000, size[1])[None, :, None] + np.zeros((*size, 3))
    return {
        name: Picture((level + ramp + noise * rng.random((*size, channels))).astype(np.uint16), b"")
        for name, level in (("short", 20000), ("long", 30000), ("result", 40000))
    }


def shown(data: bytes, suffix: str) -> NDArray[np.uint8]:
    """The three pictures of a file, each once."""
    plugin = "pyav" if suffix == ".mp4" else "pillow"
    frames = iio.imread(data, extension=suffix, plugin=plugin, index=...)  # type: ignore[arg-type]
    return frames[1:6:2] if suffix == ".mp4" else frames


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [(300, 400), (97, 131)])
def test_the_three_pictures_follow_each_other_at_full_size(
    suffix: str, size: tuple[int, int]
) -> None:
    pictures = photos(size)
    frames = shown(blink(pictures, suffix, whole=True), suffix)
    sides = [side + side % 2 for side in size] if suffix == ".mp4" else size
    assert frames.shape == (3, *sides, 3)
    for frame, picture in zip(frames, pictures.values(), strict=True):
        below = frame[LABEL : size[0], : size[1]].astype(float)
        assert np.abs(below - picture.pixels[LABEL:] / 257).mean() < 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_has_its_name_on_it(suffix: str) -> None:
    same = photos((120, 200))["long"]
    frames = shown(
        blink({"short": same, "long": same, "result": same}, suffix, whole=True), suffix
    ).astype(int)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert (np.abs(frames[one] - frames[other]).max(axis=2)[:LABEL] > 100).any()
        assert (np.abs(frames[one] - frames[other])[LABEL + 10 :] < 20).all()


def test_pictures_go_round_for_ever_at_one_a_second() -> None:
    for suffix in (".gif", ".webp"):
        with Image.open(BytesIO(blink(photos((40, 50)), suffix))) as image:
            assert image.n_frames == 3  # type: ignore[attr-defined]
            assert image.info["loop"] == 0
            image.seek(1)
            image.load()
            assert image.info["duration"] == 1000


def test_the_pictures_of_a_gif_share_their_colours() -> None:
    frames = shown(blink(photos((60, 80), noise=20000), ".gif"), ".gif")
    assert 200 < len(np.unique(frames.reshape(-1, 3), axis=0)) <= 256


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_does_not_fit_is_made_coarser_then_cut_to_its_middle(
    suffix: str,
) -> None:
    pictures = photos((120, 192), noise=25000, channels=1)
    assert len(blink(pictures, suffix, whole=True)) > 3 * 8000
    data = blink(pictures, suffix, whole=True, largest=8000)
    assert len(data) <= 8000
    height, width = shown(data, suffix).shape[1:3]
    assert height < 120
    assert width / height == pytest.approx(1.6, rel=0.1)
    frame = shown(data, suffix)[2][LABEL:-2, :-2].astype(float)
    rows, columns = frame.shape[:2]
    result = pictures["result"].pixels[(120 - height) // 2 + LABEL :, (192 - width) // 2 :] / 257
    found = [  # the middle, to a pixel
        np.corrcoef(frame.ravel(), result[down:, across:][:rows, :columns].ravel())[0, 1]
        for down in (0, 1)
        for across in (0, 1)
    ]
    assert max(found) > 0.5


def test_by_default_it_fits_into_two_megabytes() -> None:
    pictures = photos((700, 900), noise=25000)
    assert max(len(blink(pictures, suffix)) for suffix in (".gif", ".webp")) <= LARGEST == 2_000_000


def test_the_place_is_where_long_and_result_differ_most() -> None:
    pictures = photos((900, 1500))
    pixels = pictures["long"].pixels.copy()
    pixels[250:850, 850:1450] = 65535
    pictures["long"] = Picture(pixels, b"")
    frames = shown(blink(pictures, ".webp"), ".webp")
    assert frames.shape == (3, 640, 640, 3)
    assert (frames[1, LABEL:].min(axis=2) > 250).mean() > 0.8


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_tiniest_photo_is_shown(suffix: str) -> None:
    frames = shown(blink(photos((1, 1)), suffix), suffix)
    assert frames.shape[1:] in {(1, 1, 3), (2, 2, 3)}


def test_a_video_without_pyav_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairfix.output.blink.find_spec", lambda _: None)
    check_blinking(tmp_path / "a.gif", overwrite=False)
    with pytest.raises(MissingExtraError, match="need PyAV"):
        check_blinking(tmp_path / "a.mp4", overwrite=False)
    with pytest.raises(OutputError, match="does not exist"):
        check_blinking(tmp_path / "no" / "a.gif", overwrite=False)
