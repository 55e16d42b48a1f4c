"""Results in wide colour spaces: what LittleCMS makes of them is what was photographed."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pairfix.formats import decode, encode_picture
from pairfix.formats.colour import in_srgb, to_working
from pairfix.formats.icc import SRGB, Chromaticities, Curve, grey_profile, rgb_profile
from pairfix.formats.lcms import adobe_rgb_profile, srgb_profile, transformed
from pairfix.formats.spaces import encoded, space_profile, working_profile
from pairfix.image import ColourSpace, DevelopSettings, Picture
from pairfix.light import planes_from_frame
from pairfix.stages.develop import develop

from .samples import make_dng, picture, scene

WIDE: tuple[ColourSpace, ...] = ("display-p3", "adobe-rgb", "prophoto", "rec2020")
WIDE_GAMUT = rgb_profile(
    "Some monitor", Chromaticities((0.70, 0.29), (0.20, 0.72), (0.14, 0.05)), SRGB
)


def random_pixels(seed: int = 0) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(0, 65536, (48, 64, 3), np.uint16)


def xyz(pixels: NDArray[np.uint16], profile: bytes) -> NDArray[np.float64]:
    """Under D50, by LittleCMS."""
    found: NDArray[np.float64] = imagecodecs.cms_transform(
        pixels,
        profile or srgb_profile(),
        imagecodecs.cms_profile("xyz"),
        colorspace="rgb",
        outcolorspace="xyz",
        outdtype=np.float64,
        flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,
    )
    return found


@pytest.mark.parametrize(
    ("space", "points", "white", "gamma"),
    [
        ("adobe-rgb", (0.64, 0.33, 0.21, 0.71, 0.15, 0.06), (0.3127, 0.3290), 563 / 256),
        ("prophoto", (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001), (0.3457, 0.3585), 1.8),
    ],
)
def test_named_profiles_are_what_littlecms_makes_of_their_numbers(
    space: ColourSpace, points: tuple[float, ...], white: tuple[float, float], gamma: float
) -> None:
    primaries = [part for xy in zip(points[::2], points[1::2], strict=True) for part in (*xy, 1.0)]
    theirs = imagecodecs.cms_profile(
        "rgb", whitepoint=[*white, 1.0], primaries=primaries, gamma=gamma
    )
    bright = np.maximum(random_pixels(), 65536 // 32)  # ProPhoto is a straight line below
    assert np.abs(xyz(bright, space_profile(space)) - xyz(bright, theirs)).max() < 3e-4


@pytest.mark.parametrize("space", WIDE)
def test_pillow_opens_the_profile_and_its_transform_agrees(space: ColourSpace) -> None:
    opened = ImageCms.ImageCmsProfile(io.BytesIO(space_profile(space)))
    assert opened.profile.xcolor_space.strip() == "RGB"
    pixels = (random_pixels() >> 8).astype(np.uint8)
    target = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    by_pillow = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        opened,
        target,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert by_pillow is not None
    ours, _ = to_working(pixels, space_profile(space))
    assert np.abs(np.asarray(by_pillow) - np.rint(ours / 257)).max() <= 1


@pytest.mark.parametrize("profile", [*map(space_profile, WIDE), adobe_rgb_profile(), WIDE_GAMUT])
def test_working_pixels_and_back_change_nothing(profile: bytes) -> None:
    pixels = random_pixels()
    working, _ = to_working(pixels, profile, profile)
    assert working.dtype == np.uint16
    back = encoded(working.astype(np.uint16), profile).astype(np.int32)
    light = np.abs(xyz(back.astype(np.uint16), profile) - xyz(pixels, profile))
    assert light.max() < 6e-5  # of which 1.5e-5 is a level of white
    bright = pixels > 2000
    assert np.abs(back - pixels)[bright].max() <= 3


@pytest.mark.parametrize("space", WIDE)
def test_srgb_pixels_keep_their_colours_in_a_wide_space(space: ColourSpace) -> None:
    pixels, profile = random_pixels(), space_profile(space)
    working, notes = to_working(pixels, b"", profile)
    wide = encoded(working.astype(np.uint16), profile)
    assert notes == ()
    assert np.abs(xyz(wide, profile) - xyz(pixels, b"")).max() < 1e-4
    returned = in_srgb(Picture(wide, b"", profile))
    assert returned.profile == b""
    assert np.abs(returned.pixels.astype(np.int32) - pixels)[pixels > 2000].mean() < 1


@pytest.mark.parametrize("space", WIDE)
@pytest.mark.parametrize("extension", [".png", ".tif", ".jpg"])
def test_results_carry_their_profile_and_are_read_as_the_same_colours(
    tmp_path: Path, space: ColourSpace, extension: str
) -> None:
    profile, path = space_profile(space), tmp_path / f"a{extension}"
    wide = Picture(encoded(picture().pixels, profile), b"", profile)
    encode_picture(wide, path, quality=100)
    with Image.open(path) as opened:
        assert opened.info["icc_profile"] == profile
        assert opened.getexif().get_ifd(0x8769)[0xA001] == 65535
    read = decode(path)
    assert read.profile == b""
    assert "converted from its ICC profile to sRGB" in read.notes
    expected = in_srgb(wide).pixels.astype(np.int32)
    assert np.abs(read.pixels - expected).mean() < (300 if extension == ".jpg" else 2)


def test_srgb_is_the_default_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    encode_picture(picture(), path)
    with Image.open(path) as opened:
        assert opened.info["icc_profile"] == srgb_profile()
        assert opened.getexif().get_ifd(0x8769)[0xA001] == 1
    np.testing.assert_array_equal(decode(path).pixels, picture().pixels)


@pytest.mark.parametrize("space", WIDE)
def test_a_raw_developed_into_a_wide_space_has_the_same_colours(
    tmp_path: Path, space: ColourSpace
) -> None:
    frame = decode(make_dng(tmp_path / "a.dng", scene()))
    planes = planes_from_frame(frame) * np.float32(0.5)
    plain = develop(planes, frame, DevelopSettings())
    wide = develop(planes, frame, DevelopSettings(colour_space=space))
    assert (plain.profile, wide.profile) == (b"", space_profile(space))
    inside = (plain.pixels > 0).all(-1) & (plain.pixels < 65535).all(-1)
    assert inside.mean() > 0.5
    difference = np.abs(xyz(plain.pixels, b"") - xyz(wide.pixels, wide.profile))
    assert difference[inside].max() < 2e-3
    assert difference[inside].mean() < 2e-4


def test_a_raw_developed_into_a_wide_space_is_not_clipped_to_srgb(tmp_path: Path) -> None:
    mosaic = np.full((48, 64), 80, np.uint16)
    mosaic[::2, ::2] = 900  # nothing but red
    frame = decode(make_dng(tmp_path / "a.dng", mosaic))
    settings = DevelopSettings(exposure=-1)
    plain = develop(planes_from_frame(frame), frame, settings)
    settings = DevelopSettings(exposure=-1, colour_space="prophoto")
    wide = develop(planes_from_frame(frame), frame, settings)
    assert plain.pixels[16:32, 16:48, 1].max() == 0
    assert wide.pixels[16:32, 16:48, 1].min() > 0


def test_a_picture_in_its_source_s_space_keeps_profile_and_8_bit_levels(tmp_path: Path) -> None:
    pixels = (random_pixels() >> 8).astype(np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path, icc_profile=WIDE_GAMUT)
    frame = decode(path, settings=DevelopSettings(colour_space="source"))
    assert frame.profile == WIDE_GAMUT
    np.testing.assert_array_equal(frame.pixels, pixels)
    assert frame.notes == ()
    result = develop(planes_from_frame(frame), frame, DevelopSettings())
    assert result.profile == WIDE_GAMUT
    assert np.abs(result.pixels - 257 * pixels.astype(np.int32)).max() <= 1


@pytest.mark.parametrize(
    ("profile", "mode", "notes"),
    [
        (b"", "RGB", ()),
        (srgb_profile(), "RGB", ()),
        (
            grey_profile("Grey", Curve(1.8)),
            "L",
            (
                "its ICC profile has no three primaries: the result is in sRGB",
                "converted from its ICC profile to sRGB",
            ),
        ),
        (
            srgb_profile()[:300],
            "RGB",
            (
                "its ICC profile has no three primaries: the result is in sRGB",
                "its ICC profile is damaged and was ignored",
            ),
        ),
    ],
)
def test_a_source_without_a_wide_space_results_in_srgb(
    tmp_path: Path, profile: bytes, mode: str, notes: tuple[str, ...]
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray((random_pixels() >> 8).astype(np.uint8)).convert(mode).save(
        path, icc_profile=profile or None
    )
    frame = decode(path, settings=DevelopSettings(colour_space="source"))
    assert frame.profile == b""
    assert frame.notes == notes


def test_a_working_profile_has_the_same_primaries_under_srgb_s_curve() -> None:
    primaries = np.array([[[65535, 0, 0], [0, 65535, 0], [0, 0, 65535]]], np.uint16)
    profile = adobe_rgb_profile()
    difference = xyz(primaries, profile) - xyz(primaries, working_profile(profile))
    assert np.abs(difference).max() < 1e-4
    grey = np.full((1, 1, 3), 30000, np.uint16)
    same = transformed(grey, working_profile(profile), srgb_profile())
    assert np.abs(same.astype(int) - 30000).max() <= 2
