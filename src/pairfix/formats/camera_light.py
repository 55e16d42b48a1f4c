"""Mosaics demosaiced by LibRaw, still in the camera's colours and not white-balanced."""

import numpy as np
import rawpy
from numpy.typing import NDArray

from pairfix.errors import InputError, OutputError
from pairfix.formats.edge import BAND, bands, silenced
from pairfix.formats.libraw import FULL_SCALE, opened, scaled_bands
from pairfix.formats.raw_development import DEMOSAICS
from pairfix.image import Demosaic, Frame

__all__ = ["demosaiced"]


def demosaiced(
    source: Frame, mosaic: NDArray[np.float32], demosaic: Demosaic
) -> NDArray[np.float32]:
    """Let LibRaw demosaic a mosaic instead of the one in the source file.

    It works on white-balanced samples, in which edges are seen best, of which none is clipped.

    Args:
        source: The raw frame; its file is read again.
        mosaic: ``H x W`` as the source's pixels; 0 is black, 1 the source's white level.
        demosaic: The algorithm.

    Returns:
        ``H x W x 3`` as the mosaic lies: each sample at its place, to a few levels of 16 bits.

    Raises:
        InputError: The source file no longer exists, or has changed since it was decoded.
        OutputError: Its samples are not square, so that LibRaw stretches the picture.
    """
    if source.bayer is None:
        raise OutputError(f"{source.path} has no Bayer mosaic", "write TIFF or PNG")
    red, green, blue = source.bayer.white_balance
    with opened(source.path) as raw:
        target = raw.raw_image_visible
        if target.shape != mosaic.shape:
            raise InputError(f"{source.path} has changed since it was read", "run again")
        for number, band in enumerate(scaled_bands(mosaic)):
            target[number * BAND :][: len(band)] = band
        with silenced():
            pixels = raw.postprocess(
                output_bps=16,
                output_color=rawpy.ColorSpace.raw,
                gamma=(1, 1),
                no_auto_bright=True,
                adjust_maximum_thr=0.0,
                user_wb=[red, green, blue, green],
                highlight_mode=rawpy.HighlightMode.Ignore,
                demosaic_algorithm=DEMOSAICS[demosaic],
                user_black=0,
                user_cblack=[0, 0, 0, 0],
                user_sat=FULL_SCALE,
                user_flip=0,
            )
    if pixels.shape != (*mosaic.shape, 3):
        raise OutputError(f"the samples of {source.path} are not square", "leave --dng linear out")
    scale = np.float32(max(red, green, blue) / FULL_SCALE) / np.array(
        [red, green, blue], np.float32
    )
    light = np.empty(pixels.shape, np.float32)
    for rows in bands(len(pixels)):
        np.multiply(pixels[rows], scale, out=light[rows])
    return light
