"""Files that were once read wrongly; what other tests say of each kind, said of the very files."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix import restore
from pairfix.errors import InputError
from pairfix.formats import decode, read_facts
from pairfix.light import linear_to_srgb, srgb_to_linear
from pairfix.metrics import psnr
from pairfix.pipeline import Restorer
from pairfix.recipe import Recipe
from pairfix.stages.prepare import decode_photos


@pytest.fixture
def cases(shared: Path) -> Path:
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip("the reported cases are not there")
    return folder


def eight(path: Path) -> NDArray[np.float64]:
    pixels = decode(path, "srgb").pixels
    return pixels.astype(np.float64) * (255 / np.iinfo(pixels.dtype).max)


def light(path: Path) -> NDArray[np.float32]:
    return srgb_to_linear((eight(path) / 255).astype(np.float32))


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("dcf_adobergb/{}.jpg", 40),  # JPEG's own
        ("jpeg_fill/{}.jpg", 42),
        ("tiff_ycbcr/None_{}.tif", 46),  # its samples were cut off to whole numbers, not rounded
        ("tiff_ycbcr/tiff_adobe_deflate_{}.tif", 46),
        ("tiff_thumbnail/{}0.tif", 58),  # of rounding to 8 bits
        ("bigtiff_exif/{}True.tif", 58),
        ("icc_precision/prophoto32_{}.tif", 75),
    ],
)
@pytest.mark.parametrize("frame", ["L", "S"])
def test_photos_are_as_the_same_light_stored_plainly(
    cases: Path, name: str, loss: float, frame: str
) -> None:
    path = cases / name.format(frame)
    found, right = eight(path), eight(path.with_name(f"ref_{frame}.png"))
    assert found.shape == right.shape == (*read_facts(path).size, 3)
    assert 10 * np.log10(255**2 / np.mean((found - right) ** 2)) > loss


def test_a_dark_photo_of_prophoto_has_its_share_of_light(cases: Path) -> None:
    folder = cases / "icc_precision"
    brighter, right = light(folder / "prophoto8_S.tif"), light(folder / "ref_S.png")
    assert np.mean(brighter) == pytest.approx(4 * np.mean(right), rel=0.01)


@pytest.mark.parametrize("frame", ["L", "S"])
def test_a_bigtiff_keeps_its_exif(cases: Path, frame: str) -> None:
    path = cases / "bigtiff_exif" / f"{frame}True.tif"
    assert decode(path).camera == read_facts(path).camera == "Acme"


def test_a_jpeg_without_its_last_quarter_is_damaged(cases: Path) -> None:
    decode(cases / "jpeg_cut" / "L.jpg")  # which is whole
    with pytest.raises(InputError, match="damaged or incomplete"):
        decode(cases / "jpeg_cut" / "S.jpg")


def test_a_raw_lies_as_the_camera_s_jpeg(cases: Path) -> None:
    folder = cases / "raw_jpeg_crop"
    long, short = decode_photos([folder / "L.jpg", folder / "S.dng"])
    raw, _ = decode_photos([folder / "L.dng", folder / "S.dng"])
    assert long.size == short.size == (176, 240)
    assert raw.size == (192, 256)


def test_a_sharp_long_photo_is_used(cases: Path) -> None:
    pair = cases / "tripod" / "L.dng", cases / "tripod" / "S.dng"
    restored = Restorer(Recipe(device="cpu")).restore(*pair)
    share = restored.fused.long_share
    assert share is not None
    assert share.mean() > 0.1
    result, long = (
        linear_to_srgb(planes.clip(0, 1))
        for planes in (restored.fused.planes, restored.scene.sources["long"])
    )
    assert psnr(result, long) > 35  # the long photo's own noise leaves 34.2


def test_a_baseline_exposure_counts_alike_in_pictures_and_dngs(cases: Path, tmp_path: Path) -> None:
    means = list[float]()
    for stops in (0, 1):
        long, short = (cases / "baseline_exposure" / f"be{stops}_{each}.dng" for each in "LS")
        picture, raw = tmp_path / f"{stops}.png", tmp_path / f"{stops}.dng"
        for output in (picture, raw):
            restore(long, short, output, Recipe(device="cpu"))
        means.append(float(np.mean(light(picture))))
        assert np.mean(light(raw)) == pytest.approx(means[-1], rel=0.01)
    assert 1.7 < means[1] / means[0] < 2  # less than twice, as highlights are white already
