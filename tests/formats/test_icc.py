"""Profiles that pairfix makes mean to LittleCMS what their numbers say."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import ImageCms

from pairfix.formats.icc import BT_709, SRGB, Chromaticities, Curve, grey_profile, rgb_profile

_WIDE = Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_DCI = Chromaticities((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351))


def _xyz(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    return imagecodecs.cms_transform(
        pixels,
        profile,
        imagecodecs.cms_profile("xyz"),
        colorspace="rgb",
        outcolorspace="xyz",
        outdtype=np.float64,
        flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,
    )


@pytest.mark.parametrize("colours", [_WIDE, _DCI])
def test_colorants_and_curve_are_as_littlecms_makes_them(colours: Chromaticities) -> None:
    points = [part for xy in (colours.red, colours.green, colours.blue) for part in (*xy, 1.0)]
    theirs = imagecodecs.cms_profile(
        "rgb", whitepoint=[*colours.white, 1.0], primaries=points, gamma=2.2
    )
    ours = rgb_profile("Test", colours, Curve(2.2))
    pixels = np.random.default_rng(0).integers(0, 65536, (32, 32, 3), np.uint16)
    assert np.abs(_xyz(pixels, ours) - _xyz(pixels, theirs)).max() < 2e-4


@pytest.mark.parametrize(("curve", "light"), [(SRGB, 0.214041), (BT_709, 0.259612)])
def test_white_is_white_and_half_is_what_the_curve_says(curve: Curve, light: float) -> None:
    xyz = _xyz(np.array([[[65535] * 3, [32768] * 3]], np.uint16), rgb_profile("Test", _WIDE, curve))
    np.testing.assert_allclose(xyz[0, 0], (0.9642, 1.0, 0.8249), atol=1e-4)
    assert xyz[0, 1, 1] == pytest.approx(light, abs=1e-4)


def test_pillow_reads_the_name_and_both_kinds() -> None:
    for profile in (rgb_profile("A näme", _WIDE, SRGB), grey_profile("A näme", SRGB)):
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        assert opened.profile.profile_description == "A näme"
        assert opened.profile.version == 4.4


@pytest.mark.parametrize(
    "colours",
    [
        Chromaticities((0.3, 0.3), (0.3, 0.3), (0.3, 0.3)),
        Chromaticities((0.6, 0.0), (0.3, 0.6), (0.1, 0.1)),
        Chromaticities((0.6, 0.3), (0.3, 0.6), (0.1, 0.1), (0.0, 0.0)),
    ],
)
def test_points_that_span_no_space(colours: Chromaticities) -> None:
    with pytest.raises(ValueError, match=r"span no space|impossible"):
        rgb_profile("Test", colours, SRGB)
