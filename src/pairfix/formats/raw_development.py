"""Raw files developed by LibRaw.

The scale is LibRaw's own: 0 is a channel's black level, 1 is ``white_level``, at which LibRaw
saturates. Its content-dependent adjustment of that level (``adjust_maximum_thr``) is always off,
because it would brighten the two photos of a pair differently.
"""

from typing import Any, cast

import numpy as np
import rawpy
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats.edge import BAND, bands, silenced
from pairfix.formats.lcms import transformed
from pairfix.formats.libraw import FULL_SCALE, opened, scaled_bands
from pairfix.formats.spaces import space_profile, working_profile
from pairfix.image import ColourSpace, DevelopSettings, Frame, WhiteBalance

__all__ = ["DEMOSAICS", "develop_mosaic", "developed", "replace_mosaic"]

DEMOSAICS: dict[str, rawpy.DemosaicAlgorithm] = {
    "linear": rawpy.DemosaicAlgorithm.LINEAR,
    "vng": rawpy.DemosaicAlgorithm.VNG,
    "ppg": rawpy.DemosaicAlgorithm.PPG,
    "ahd": rawpy.DemosaicAlgorithm.AHD,
    "dcb": rawpy.DemosaicAlgorithm.DCB,
    "dht": rawpy.DemosaicAlgorithm.DHT,
    "aahd": rawpy.DemosaicAlgorithm.AAHD,
}
_HIGHLIGHTS = {
    "clip": rawpy.HighlightMode.Clip,
    "unclip": rawpy.HighlightMode.Ignore,
    "blend": rawpy.HighlightMode.Blend,
    "reconstruct": rawpy.HighlightMode.ReconstructDefault,
}
_OUTPUTS: dict[ColourSpace, rawpy.ColorSpace] = {
    "srgb": rawpy.ColorSpace.sRGB,
    "display-p3": rawpy.ColorSpace.P3D65,
    "adobe-rgb": rawpy.ColorSpace.Adobe,
    "prophoto": rawpy.ColorSpace.ProPhoto,
    "rec2020": rawpy.ColorSpace.Rec2020,
}
_COMMON: dict[str, Any] = {
    "output_bps": 16,
    "gamma": (2.4, 12.92),
    "no_auto_bright": True,
    "adjust_maximum_thr": 0.0,
}


def develop_mosaic(
    source: Frame,
    mosaic: NDArray[np.float32],
    settings: DevelopSettings,
    *,
    half_size: bool = False,
) -> NDArray[np.uint16]:
    """Let LibRaw develop a mosaic instead of the one in the source file.

    Args:
        source: The raw frame that provides colours and orientation; its file is read again.
        mosaic: ``H x W`` as the source's pixels; 0 is black, 1 the source's white level.
        settings: White balance, exposure, highlights, demosaicing and colour space. Exposure is a
            mere factor before LibRaw clips at 1: a negative one brings back highlights beyond 1,
            but leaves channels that the sensor clipped at 1 below LibRaw's saturation, where they
            would keep the white balance's tint. The caller must clip those evenly beforehand.
        half_size: Whether each 2 x 2 cell becomes one pixel instead of being demosaiced.

    Returns:
        ``H x W x 3``, upright, working pixels of the space (`formats.spaces`).

    Raises:
        InputError: The source file no longer exists, or has changed since it was decoded.
    """
    with opened(source.path) as raw:
        if raw.raw_image_visible.shape != mosaic.shape:
            raise InputError(f"{source.path} has changed since it was read", "run again")
        levels = replace_mosaic(raw, mosaic, gain=2.0**settings.exposure)
        del mosaic  # LibRaw needs the memory
        profile = space_profile(settings.colour_space)
        return developed(raw, settings, profile, half_size=half_size, **levels)


def replace_mosaic(
    raw: rawpy.RawPy, mosaic: NDArray[np.float32], *, gain: float = 1.0
) -> dict[str, Any]:
    """Put another mosaic in the place of a file's.

    Args:
        raw: The file, opened.
        mosaic: As large as its visible mosaic; 0 is black, 1 white.
        gain: Factor of its light.

    Returns:
        The parameters that tell LibRaw its levels.
    """
    for number, band in enumerate(scaled_bands(mosaic, gain=gain)):
        raw.raw_image_visible[number * BAND :][: len(band)] = band
    return {"user_black": 0, "user_cblack": [0, 0, 0, 0], "user_sat": FULL_SCALE}


def developed(
    raw: rawpy.RawPy,
    settings: DevelopSettings,
    profile: bytes,
    **parameters: Any,  # noqa: ANN401
) -> NDArray[np.uint16]:
    """Let LibRaw develop a raw file.

    Args:
        raw: The file, opened.
        settings: White balance, highlights and demosaicing; exposure is not applied.
        profile: ICC profile that the result shall have; empty for sRGB.
        parameters: LibRaw's others, such as those of brightness.

    Returns:
        ``H x W x 3``, upright, working pixels of the profile (`formats.spaces`).
    """
    known = {space_profile(space): output for space, output in _OUTPUTS.items()}
    output = known.get(profile, rawpy.ColorSpace.ProPhoto)
    with silenced():
        developed = raw.postprocess(
            **_COMMON,
            output_color=output,
            **_balance(raw, settings.white_balance),
            **parameters,
            highlight_mode=_HIGHLIGHTS[settings.highlight_mode],
            demosaic_algorithm=DEMOSAICS[settings.demosaic],
        )
    rgb = developed if developed.shape[2] == 3 else np.repeat(developed[:, :, :1], 3, axis=2)  # noqa: PLR2004
    if profile not in known:
        widest, target = working_profile(space_profile("prophoto")), working_profile(profile)
        for rows in bands(rgb.shape[0]):
            rgb[rows] = transformed(rgb[rows], widest, target)
    return cast("NDArray[np.uint16]", rgb)


def _balance(raw: rawpy.RawPy, choice: WhiteBalance) -> dict[str, Any]:
    if isinstance(choice, tuple):
        red, green, blue = choice
        return {"user_wb": [red, green, blue, green]}
    if choice == "auto":
        return {"use_auto_wb": True}
    valid = all(np.isfinite(value) and value > 0 for value in raw.camera_whitebalance[:3])
    return {"use_camera_wb": choice == "camera" and valid}
