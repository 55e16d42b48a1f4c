"""One synthetic pair as files: what a camera would have written, and the truth.

A pair is a folder of long.*, short.*, gt.* and pair.json, which records what was drawn for it. gt.*
shows what the short photo shows, at the long one's brightness, without noise and in 16 bits.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pairfix.errors import OutputError
from pairfix.formats import FORMATS, encode_capture, encode_picture
from pairfix.image import Bayer, Exposure, Frame, NoiseProfile, Picture, Planes
from pairfix.light import mosaic_from_planes
from pairfix.paths import reaching
from pairfix.synth.display import Filed
from pairfix.synth.mosaic import filter_colours
from pairfix.synth.noise.models import FrameNoise
from pairfix.synth.shots import Shots
from pairfix.synth.synth_recipe import PictureFormat

__all__ = ["PATTERNS", "check_pair_folder", "write_pictures", "write_raws"]

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
"""Phases of the colour filter array."""

_CAMERA = "pairfix synthetic"
_FIRST_EVENING = datetime(2026, 1, 1, 20)  # noqa: DTZ001  (EXIF times have no zone)
"""When the first pair counts as taken; the others follow minute by minute."""
_ISO_BY_SHOT_NOISE = 1.7e6
"""ISO over shot noise (S of a NoiseProfile) of phone sensors: 260 photo-electrons at ISO 6400."""
_APERTURE = 1.8
_FULL_SCALE = 65535
_TRUTH = "gt"
_NAMES = ("long", "short", _TRUTH)
_ABOUT = "pair.json"


@dataclass(frozen=True, slots=True)
class _Raw:
    """How to read a sensor's numbers."""

    bayer: Bayer
    matrix: NDArray[np.float64]
    size: tuple[int, int]


def check_pair_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that a pair can be written.

    Raises:
        OutputError: The folder exists and may not be overwritten, or holds other files.
    """
    with reaching(folder, OutputError):
        if not folder.exists() and not folder.is_symlink():
            return
        if folder.is_symlink() or not folder.is_dir():
            raise OutputError(f"{folder} is not a folder", "choose another name")
        if not overwrite:
            raise OutputError(f"{folder} exists already", "choose another name or pass --overwrite")
        for path in sorted(folder.iterdir()):
            if path.stem not in _NAMES and path.name != _ABOUT:
                message = f"{folder} holds {path.name}, which is not part of a pair"
                raise OutputError(message, "choose another name")


def write_raws(
    shots: Shots, pattern: str, size: tuple[int, int], shutter: float, folder: Path, number: int
) -> dict[str, Any]:
    """Write one pair's mosaics as DNGs.

    The ratio of the exposure times is that of the shot noise; ISO makes up for the part that does
    not show in the brightness.

    Args:
        shots: Of one pair, larger than `size` by 2 pixels, which the pattern's phase may cut off.
        pattern: Filters of the cell.
        size: Height and width of the mosaics.
        shutter: Of the short exposure, in seconds.
        folder: The pair's; it exists.
        number: Of the pair: it counts as taken this many minutes after the first.

    Returns:
        What camera and exposures were like, as JSON.
    """
    raw = _read_out(shots, pattern, size)
    dark = shots.noise.brightening.item()
    light_ratio = _green(shots.noise.short.shot) / _green(shots.noise.long.shot)
    taken = _FIRST_EVENING + timedelta(minutes=number)
    long = replace(
        _frame(raw, _planes(shots.long), shots.noise.long, 1.0, shutter * light_ratio),
        taken=taken,
    )
    short = replace(
        _frame(raw, _planes(shots.short), shots.noise.short, dark, shutter),
        taken=taken + timedelta(seconds=1),
    )
    for name, frame in {"long": long, "short": short, _TRUTH: _truth(raw, shots, short)}.items():
        encode_capture(frame, raw.matrix, folder / f"{name}.dng")
    return {
        "camera": _camera(raw, shots),
        "exposure_ratio": light_ratio,
        "short_darker_by": dark,
        "long": _recorded(long),
        "short": _recorded(short),
    }


def write_pictures(filed: Filed, folder: Path, chosen: PictureFormat) -> dict[str, Any]:
    """Write one display pair, the short photo as dark as it was taken.

    Args:
        filed: One pair.
        folder: The pair's; it exists.
        chosen: The photos' format.

    Returns:
        How dark the short photo is, and the mean standard deviation of both frames' noise once they
        are equally bright, as JSON.
    """
    batch = filed.batch
    for name, planes in (("long", batch.long), ("short", filed.short)):
        path = folder / f"{name}{chosen.suffix}"
        encode_picture(_picture(planes), path, bits=chosen.bits, quality=chosen.quality)
    lossless = ".png" if FORMATS[chosen.suffix].lossy else chosen.suffix
    encode_picture(_picture(batch.truth), folder / f"{_TRUTH}{lossless}", bits=16)
    return {
        "short_darker_by": filed.brightening.item(),
        "long": {"noise": batch.long_noise.mean().item()},
        "short": {"noise": batch.short_noise.mean().item()},
    }


def _read_out(shots: Shots, pattern: str, size: tuple[int, int]) -> _Raw:
    black, steps = shots.readout.black.item(), shots.readout.white.item()
    red, green, blue = shots.camera.gains.flatten().tolist()
    bayer = Bayer(pattern, (black,) * 4, black + steps, (red, green, blue))
    return _Raw(bayer, shots.camera.from_xyz[0].double().numpy(), size)


def _frame(raw: _Raw, planes: Planes, noise: FrameNoise, dark: float, shutter: float) -> Frame:
    """A noisy frame as stored, `dark` times darker than its planes."""
    profile = _profile(noise, dark)
    iso = round(_ISO_BY_SHOT_NOISE * profile[1][0])
    return Frame(
        path=Path(),
        pixels=_mosaic(raw, planes / np.float32(dark)),
        bayer=raw.bayer,
        exposure=Exposure(shutter, iso, _APERTURE),
        camera=_CAMERA,
        taken=None,
        orientation=1,
        exif=b"",
        noise_profile=profile,
    )


def _truth(raw: _Raw, shots: Shots, short: Frame) -> Frame:
    """What the short frame shows, at the long one's brightness, finely quantised."""
    fine = replace(raw, bayer=replace(raw.bayer, black=(0.0,) * 4, white=_FULL_SCALE))
    pixels = _mosaic(fine, _planes(filter_colours(shots.sharp)))
    return replace(short, pixels=pixels, bayer=fine.bayer, noise_profile=None)


def _mosaic(raw: _Raw, planes: Planes) -> NDArray[np.uint16]:
    bayer = raw.bayer
    black = bayer.black[0]
    levels = mosaic_from_planes(planes, bayer, raw.size) * np.float32(bayer.white - black) + black
    return np.rint(levels.clip(0, bayer.white)).astype(np.uint16)


def _planes(planes: Tensor) -> Planes:
    return planes[0].numpy()


def _picture(planes: Tensor) -> Picture:
    pixels = planes[0].permute(1, 2, 0).clamp(0, 1).mul(_FULL_SCALE).round().numpy()
    return Picture(np.ascontiguousarray(pixels.astype(np.uint16)), b"")


def _profile(noise: FrameNoise, dark: float) -> NoiseProfile:
    shot, read = (
        values.expand(1, 4, 1, 1).flatten().tolist() for values in (noise.shot, noise.read)
    )
    red, green, blue = ((shot[plane] / dark, read[plane] / dark**2) for plane in (0, 1, 3))
    return red, green, blue


def _green(values: Tensor) -> float:
    return float(values.expand(1, 4, 1, 1)[0, 1])


def _camera(raw: _Raw, shots: Shots) -> dict[str, Any]:
    return {
        "pattern": raw.bayer.pattern,
        "black": raw.bayer.black[0],
        "white": raw.bayer.white,
        "white_balance": raw.bayer.white_balance,
        "matrix": raw.matrix.tolist(),
        "scene_brightness": shots.camera.exposure.item(),
        "row_noise_by_read_noise": shots.readout.row_noise.item(),
        "hot_pixels": shots.readout.hot_share.item(),
    }


def _recorded(frame: Frame) -> dict[str, Any]:
    return {
        "shutter": frame.exposure.shutter,
        "iso": frame.exposure.iso,
        "noise_profile": frame.noise_profile,
    }
