"""The law of --crop: it equals the same part of the whole result, within what tiles differ by."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix import Exposure, Frame, OutputError, Recipe, Restored, Restorer, decode, restore
from pairfix.formats.orientation import turn_upright
from pairfix.image import Box, DevelopSettings, Planes, WhiteBalance
from pairfix.light import encode_planes
from pairfix.networks import Reduction
from pairfix.stages.develop import source_mosaic
from pairfix.stages.fuse import run_whole
from tests.formats.samples import make_dng
from tests.scenes import raw_frame, rgb_frame, scene

MEAN, MOST = 2e-4, 1e-2
"""Differences in the network's range. Of whole photos, tiles are allowed half as much in the mean:
a small crop lies near a tile's edges as a whole."""
NETWORK_ALONE = Recipe(model="pairnet-raw", device="cpu", sharp_long=False, points=False)
"""By far the least context of all networks, so that small photos do."""
LEVEL = 257
"""One of 255 levels."""


Pair = tuple[Frame, Frame]


def make_raw_pair(folder: Path, size: tuple[int, int]) -> Pair:
    """GRBG, stored on its side."""
    light = scene(size, radius=2)
    blurred = np.stack([cv2.blur(plane, (9, 3)) for plane in light])
    long = raw_frame(blurred, pattern="GRBG", noise=0.002)
    short = raw_frame(light, pattern="GRBG", noise=0.02, seed=1)
    return (
        replace(stored(folder / "long.dng", long), exposure=Exposure(0.5, 100)),
        replace(stored(folder / "short.dng", short), exposure=Exposure(0.03, 1600)),
    )


def stored(path: Path, frame: Frame) -> Frame:
    make_dng(
        path,
        frame.pixels.astype(np.uint16),
        pattern="GRBG",
        black=(256,) * 4,
        white=4095,
        orientation=6,
        neutral=(1 / 1.9, 1, 1 / 1.6),
    )
    return decode(path)


@pytest.fixture(scope="module")
def raw_pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return make_raw_pair(tmp_path_factory.mktemp("crop"), (241, 319))


@pytest.fixture(scope="module")
def rgb_pair() -> Pair:
    light = scene((121, 301), radius=2)
    blurred = np.stack([cv2.blur(plane, (9, 3)) for plane in light])
    return (
        replace(rgb_frame(blurred, noise=0.002), exposure=Exposure(0.5, 100)),
        replace(rgb_frame(light, noise=0.03, seed=1), exposure=Exposure(0.03, 1600)),
    )


def upright(restored: Restored, crop: Box) -> NDArray[np.float32]:
    """The restored light in the network's range, as it is stored: a mosaic, or RGB."""
    fused = restored.fused
    is_raw = fused.reference.bayer is not None
    stored = source_mosaic(fused) if is_raw else fused.planes.transpose(1, 2, 0)
    turned = turn_upright(stored, fused.reference.orientation)
    return encode_planes(turned[crop.rows, crop.columns], fused.reference.domain)


def check(recipe: Recipe, pair: Pair, crop: Box, mean: float = LEVEL / 8) -> Restored:
    whole = Restorer(recipe).restore(*pair)
    part = Restorer(replace(recipe, crop=crop)).restore(*pair)
    assert part.facts.crop == crop
    noisy = (part.fused.planes == part.scene.reference_planes).all(axis=0)
    assert noisy.any(), "the whole photo was restored for a part of it"

    light = np.abs(upright(part, crop) - upright(whole, crop))
    assert light.mean() < MEAN
    assert light.max() < MOST

    picture, expected = part.picture().pixels, whole.picture().pixels[crop.rows, crop.columns]
    assert picture.shape == expected.shape == (crop.height, crop.width, 3)
    difference = np.abs(picture.astype(np.int64) - expected)
    assert difference.mean() < mean
    assert np.quantile(difference, 0.99) < LEVEL  # demosaicing decides otherwise here and there
    return part


@pytest.mark.parametrize("tile", [None, 96])
@pytest.mark.parametrize("crop", [Box(0, 0, 30, 41), Box(200, 279, 41, 40)], ids=str)
def test_a_crop_of_a_raw_is_the_same_part_of_the_whole_result(
    raw_pair: Pair, crop: Box, tile: int | None
) -> None:
    check(replace(NETWORK_ALONE, tile=tile), raw_pair, crop)


def test_it_is_when_the_photos_are_looked_at_after_the_network(tmp_path: Path) -> None:
    recipe = replace(NETWORK_ALONE, sharp_long=True, points=True)
    check(recipe, make_raw_pair(tmp_path, (561, 601)), Box(3, 7, 37, 64))


@pytest.mark.parametrize("tile", [None, 224])
def test_a_crop_of_a_picture_is_the_same_part_of_the_whole_result(
    rgb_pair: Pair, tile: int | None
) -> None:
    recipe = replace(NETWORK_ALONE, model="selfir-srgb", precision="fp32", tile=tile)
    check(recipe, rgb_pair, Box(260, 60, 41, 31))


def test_noise_that_is_left_is_the_same_in_a_crop(raw_pair: Pair) -> None:
    check(replace(NETWORK_ALONE, strength=0.5), raw_pair, Box(200, 279, 41, 40))


@pytest.mark.parametrize(("balance", "mean"), [("camera", LEVEL / 8), ("auto", LEVEL / 2)])
def test_settings_that_concern_the_whole_frame_are_the_same_in_a_crop(
    balance: WhiteBalance, mean: float, raw_pair: Pair
) -> None:
    """LibRaw finds its automatic white balance in a photo that is noisy around the crop."""
    develop = DevelopSettings(balance, exposure=0.5, highlight_mode="reconstruct", demosaic="dcb")
    check(replace(NETWORK_ALONE, develop=develop), raw_pair, Box(200, 279, 41, 40), mean)


def test_a_graph_that_takes_the_photo_whole_still_does(
    raw_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, ...]] = []

    def recorded(*inputs: Any, reduction: Reduction) -> Planes:  # noqa: ANN401
        output = run_whole(*inputs, reduction=reduction)
        sizes.append(output.shape[1:])
        return output

    monkeypatch.setattr("pairfix.stages.fuse.run_whole", recorded)
    recipe = replace(NETWORK_ALONE, model="d2hnet-s-raw", crop=Box(0, 0, 20, 20))
    restored = Restorer(recipe).restore(*raw_pair)
    assert sizes == [restored.fused.planes.shape[1:]]


def test_what_is_written_is_the_crop_and_says_so(raw_pair: Pair, tmp_path: Path) -> None:
    long, short = (frame.path for frame in raw_pair)
    recipe = replace(NETWORK_ALONE, crop=Box(10, 20, 60, 50))
    recipe = replace(recipe, report=tmp_path / "out.html", preview=tmp_path / "compare.png")
    facts = restore(long, short, tmp_path / "out.png", recipe)
    expected = Restorer(recipe).restore(long, short).picture().pixels
    np.testing.assert_array_equal(decode(tmp_path / "out.png").pixels, expected)
    assert facts.as_json()["crop"] == {"left": 10, "top": 20, "width": 60, "height": 50}
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "60 × 50" in page
    assert "from 10, 20" in page


def test_a_crop_of_a_mosaic_is_refused(raw_pair: Pair, tmp_path: Path) -> None:
    long, short = (frame.path for frame in raw_pair)
    recipe = replace(NETWORK_ALONE, crop=Box(0, 0, 20, 20))
    with pytest.raises(OutputError, match="whole photo, not a crop"):
        restore(long, short, tmp_path / "out.dng", recipe)
    with pytest.raises(OutputError, match="cannot be given as a mosaic"):
        Restorer(recipe).restore(*raw_pair).mosaic()


def test_a_crop_is_refused_with_an_adaptation() -> None:
    with pytest.raises(OutputError, match="whole photo, not to a crop"):
        Restorer(Recipe(device="cpu", crop=Box(0, 0, 20, 20), adapt=1))
