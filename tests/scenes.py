"""Small synthetic pairs, so that most tests need no files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.image import AlignedPair, Alignment, Bayer, Exposure, ExposureMatch, Frame, Planes
from pairfix.light import linear_to_srgb, planes_from_frame

WHITE_BALANCE = (1.9, 1.0, 1.6)
IDENTITY = Alignment("none", np.eye(3), 1.0, 1.0, sure=True)


def scene(
    size: tuple[int, int] = (96, 128), seed: int = 0, radius: float = 3
) -> NDArray[np.float32]:
    """A smooth, textured RGB scene in linear light, 0.02 to 0.6, ``3 x H x W``."""
    rng = np.random.default_rng(seed)
    planes = np.stack(
        [cv2.GaussianBlur(rng.random(size, np.float32), (0, 0), radius) for _ in range(3)]
    )
    low, high = planes.min(), planes.max()
    return (0.02 + 0.58 * (planes - low) / (high - low)).astype(np.float32)


def raw_frame(
    light: NDArray[np.floating],
    *,
    pattern: str = "RGGB",
    name: str = "short.dng",
    exposure: Exposure | None = None,
    noise: float = 0.0,
    seed: int = 0,
    camera: str | None = "Test Camera",
) -> Frame:
    """Sample white-balanced linear RGB through a Bayer filter, 12 bit, black 256."""
    bayer = Bayer(pattern, (256.0,) * 4, 4095.0, WHITE_BALANCE)
    gains = np.array(WHITE_BALANCE, np.float32)[:, None, None]
    sensor = light / gains
    height, width = light.shape[1:]
    cell = np.array(["RGB".index(name) for name in pattern]).reshape(2, 2)
    channel = np.tile(cell, (height // 2 + 1, width // 2 + 1))[:height, :width]
    mosaic = np.take_along_axis(sensor, channel[None], axis=0)[0]
    mosaic = mosaic + np.random.default_rng(seed).normal(0, noise, mosaic.shape)
    pixels = np.clip(np.rint(256 + mosaic * (4095 - 256)), 0, 4095).astype(np.uint16)
    return Frame(Path(name), pixels, bayer, exposure or Exposure(), camera, None, 1, b"")


def rgb_frame(
    light: NDArray[np.floating], *, name: str = "short.png", noise: float = 0.0, seed: int = 0
) -> Frame:
    """Encode linear RGB as 8-bit sRGB."""
    noisy = light + np.random.default_rng(seed).normal(0, noise, light.shape).astype(np.float32)
    encoded = linear_to_srgb(np.clip(noisy, 0, 1).astype(np.float32)).transpose(1, 2, 0)
    pixels = np.rint(encoded * 255).astype(np.uint8)
    return Frame(Path(name), pixels, None, Exposure(), None, None, 1, b"")


def aligned(short: Frame, long: Frame) -> AlignedPair:
    """The pair as it is: equal brightness, already aligned."""
    planes = planes_from_frame(long)
    match = ExposureMatch(1.0, 1.0, 1.0, None)
    return AlignedPair(short, long, planes_from_frame(short), planes, match, IDENTITY)


def as_they_are(pieces: Mapping[str, Planes], names: Sequence[str]) -> list[Planes]:
    """Inputs of a graph that are in its range already."""
    return [pieces[name] for name in names]
