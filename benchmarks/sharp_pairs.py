"""Sharp raw pairs with truth, made of sharp photos, for the scripts of this folder.

The light of a photo is taken twice through a mosaic: by a short exposure where it is, and by a long
one that the camera took from elsewhere. What moves is light, before it is sampled, so that the
warp that brings the mosaics together is not the one that took them apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import Bayer, Exposure, Frame, Planes
from pairfix.light import (
    CELL,
    linear_to_srgb,
    mosaic_from_planes,
    srgb_to_linear,
)
from pairfix.metrics import psnr
from pairfix.synth.photos import HOLDOUT, LONGEST, list_photos, read_photo

__all__ = ["SharpPair", "display_psnr", "motion_about_centre", "recorded", "sharp_pairs"]

Light = NDArray[np.float32]
"""``3 x H x W`` linear light."""

_BAYER = Bayer("RGGB", (256.0,) * 4, 4095.0, (1.9, 1.0, 1.6))
_COLOURS = (0, 1, 1, 2)
_SHOT, _READ = 4e-3, 1e-4
"""Noise of the short exposure in parts of white, as in the sample pair wheel."""
_RATIO = 8
"""Exposure time of the long frame over the short one's; its noise is as much lower."""
_SHUTTER = 1 / 60
_ISO = 6400
_BORDER = 24
"""Pixels that the crop stays away from the photo's edge, so that moved frames are filled."""


@dataclass(frozen=True, slots=True)
class SharpPair:
    """Two sharp frames of one photo."""

    name: str
    short: Frame
    """Noisy, unmoved."""
    long: Frame
    """With a long exposure's noise, moved."""
    unmoved: Frame
    """As the long one, but taken from the short one's place."""
    truth: Planes
    """What the short frame shows without noise, ``4 x H/2 x W/2``."""
    motion: NDArray[np.float64]
    """3 x 3; maps (x, y, 1) of the short frame's pixels to the long one's."""


def sharp_pairs(
    folder: Path, count: int, shift: tuple[float, float], degrees: float, seed: int
) -> Iterator[SharpPair]:
    """Pairs of photos that no shipped model was trained with.

    Args:
        folder: Sharp photos without noise.
        count: How many of them are drawn.
        shift: Right and down, in pixels, of the long frame's content; (0, 0) and no turn for a
            tripod.
        degrees: Turn of the long frame's content about its centre.
        seed: Of the choice, and of the noise.
    """
    rng = np.random.default_rng(seed)
    paths = list_photos(folder, "validation", holdout=HOLDOUT)
    for index in sorted(rng.choice(len(paths), count, replace=False)):
        path = paths[index]
        encoded = read_photo(path, 1, LONGEST).astype(np.float32) / np.float32(255)
        light = srgb_to_linear(encoded).transpose(2, 0, 1)
        yield _take(path.stem, light, shift, degrees, rng)


def recorded(
    mosaic: Light, bayer: Bayer, noise: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.uint16]:
    """The numbers that a sensor gives for light on it.

    Args:
        mosaic: ``H x W``, 0 black, 1 white.
        bayer: Its levels; black is the same everywhere.
        noise: Shot and read noise, in parts of white.
        rng: Of the noise.
    """
    shot, read = noise
    deviation = np.sqrt(shot * np.maximum(mosaic, 0) + read)
    levels = mosaic + rng.standard_normal(mosaic.shape) * deviation
    black = bayer.black[0]
    pixels = np.rint(black + levels * (bayer.white - black)).clip(0, bayer.white)
    return np.asarray(pixels, np.uint16)


def motion_about_centre(
    size: tuple[int, int], shift: tuple[float, float], degrees: float
) -> NDArray[np.float64]:
    """The matrix of a turn about the centre of a frame of ``H x W``, then a shift (x, y)."""
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D(((size[1] - 1) / 2, (size[0] - 1) / 2), degrees, 1.0)
    matrix[:2, 2] += shift
    return matrix


def display_psnr(planes: Planes, truth: Planes) -> float:
    """PSNR in dB of the planes' sRGB display values, a border of 16 samples left out."""
    inner = np.s_[:, 16:-16, 16:-16]
    result, expected = (linear_to_srgb(np.clip(each[inner], 0, 1)) for each in (planes, truth))
    return psnr(result, expected)


def _take(
    name: str,
    light: Light,
    shift: tuple[float, float],
    degrees: float,
    rng: np.random.Generator,
) -> SharpPair:
    height, width = ((side - 2 * _BORDER) // 2 * 2 for side in light.shape[1:])
    motion = motion_about_centre((height, width), shift, degrees)
    still = light[:, _BORDER : _BORDER + height, _BORDER : _BORDER + width]
    margin = np.array([[1, 0, _BORDER], [0, 1, _BORDER], [0, 0, 1.0]])
    moved = still
    if not np.array_equal(motion, np.eye(3)):
        view = margin @ np.linalg.inv(motion)
        moved = np.stack([_seen(plane, view, (width, height)) for plane in light])
    long_noise = _SHOT / _RATIO, _READ / _RATIO**2
    exact = _planes(still)
    return SharpPair(
        name,
        short=_frame("short", exact, (_SHOT, _READ), _SHUTTER, _ISO, rng),
        long=_frame("long", _planes(moved), long_noise, _SHUTTER * _RATIO, _ISO / _RATIO, rng),
        unmoved=_frame("long", exact, long_noise, _SHUTTER * _RATIO, _ISO / _RATIO, rng),
        truth=exact,
        motion=motion,
    )


def _seen(plane: Light, view: NDArray[np.float64], size: tuple[int, int]) -> Light:
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    return np.asarray(np.clip(cv2.warpPerspective(plane, view, size, flags=flags), 0, 1))


def _planes(light: Light) -> Planes:
    """What the filters let through, white-balanced."""
    return np.stack(
        [light[colour, y::2, x::2] for colour, (y, x) in zip(_COLOURS, CELL, strict=True)]
    )


def _frame(
    name: str,
    planes: Planes,
    noise: tuple[float, float],
    shutter: float,
    iso: float,
    rng: np.random.Generator,
) -> Frame:
    _, height, width = planes.shape
    mosaic = mosaic_from_planes(planes, _BAYER, (2 * height, 2 * width))
    return Frame(
        Path(f"{name}.dng"),
        recorded(mosaic, _BAYER, noise, rng),
        _BAYER,
        Exposure(shutter, iso),
        noise_profile=(noise, noise, noise),
    )
