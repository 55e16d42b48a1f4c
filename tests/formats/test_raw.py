from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import rawpy
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats import decode, metadata, read_domain, read_facts
from pairfix.formats.orientation import turn_upright
from pairfix.formats.raw_development import develop_mosaic
from pairfix.formats.tiff import Directory, Entry, Kind
from pairfix.image import DevelopSettings, Exposure, Frame
from pairfix.light import mosaic_from_planes, planes_from_mosaic

from .samples import MATRIX, make_dng, scene

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")


def _unit_mosaic(frame: Frame) -> NDArray[np.float32]:
    assert frame.bayer is not None
    planes = planes_from_mosaic(frame.pixels, frame.bayer)
    return mosaic_from_planes(planes, frame.bayer, frame.size)


def _libraw(path: Path) -> NDArray[np.int64]:
    with rawpy.imread(str(path)) as raw:
        pixels = raw.postprocess(
            output_bps=16,
            use_camera_wb=True,
            gamma=(2.4, 12.92),
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
        )
    return pixels.astype(np.int64)


@pytest.mark.parametrize(("pattern", "bits"), [*product(PATTERNS, (10, 12, 14))])
def test_pattern_levels_and_values(tmp_path: Path, pattern: str, bits: int) -> None:
    white = (1 << bits) - 1
    mosaic = (scene() << (bits - 10)).astype(np.uint16)
    cells = (60, 61, 62, 63)
    path = make_dng(tmp_path / "a.dng", mosaic, pattern=pattern, black=cells, white=white)
    frame = decode(path)
    assert frame.bayer is not None
    np.testing.assert_array_equal(frame.pixels, mosaic)
    assert frame.bayer.pattern == pattern
    assert frame.bayer.white == white
    red = pattern.index("R")
    assert frame.bayer.black == tuple(cells[place] for place in (red, red ^ 1, red ^ 2, red ^ 3))
    assert frame.bayer.white_balance == pytest.approx((2.0, 1.0, 1.6), rel=1e-6)


def test_what_the_camera_recorded(tmp_path: Path) -> None:
    frame = decode(make_dng(tmp_path / "a.dng", scene()))
    assert frame.exposure.shutter == pytest.approx(1 / 60)
    assert (frame.exposure.iso, frame.exposure.aperture) == (3200, 1.8)
    assert frame.camera == "Test Bayer"
    assert str(frame.taken) == "2026-05-01 21:10:01"
    assert b"secret" not in frame.exif
    assert metadata.exposure(metadata.parse(frame.exif)) == frame.exposure


def test_zeros_in_the_exif_mean_unknown(tmp_path: Path) -> None:
    zeros: dict[int, Entry] = {
        0x829A: Entry(Kind.RATIONAL, bytes(8)),
        0x829D: Entry(Kind.RATIONAL, bytes(8)),
        0x8827: Entry.of(Kind.SHORT, 0),
        0x9201: Entry.of(Kind.SRATIONAL, 0),
    }
    frame = decode(make_dng(tmp_path / "a.dng", scene(), extra={0x8769: {**zeros}}))
    assert frame.exposure == Exposure()
    assert not set(metadata.parse(frame.exif)[1]) & set(zeros)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_agrees_with_libraw(tmp_path: Path, orientation: int) -> None:
    path = make_dng(tmp_path / "a.dng", scene(), orientation=orientation)
    frame = decode(path)
    assert frame.orientation == orientation
    stored = make_dng(tmp_path / "b.dng", scene(), orientation=1)
    flat = develop_mosaic(decode(stored), _unit_mosaic(frame), DevelopSettings())
    turned = develop_mosaic(frame, _unit_mosaic(frame), DevelopSettings())
    np.testing.assert_array_equal(turned, turn_upright(flat, orientation))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_developing_the_mosaic_agrees_with_libraw(tmp_path: Path, pattern: str) -> None:
    path = make_dng(
        tmp_path / "a.dng",
        (scene() << 4).astype(np.uint16),
        pattern=pattern,
        black=(1024,) * 4,
        white=16383,
    )
    frame = decode(path)
    ours = develop_mosaic(frame, _unit_mosaic(frame), DevelopSettings(demosaic="linear"))
    with rawpy.imread(str(path)) as raw:
        theirs = raw.postprocess(
            output_bps=16,
            use_camera_wb=True,
            gamma=(2.4, 12.92),
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
            demosaic_algorithm=rawpy.DemosaicAlgorithm.LINEAR,
        )
    assert np.abs(ours.astype(int) - theirs).mean() < 10


def test_exposure_is_linear_and_comes_before_clipping(tmp_path: Path) -> None:
    frame = decode(make_dng(tmp_path / "a.dng", scene()))
    mosaic = np.full(frame.size, 0.3, np.float32)
    expected = develop_mosaic(frame, mosaic * 2, DevelopSettings())
    np.testing.assert_array_equal(
        develop_mosaic(frame, mosaic, DevelopSettings(exposure=1.0)), expected
    )
    bright = develop_mosaic(frame, mosaic * 4, DevelopSettings(exposure=-1.0))
    np.testing.assert_allclose(bright.astype(int), expected, atol=2)


def test_white_balance_choices(tmp_path: Path) -> None:
    frame = decode(make_dng(tmp_path / "a.dng", scene()))
    mosaic = _unit_mosaic(frame)
    camera = develop_mosaic(frame, mosaic, DevelopSettings())
    by_hand = develop_mosaic(frame, mosaic, DevelopSettings(white_balance=(2.0, 1.0, 1.6)))
    np.testing.assert_allclose(by_hand.astype(int), camera, atol=2)
    red = develop_mosaic(frame, mosaic, DevelopSettings(white_balance=(4.0, 1.0, 1.6)))
    assert red[..., 0].mean() > camera[..., 0].mean()
    for choice in ("daylight", "auto"):
        assert develop_mosaic(frame, mosaic, DevelopSettings(white_balance=choice)).any()


def test_developing_at_decoding_follows_the_settings(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "a.dng", scene())
    as_shot = decode(path, "srgb")
    np.testing.assert_array_equal(as_shot.pixels, decode(path, "srgb", DevelopSettings()).pixels)
    red = decode(path, "srgb", DevelopSettings(white_balance=(4.0, 1.0, 1.6)))
    assert red.pixels[..., 0].mean() > 1.1 * as_shot.pixels[..., 0].mean()
    for other in (DevelopSettings(demosaic="linear"), DevelopSettings(highlight_mode="blend")):
        assert not np.array_equal(decode(path, "srgb", other).pixels, as_shot.pixels)
    brighter = decode(path, "srgb", DevelopSettings(exposure=2.0))
    np.testing.assert_array_equal(brighter.pixels, as_shot.pixels)


def test_a_linear_raw_follows_the_white_balance(shared: Path) -> None:
    path = shared / "raws" / "linear-rgb.dng"
    warm = decode(path, settings=DevelopSettings(white_balance=(4.0, 1.0, 1.0)))
    cold = decode(path, settings=DevelopSettings(white_balance=(1.0, 1.0, 4.0)))
    assert warm.pixels[..., 0].mean() > 1.2 * cold.pixels[..., 0].mean()
    assert warm.pixels[..., 2].mean() < cold.pixels[..., 2].mean() / 1.2


def test_a_monochrome_raw_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey: dict[int, Entry] = {
        262: Entry.of(Kind.SHORT, 34892),
        50721: Entry.of(Kind.SRATIONAL, 1, 0, 0),
    }
    path = make_dng(tmp_path / "a.dng", scene(), neutral=None, extra={**grey})
    pixels = decode(path).pixels
    assert pixels.shape == (48, 64, 3)
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


def test_a_missing_white_balance_is_noted(tmp_path: Path) -> None:
    frame = decode(make_dng(tmp_path / "a.dng", scene(), neutral=None))
    assert frame.bayer is not None
    assert all(np.isfinite(frame.bayer.white_balance))
    assert frame.notes == ("no white balance in the file: daylight is assumed",)


def test_a_missing_or_changed_source_is_refused(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "a.dng", scene())
    frame = decode(path)
    path.unlink()
    with pytest.raises(InputError, match="no longer exists"):
        develop_mosaic(frame, _unit_mosaic(frame), DevelopSettings())
    make_dng(path, scene()[:32])
    with pytest.raises(InputError, match="has changed"):
        develop_mosaic(frame, _unit_mosaic(frame), DevelopSettings())


def test_the_sample_pairs(shared: Path) -> None:
    street = decode(shared / "pairs" / "street" / "short.dng")
    assert street.bayer is not None
    assert (street.bayer.pattern, street.bayer.black) == ("GRBG", (514, 512, 511, 513))
    assert street.bayer.white == 15600
    neon = decode(shared / "pairs" / "neon" / "short.dng")
    assert neon.orientation == 6
    developed = develop_mosaic(neon, _unit_mosaic(neon), DevelopSettings())
    difference = np.abs(developed.astype(np.int64) - _libraw(neon.path))
    assert developed.shape == (1536, 1152, 3)
    assert difference.mean() < 15


@pytest.mark.parametrize("size", [(4, 4), (3, 3), (4, 2), (8, 8)])
@pytest.mark.parametrize("read", [decode, read_facts, read_domain])
def test_filters_that_libraw_would_misread_are_refused_by_name(
    tmp_path: Path, size: tuple[int, int], read: Callable[[Path], object]
) -> None:
    quad = np.tile([[0, 1], [1, 2]], (4, 4))[: size[0], : size[1]].astype(np.uint8)
    filters: Directory = {
        33421: Entry.of(Kind.SHORT, *size),
        33422: Entry(Kind.BYTE, quad.tobytes()),
    }
    path = make_dng(tmp_path / "a.dng", scene(), extra=filters)
    with pytest.raises(InputError, match=f"every {size[0]} rows and {size[1]} columns"):
        read(path)


@pytest.mark.parametrize("white", [(0.3457, 0.3585), (0.4476, 0.4074), (0.25, 0.26)])
def test_white_balance_told_as_chromaticity(tmp_path: Path, white: tuple[float, float]) -> None:
    """DNG 1.7, chapter 6: ColorMatrix times the white point is the camera's neutral."""
    x, y = white
    extra: Directory = {50729: Entry.of(Kind.RATIONAL, x, y)}
    frame = decode(make_dng(tmp_path / "a.dng", scene(), neutral=None, extra=extra))
    red, green, blue = np.reshape(MATRIX, (3, 3)) @ [x / y, 1, (1 - x - y) / y]
    assert frame.bayer is not None
    assert frame.bayer.white_balance == pytest.approx((green / red, 1, green / blue), rel=1e-4)
    assert frame.notes == ()


@pytest.mark.parametrize("white", [(), (0.3,), (0.0, 0.0), (0.9, 0.9)])
def test_a_chromaticity_that_makes_no_sense_is_none(
    tmp_path: Path, white: tuple[float, ...]
) -> None:
    extra: Directory = {50729: Entry.of(Kind.RATIONAL, *white)}
    frame = decode(make_dng(tmp_path / "a.dng", scene(), neutral=None, extra=extra))
    assert any("no white balance in the file" in note for note in frame.notes)


@pytest.mark.parametrize(
    ("compression", "name"),
    [(9, "VC-5"), (50000, "number 50000"), (12345, "number 12345")],
)
@pytest.mark.parametrize("read", [decode, read_facts, read_domain])
def test_a_compression_that_is_not_read_is_named_and_not_called_damage(
    tmp_path: Path, compression: int, name: str, read: Callable[[Path], object]
) -> None:
    extra: Directory = {259: Entry.of(Kind.SHORT, compression)}
    path = make_dng(tmp_path / "a.dng", scene(), extra=extra)
    with pytest.raises(InputError, match=f"compressed as {name}") as caught:
        read(path)
    assert "damaged" not in str(caught.value)
