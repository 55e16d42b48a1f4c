"""From restored linear light to a finished picture, or back to a mosaic for a DNG."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import OutputError
from pairfix.formats.camera_light import demosaiced
from pairfix.formats.metadata import upright
from pairfix.formats.raw_development import develop_mosaic
from pairfix.formats.spaces import encoded, space_profile
from pairfix.image import Box, Demosaic, DevelopSettings, Frame, Fused, Picture, Planes
from pairfix.light import linear_to_srgb, mosaic_from_planes
from pairfix.progress import Stage

__all__ = ["DEMOSAIC_REACH", "DEVELOP", "develop", "source_light", "source_mosaic"]

DEVELOP = Stage("develop", "Developing")

DEMOSAIC_REACH = 8
"""Samples of a mosaic's planes on each side that LibRaw's demosaicing looks at, or more."""


def develop(
    planes: Planes,
    frame: Frame,
    settings: DevelopSettings,
    *,
    gain: float = 1.0,
    crop: Box | None = None,
    half_size: bool = False,
) -> Picture:
    """Make the finished picture.

    Where the exposure is lowered so far that clipped light falls below white, all channels are
    cut at the level where the first one clipped: highlights turn grey, not magenta.

    Args:
        planes: ``C x h x w`` linear light in the frame's geometry.
        frame: Where colour, orientation and EXIF come from.
        settings: White balance, demosaicing and highlights apply to mosaics only, which LibRaw
            develops with the camera's own matrices; so does the colour space. Exposure applies to
            every picture, on top of the frame's own baseline exposure.
        gain: Brightness of the planes over the frame's own.
        crop: The part of the upright picture that is wanted; None for all of it.
        half_size: Whether each 2 x 2 cell of a mosaic becomes one pixel, which is quick.

    Returns:
        The upright picture, in the colour space of the settings if the frame is a mosaic, else in
        the frame's own.
    """
    settings = replace(settings, exposure=settings.exposure + frame.baseline_exposure)
    if frame.bayer is None:
        profile = frame.profile
        if crop is not None:
            planes, crop = planes[:, crop.rows, crop.columns], None
        working = _encode(planes * np.float32(2.0**settings.exposure))
    else:
        ceiling = gain * min(frame.bayer.gains)
        if ceiling * 2.0**settings.exposure < 1:
            planes = np.minimum(planes, np.float32(ceiling))
        profile = space_profile(settings.colour_space)
        working = develop_mosaic(  # which alone holds the mosaic, for the sake of memory
            frame,
            mosaic_from_planes(planes, frame.bayer, frame.size),
            settings,
            half_size=half_size,
        )
    if crop is not None:
        working = np.ascontiguousarray(working[crop.rows, crop.columns])
    height, width = working.shape[:2]
    exif = upright(frame.exif, (height, width), srgb=not profile)
    return Picture(encoded(working, profile), exif, profile, frame.description)


def source_mosaic(fused: Fused) -> NDArray[np.float32]:
    """The restored mosaic at its reference's own exposure, so that the highlights stay.

    Returns:
        ``H x W``, black = 0, the sensor's saturation = 1.

    Raises:
        OutputError: The photo has no mosaic.
    """
    if fused.reference.bayer is None:
        raise OutputError(
            f"{fused.reference.path} has no Bayer mosaic, so the result cannot be a DNG",
            "write a .tif or .png",
        )
    mosaic = mosaic_from_planes(fused.planes, fused.reference.bayer, fused.reference.size)
    return np.clip(mosaic / np.float32(fused.gain), 0, 1)


def source_light(fused: Fused, demosaic: Demosaic) -> NDArray[np.float32]:
    """The restored photo as three channels of light, at its reference's own exposure.

    Returns:
        ``H x W x 3`` as the reference lies, 0 to 1: demosaiced in its camera's colours, or the
        light of an RGB photo.
    """
    if fused.reference.bayer is not None:
        return demosaiced(fused.reference, source_mosaic(fused), demosaic)
    light = np.clip(fused.planes / np.float32(fused.gain), 0, 1)
    return np.ascontiguousarray(light.transpose(1, 2, 0))


def _encode(linear: Planes) -> NDArray[np.uint16]:
    encoded = linear_to_srgb(np.clip(linear, 0, 1))
    encoded *= np.float32(65535)
    rounded = np.rint(encoded, out=encoded).astype(np.uint16)
    return np.ascontiguousarray(rounded.transpose(1, 2, 0))
