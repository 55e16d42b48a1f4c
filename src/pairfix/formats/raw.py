"""Raw files, decoded by LibRaw: mosaics as they are, anything else developed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import metadata
from pairfix.formats.dng_stated import (
    noise_profile,
    stated_baseline_exposure,
    stated_gain,
    unapplied_corrections,
)
from pairfix.formats.edge import silenced
from pairfix.formats.gainmap import applied
from pairfix.formats.lens import with_lens
from pairfix.formats.libraw import opened, visible_crop
from pairfix.formats.mosaic import bayer_of, filter_cell, with_stated_black
from pairfix.formats.orientation import turn_upright
from pairfix.formats.raw_development import developed, replace_mosaic
from pairfix.formats.raw_shot import raw_exif, raw_exposure, raw_timestamp
from pairfix.image import Bayer, DevelopSettings, Frame, HeaderFacts
from pairfix.light import mosaic_from_planes, planes_from_mosaic

__all__ = ["as_camera_shows", "decode_raw", "has_bayer", "raw_facts"]

_ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""LibRaw's flip to EXIF orientation."""


def decode_raw(
    path: Path, settings: DevelopSettings, *, develop: bool = False, wanted: bytes = b""
) -> Frame:
    """The mosaic of a raw file with a 2x2 Bayer array; any other raw developed to RGB.

    Args:
        path: The file.
        settings: White balance, highlights and demosaicing if it is developed; the exposure stays
            as shot, but for what the file asks for, because that setting applies to the result.
        develop: Also develop a Bayer mosaic.
        wanted: ICC profile that a result in RGB shall have; empty for sRGB.

    Raises:
        InputError: LibRaw cannot read the file.
    """
    with opened(path) as raw:
        orientation = _ORIENTATIONS.get(raw.sizes.flip, 1)
        exif = raw_exif(path, raw)
        recorded = metadata.exposure(exif, raw_exposure(raw))
        moment = metadata.taken(exif) or raw_timestamp(raw)
        bayer, notes = bayer_of(path, raw)
        baseline = stated_baseline_exposure(path)
        pixels = raw.raw_image_visible
        gain = None if bayer is None else stated_gain(path, pixels.shape)
        notes += unapplied_corrections(path, mosaic=bayer is not None)
        parameters: dict[str, Any] = {"bright": 2.0**baseline} if baseline else {}
        if bayer is not None and gain is not None and develop:
            pixels[:] = applied(gain, pixels, bayer, finer=False)[1]
        elif bayer is not None:
            known, stored = bayer, pixels
            bayer, pixels = with_stated_black(path, bayer, pixels)
            if gain is not None:
                bayer, pixels = applied(gain, pixels, bayer, finer=True)
            elif develop and (bayer != known or pixels is not stored):
                parameters |= replace_mosaic(raw, _light(pixels, bayer))
        if bayer is None or develop:
            space = "RGB" if wanted else "sRGB"
            reason = f"developed by LibRaw to {space}" + ("" if bayer else ": no 2x2 Bayer mosaic")
            pixels = developed(raw, settings, wanted, **parameters)
            bayer, notes = None, (*notes, reason)
        else:
            pixels = pixels.copy()
        return Frame(
            path=path,
            pixels=pixels,
            bayer=bayer,
            exposure=recorded,
            camera=metadata.camera(exif),
            taken=moment,
            orientation=orientation if bayer else 1,
            turned=1 if bayer else orientation,
            exif=metadata.clean(with_lens(metadata.completed(exif, recorded, moment), raw)),
            notes=notes,
            developed=bayer is None,
            noise_profile=noise_profile(path) if bayer and gain is None else None,
            baseline_exposure=baseline if bayer else 0.0,
            profile=b"" if bayer else wanted,
        )


def as_camera_shows(frame: Frame) -> Frame:
    """A developed raw, cut to the part that the camera makes its own pictures of.

    Args:
        frame: Developed, as `decode_raw` gives it.

    Raises:
        InputError: Its file cannot be read again.
    """
    with opened(frame.path, unpack=False) as raw, silenced():
        sizes = raw.sizes
        left, top, width, height = visible_crop(sizes)
        shown = np.zeros((sizes.height, sizes.width), np.uint8)
        shown[top : top + height, left : left + width] = 1
        upright = turn_upright(shown, frame.turned)
    if upright.shape != frame.size:
        return frame
    rows, columns = (np.flatnonzero(upright.any(axis=axis)) for axis in (1, 0))
    part = frame.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return replace(frame, pixels=part.copy())


def raw_facts(path: Path) -> HeaderFacts:
    """What the header says; LibRaw, which takes longer, is asked only for what EXIF lacks.

    Raises:
        InputError: LibRaw cannot read it.
    """
    with opened(path, unpack=False) as raw:
        exif = raw_exif(path, raw)
        recorded, moment = metadata.exposure(exif), metadata.moment(exif)
        if recorded.shutter is None or moment is None:
            with silenced():
                recorded = metadata.exposure(exif, raw_exposure(raw))
            moment = moment or raw_timestamp(raw)
        size = raw.sizes.height, raw.sizes.width
        return HeaderFacts(
            path=path,
            kind="raw",
            size=size,
            exposure=recorded,
            camera=metadata.camera(exif),
            taken=moment,
            is_result=metadata.is_result(exif),
        )


def _light(pixels: NDArray[np.uint16], bayer: Bayer) -> NDArray[np.float32]:
    """A mosaic's light, ``H x W``: 0 is black, 1 white."""
    height, width = pixels.shape
    return mosaic_from_planes(planes_from_mosaic(pixels, bayer), bayer, (height, width))


def has_bayer(path: Path) -> bool:
    """Whether a raw file has a mosaic under a 2x2 Bayer array.

    Raises:
        InputError: LibRaw cannot read its header.
    """
    with opened(path, unpack=False) as raw, silenced():
        return filter_cell(raw) is not None
