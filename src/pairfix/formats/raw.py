"""Raw files, decoded and developed by LibRaw.

The scale is LibRaw's own: 0 is a channel's black level, 1 is ``white_level``, at which LibRaw
saturates. Its content-dependent adjustment of that level (``adjust_maximum_thr``) is always off,
because it would brighten the two photos of a pair differently.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import rawpy
from numpy.typing import NDArray

from pairfix.errors import InputError
from pairfix.formats import metadata
from pairfix.formats.bitmap import turn_upright
from pairfix.formats.black import stated_black
from pairfix.formats.dng import (
    noise_profile,
    stated_baseline_exposure,
    stated_gain,
    states_white_point,
    unapplied_corrections,
)
from pairfix.formats.edge import BAND, silenced
from pairfix.formats.gainmap import applied
from pairfix.formats.libraw import FULL_SCALE, opened, scaled_bands, visible_crop
from pairfix.image import Bayer, DevelopSettings, Exposure, Frame, HeaderFacts, WhiteBalance

__all__ = ["as_camera_shows", "decode_raw", "develop_mosaic", "has_bayer", "raw_facts"]

_DEMOSAICS: dict[str, rawpy.DemosaicAlgorithm] = {
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
_ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""LibRaw's flip to EXIF orientation."""
_PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
_NO_YEAR = 1970
_LARGEST_BALANCE = 64.0
"""Six stops: more than any light that a camera balances for; beyond it, the file is wrong."""
_COMMON: dict[str, Any] = {
    "output_bps": 16,
    "output_color": rawpy.ColorSpace.sRGB,
    "gamma": (2.4, 12.92),
    "no_auto_bright": True,
    "adjust_maximum_thr": 0.0,
}


def decode_raw(path: Path, settings: DevelopSettings, *, develop: bool = False) -> Frame:
    """The mosaic of a raw file with a 2x2 Bayer array; any other raw developed to sRGB.

    Args:
        path: The file.
        settings: White balance, highlights and demosaicing if it is developed; the exposure stays
            as shot, but for what the file asks for, because that setting applies to the result.
        develop: Also develop a Bayer mosaic.

    Raises:
        InputError: LibRaw cannot read the file.
    """
    with opened(path) as raw:
        exif = _exif(path, raw)
        recorded = metadata.exposure(exif, _recorded(raw))
        moment = metadata.taken(exif) or _timestamp(raw)
        bayer, notes = _bayer(path, raw)
        baseline = stated_baseline_exposure(path)
        pixels = raw.raw_image_visible
        gain = None if bayer is None else stated_gain(path, pixels.shape)
        notes += unapplied_corrections(path, mosaic=bayer is not None)
        if bayer is not None and gain is not None and develop:
            pixels[:] = applied(gain, pixels, bayer, finer=False)[1]
        elif bayer is not None:
            bayer, pixels = _exactly(path, bayer, pixels)
            if gain is not None:
                bayer, pixels = applied(gain, pixels, bayer, finer=True)
        if bayer is None or develop:
            reason = "developed by LibRaw to sRGB" + ("" if bayer else ": no 2x2 Bayer mosaic")
            brightness = {"bright": 2.0**baseline} if baseline else {}
            bayer, notes, pixels = None, (*notes, reason), _developed(raw, settings, **brightness)
        else:
            pixels = pixels.copy()
        return Frame(
            path=path,
            pixels=pixels,
            bayer=bayer,
            exposure=recorded,
            camera=metadata.camera(exif),
            taken=moment,
            orientation=_ORIENTATIONS.get(raw.sizes.flip, 1) if bayer else 1,
            exif=metadata.clean(metadata.completed(exif, recorded, moment)),
            notes=notes,
            developed=bayer is None,
            noise_profile=noise_profile(path) if bayer and gain is None else None,
            baseline_exposure=baseline if bayer else 0.0,
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
        upright = turn_upright(shown, _ORIENTATIONS.get(sizes.flip, 1))
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
        exif = _exif(path, raw)
        recorded, moment = metadata.exposure(exif), metadata.moment(exif)
        if recorded.shutter is None or moment is None:
            with silenced():
                recorded = metadata.exposure(exif, _recorded(raw))
            moment = moment or _timestamp(raw)
        size = raw.sizes.height, raw.sizes.width
        return HeaderFacts(path, "raw", size, recorded, metadata.camera(exif), moment)


def has_bayer(path: Path) -> bool:
    """Whether a raw file has a mosaic under a 2x2 Bayer array.

    Raises:
        InputError: LibRaw cannot read its header.
    """
    with opened(path, unpack=False) as raw, silenced():
        return _cell(raw) is not None


def develop_mosaic(
    source: Frame, mosaic: NDArray[np.float32], settings: DevelopSettings
) -> NDArray[np.uint16]:
    """Let LibRaw develop a mosaic instead of the one in the source file.

    Args:
        source: The raw frame that provides colours and orientation; its file is read again.
        mosaic: ``H x W`` as the source's pixels; 0 is black, 1 the source's white level.
        settings: White balance, exposure, highlights and demosaicing. Exposure is a mere factor
            before LibRaw clips at 1: a negative one brings back highlights beyond 1, but leaves
            channels that the sensor clipped at 1 below LibRaw's saturation, where they would
            keep the white balance's tint. The caller must clip those evenly beforehand.

    Returns:
        ``H x W x 3``, upright, sRGB-encoded.

    Raises:
        InputError: The source file no longer exists, or has changed since it was decoded.
    """
    with opened(source.path) as raw:
        target = raw.raw_image_visible
        if target.shape != mosaic.shape:
            raise InputError(f"{source.path} has changed since it was read", "run again")
        for number, band in enumerate(scaled_bands(mosaic, gain=2.0**settings.exposure)):
            target[number * BAND :][: len(band)] = band
        del mosaic  # LibRaw needs the memory
        return _developed(
            raw, settings, user_black=0, user_cblack=[0, 0, 0, 0], user_sat=FULL_SCALE
        )


def _bayer(path: Path, raw: rawpy.RawPy) -> tuple[Bayer | None, tuple[str, ...]]:
    """How to read the mosaic; None if it is not a plain 2x2 Bayer mosaic."""
    indices = _cell(raw)
    if indices is None:
        return None, ()
    pattern = _pattern(raw, indices)
    black = _black(raw, indices, pattern)
    balance, notes = _white_balance(path, raw)
    white = float(raw.white_level)
    if white <= max(black):
        white = float(max(int(raw.raw_image_visible.max()), int(max(black)) + 1))
        notes += ("the file's white level is implausible: the brightest pixel is used instead",)
    return Bayer(pattern, black, white, balance), notes


def _exactly(
    path: Path, bayer: Bayer, pixels: NDArray[np.uint16]
) -> tuple[Bayer, NDArray[np.uint16]]:
    """The mosaic with the black that a DNG states, of which LibRaw knows whole levels.

    Levels that are far from LibRaw's, which is one of the pattern's, are not of what it decoded.
    """
    height, width = pixels.shape
    stated = stated_black(path, (height, width))
    if stated is None:
        return bayer, pixels
    if abs(stated.cell.mean() - np.mean(bayer.black)) > 1 + stated.spread:
        return bayer, pixels
    white = int(bayer.white)
    finer = stated.fineness(white)
    black = _by_filter(bayer.pattern, (finer * stated.cell).ravel().tolist())
    mosaic = stated.without_deviation(pixels, white)
    return replace(bayer, black=black, white=float(finer * white)), mosaic


def _cell(raw: rawpy.RawPy) -> list[int] | None:
    """LibRaw's colour indices of the four filters row by row; None without a plain Bayer array."""
    cells = raw.raw_pattern if raw.raw_type == rawpy.RawType.Flat else None
    if cells is None or cells.shape != (2, 2) or _is_rotated(raw):
        return None
    indices = [int(index) for index in cells.ravel()]
    return indices if _pattern(raw, indices) in _PATTERNS else None


def _pattern(raw: rawpy.RawPy, indices: list[int]) -> str:
    return "".join(chr(raw.color_desc[index]) for index in indices)


def _black(raw: rawpy.RawPy, indices: list[int], pattern: str) -> tuple[float, float, float, float]:
    """Black levels of R, G1 (in R's row), G2 and B, by their place in the cell."""
    levels = raw.black_level_per_channel
    return _by_filter(pattern, [float(levels[index]) for index in indices])


def _by_filter(pattern: str, cell: Sequence[float]) -> tuple[float, float, float, float]:
    """Numbers of a cell's places, row by row, as those of R, G1, G2 and B."""
    red = pattern.index("R")
    return cell[red], cell[red ^ 1], cell[red ^ 2], cell[red ^ 3]


def _is_rotated(raw: rawpy.RawPy) -> bool:
    """Whether the photosites are diagonal (Fuji SuperCCD), so that LibRaw rotates them."""
    sizes = raw.sizes
    return {sizes.iheight, sizes.iwidth} != {sizes.height, sizes.width}


def _white_balance(
    path: Path, raw: rawpy.RawPy
) -> tuple[tuple[float, float, float], tuple[str, ...]]:
    """Multipliers with green = 1, and a note if they are not the camera's.

    If a DNG states the light's chromaticity, LibRaw's daylight is that light.
    """
    assumed = ("no white balance in the file: daylight is assumed",)
    for multipliers, notes in (
        (raw.camera_whitebalance, ()),
        (raw.daylight_whitebalance, () if states_white_point(path) else assumed),
    ):
        red, green, blue = (float(value) for value in multipliers[:3])
        if all(np.isfinite(value) and value > 0 for value in (red, green, blue)):
            balance = red / green, 1.0, blue / green
            if all(1 / _LARGEST_BALANCE <= value <= _LARGEST_BALANCE for value in balance):
                return balance, notes
    return (1.0, 1.0, 1.0), ("no white balance in the file: colours may be off",)


def _balance(raw: rawpy.RawPy, choice: WhiteBalance) -> dict[str, Any]:
    if isinstance(choice, tuple):
        red, green, blue = choice
        return {"user_wb": [red, green, blue, green]}
    if choice == "auto":
        return {"use_auto_wb": True}
    valid = all(np.isfinite(value) and value > 0 for value in raw.camera_whitebalance[:3])
    return {"use_camera_wb": choice == "camera" and valid}


def _developed(
    raw: rawpy.RawPy,
    settings: DevelopSettings,
    **levels: Any,  # noqa: ANN401
) -> NDArray[np.uint16]:
    with silenced():
        developed = raw.postprocess(
            **_COMMON,
            **_balance(raw, settings.white_balance),
            **levels,
            highlight_mode=_HIGHLIGHTS[settings.highlight_mode],
            demosaic_algorithm=_DEMOSAICS[settings.demosaic],
        )
    rgb = developed if developed.shape[2] == 3 else np.repeat(developed[:, :, :1], 3, axis=2)  # noqa: PLR2004
    return cast("NDArray[np.uint16]", rgb)


def _recorded(raw: rawpy.RawPy) -> Exposure:
    other = _other(raw)
    return Exposure(other.shutter_speed, other.iso_speed, other.aperture) if other else Exposure()


def _timestamp(raw: rawpy.RawPy) -> datetime | None:
    other = _other(raw)
    return other.timestamp if other and other.timestamp.year > _NO_YEAR else None


def _other(raw: rawpy.RawPy) -> Any:  # noqa: ANN401 (rawpy hides its type)
    """What LibRaw knows of the shot; None if the time is none that Python can express."""
    try:
        return raw.other
    except (ValueError, OverflowError, OSError):
        return None


def _exif(path: Path, raw: rawpy.RawPy) -> metadata.Exif:
    """From the file itself, or else from its JPEG preview."""
    found = metadata.of_file(path)
    return found if found[1] else metadata.parse(_preview_exif(raw))


def _preview_exif(raw: rawpy.RawPy) -> bytes:
    try:
        with silenced():
            preview = raw.extract_thumb()
    except rawpy.LibRawError:
        return b""
    if preview.format != rawpy.ThumbFormat.JPEG or not isinstance(preview.data, bytes):
        return b""
    start = preview.data.find(b"Exif\0\0", 0, 4096)
    return preview.data[start : start + 65536] if start >= 0 else b""
