"""BaselineExposure: every result is as bright as the DNG asks converters to make it."""

from pathlib import Path

import numpy as np
import pytest

from pairfix.formats import decode, encode_dng
from pairfix.formats.tiff import Entry, Kind
from pairfix.formats.tiff_read import read_chain
from pairfix.image import DevelopSettings, Fused
from pairfix.light import planes_from_frame, srgb_to_linear
from pairfix.pipeline import align_pair
from pairfix.stages.develop import develop, source_mosaic
from tests.formats.samples import make_dng, scene

TAG = 50730


def raw(path: Path, stops: float) -> Path:
    return make_dng(path, scene() // 4 + 48, extra={TAG: Entry.of(Kind.SRATIONAL, stops)})


def test_a_picture_is_as_bright_as_the_file_asks_for(tmp_path: Path) -> None:
    plain, brighter = (decode(raw(tmp_path / f"{stops}.dng", stops)) for stops in (0, 1))
    planes = planes_from_frame(plain)
    np.testing.assert_array_equal(
        develop(planes, brighter, DevelopSettings()).pixels,
        develop(planes, plain, DevelopSettings(exposure=1)).pixels,
    )


def test_a_dng_asks_for_what_its_source_asked_for(tmp_path: Path) -> None:
    frame = decode(raw(tmp_path / "a.dng", 1))
    mosaic = source_mosaic(Fused(frame, planes_from_frame(frame), 1.0))
    encode_dng(frame, mosaic, 0.5, tmp_path / "out.dng")
    with (tmp_path / "out.dng").open("rb") as file:
        assert read_chain(file)[0][TAG].number == 1.5


def test_a_developed_raw_is_brightened_once(tmp_path: Path) -> None:
    plain, brighter = (decode(raw(tmp_path / f"{stops}.dng", stops), "srgb") for stops in (0, 1))
    assert brighter.baseline_exposure == 0
    first, second = (
        srgb_to_linear((each.pixels / 65535).astype(np.float32)) for each in (plain, brighter)
    )
    middle = (first > 0.05) & (first < 0.4)
    assert np.median(second[middle] / first[middle]) == pytest.approx(2, rel=0.02)


def test_an_aligned_long_photo_is_as_bright_as_its_own_file_asks_for(tmp_path: Path) -> None:
    light, dim = [], scene() // 4 + 40
    for stops in (0, 1):
        long, short = raw(tmp_path / "long.dng", stops), make_dng(tmp_path / "short.dng", dim)
        align_pair(long, short, tmp_path / "out.tif", "none", overwrite=True)
        pixels = decode(tmp_path / "out.tif").pixels
        light.append(srgb_to_linear((pixels / 65535).astype(np.float32)))
    middle = (light[0] > 0.05) & (light[0] < 0.4)
    assert np.median(light[1][middle] / light[0][middle]) == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("stops", [20.0, -20.0])
def test_what_no_camera_asks_for_counts_as_nothing(tmp_path: Path, stops: float) -> None:
    assert decode(raw(tmp_path / "a.dng", stops)).baseline_exposure == 0
