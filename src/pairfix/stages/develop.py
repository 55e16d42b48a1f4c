"""From restored linear light to a finished picture, or back to a mosaic for a DNG."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import OutputError
from pairfix.formats.metadata import upright
from pairfix.formats.raw import develop_mosaic
from pairfix.image import Box, DevelopSettings, Frame, Fused, Picture, Planes
from pairfix.light import linear_to_srgb, mosaic_from_planes
from pairfix.progress import Stage

__all__ = ["DEMOSAIC_REACH", "DEVELOP", "develop", "source_mosaic"]

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
) -> Picture:
    """Make the finished picture.

    Where the exposure is lowered so far that clipped light falls below white, all channels are
    cut at the level where the first one clipped: highlights turn grey, not magenta.

    Args:
        planes: ``C x h x w`` linear light in the frame's geometry.
        frame: Where colour, orientation and EXIF come from.
        settings: White balance, demosaicing and highlights apply to mosaics only, which LibRaw
            develops with the camera's own matrices; exposure applies to every picture, on top of
            the frame's own baseline exposure.
        gain: Brightness of the planes over the frame's own.
        crop: The part of the upright picture that is wanted; None for all of it.

    Returns:
        The upright picture in sRGB.
    """
    settings = replace(settings, exposure=settings.exposure + frame.baseline_exposure)
    if frame.bayer is None:
        if crop is not None:
            planes, crop = planes[:, crop.rows, crop.columns], None
        pixels = _encode(planes * np.float32(2.0**settings.exposure))
    else:
        ceiling = gain * min(frame.bayer.gains)
        if ceiling * 2.0**settings.exposure < 1:
            planes = np.minimum(planes, np.float32(ceiling))
        mosaic = mosaic_from_planes(planes, frame.bayer, frame.size)
        pixels = develop_mosaic(frame, mosaic, settings)
    if crop is not None:
        pixels = np.ascontiguousarray(pixels[crop.rows, crop.columns])
    height, width = pixels.shape[:2]
    return Picture(pixels, upright(frame.exif, (height, width)))


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


def _encode(linear: Planes) -> NDArray[np.uint16]:
    encoded = linear_to_srgb(np.clip(linear, 0, 1))
    encoded *= np.float32(65535)
    rounded = np.rint(encoded, out=encoded).astype(np.uint16)
    return np.ascontiguousarray(rounded.transpose(1, 2, 0))
