"""A camera whose noise is known, and the pairs that it takes."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.formats import encode_capture, encode_picture
from pairfix.image import Bayer, Exposure, Frame, NoiseProfile, Picture
from pairfix.light import linear_to_srgb
from pairfix.pairs import FoundPair, find_pairs
from tests.scenes import WHITE_BALANCE, scene

Light = NDArray[np.float32]

SIZE = (448, 640)
SHOT = 4e-3
READ = 1e-4
RATIO = 8.0
"""Exposure of the long frame over the short one's, and its noise's variance under the other's."""
STATED: NoiseProfile = ((SHOT, READ / 2), (SHOT, READ / 4), (SHOT / 2, READ))

_BLACK = 1024.0
_WHITE = 16383.0
_BLUR = 13
_MATRIX = np.array([[0.94, -0.41, -0.06], [-0.44, 1.24, 0.22], [-0.07, 0.16, 0.61]])


@dataclass(frozen=True)
class KnownCamera:
    """What its short frames are like, in parts of saturation; the long ones are the cleaner."""

    shot: tuple[float, float, float] = (SHOT, SHOT, SHOT)
    read: tuple[float, float, float] = (READ, READ, READ)
    rows: float = 0.0
    """Standard deviation of an offset common to a row."""
    columns: float = 0.0
    neighbour: float = 0.0
    """Weight of the pixels left and right, whose noise a pixel shares."""
    black: float = 0.0
    """Offset of the short frame."""
    iso: float = 1600.0
    blur: int = _BLUR
    """Pixels along which the long frame is blurred."""
    name: str = "Known"
    stated: NoiseProfile | None = None

    def take(
        self,
        folder: Path,
        *,
        seed: int = 0,
        light: Light | None = None,
        dark: float = 1.0,
        moving: bool = False,
    ) -> Path:
        """One pair of DNGs.

        Args:
            folder: Where to; it is made.
            seed: Of scene and noise.
            light: Seen by the short frame instead of the seed's scene, ``3 x H x W``.
            dark: How many times darker the short frame is.
            moving: Whether something in the scene was elsewhere when the long frame was taken.
        """
        light = quiet_scene(seed) if light is None else light
        gains = np.array(WHITE_BALANCE, np.float32)[:, None, None]
        rng = np.random.default_rng(seed)
        clean = _mosaic(light / gains / np.float32(dark))
        seen = light.copy()
        if moving:
            seen[:, 240:320, 400:500] = light[:, 300:380, 520:620]
        blurry = _mosaic(blurred(seen, self.blur) / gains)
        shot, read = (_mosaic(_spread(values)) for values in (self.shot, self.read))
        short = clean + self.black + self._noise(rng, shot * clean + read)
        grain = rng.normal(size=blurry.shape) * np.sqrt((shot * blurry + read) / RATIO)
        folder.mkdir(parents=True, exist_ok=True)
        encode_capture(self._frame(blurry + grain, 1 / 4, 200.0), _MATRIX, folder / "long.dng")
        encode_capture(self._frame(short, 1 / 32, self.iso), _MATRIX, folder / "short.dng")
        return folder

    def takes(self, folder: Path, count: int = 2) -> tuple[FoundPair, ...]:
        """Pairs of several scenes."""
        for seed in range(count):
            self.take(folder / f"{seed}", seed=seed)
        return found(folder)

    def _noise(self, rng: np.random.Generator, variance: Light) -> NDArray[np.float64]:
        height, width = variance.shape
        kernel = np.array([self.neighbour, 1, self.neighbour])
        kernel /= np.linalg.norm(kernel)
        white = cv2.sepFilter2D(
            rng.normal(size=variance.shape), -1, kernel, np.ones(1), borderType=cv2.BORDER_REFLECT
        )
        rows = self.rows * rng.normal(size=(height, 1))
        return white * np.sqrt(variance) + rows + self.columns * rng.normal(size=(1, width))

    def _frame(self, mosaic: NDArray[np.floating], shutter: float, iso: float) -> Frame:
        levels = np.clip(np.rint(_BLACK + mosaic * (_WHITE - _BLACK)), 0, _WHITE)
        return Frame(
            path=Path(),
            pixels=levels.astype(np.uint16),
            bayer=Bayer("RGGB", (_BLACK,) * 4, _WHITE, WHITE_BALANCE),
            exposure=Exposure(shutter, iso, 2.0),
            camera=self.name,
            taken=None,
            orientation=1,
            exif=b"",
            noise_profile=self.stated,
        )


def take_pictures(
    folder: Path, *, deviation: float, seed: int = 0, light: Light | None = None
) -> Path:
    """A pair of 16-bit PNGs whose short one has white noise in linear light."""
    light = quiet_scene(seed) if light is None else light
    rng = np.random.default_rng(seed)
    noisy = light + rng.normal(0, deviation, light.shape)
    folder.mkdir(parents=True, exist_ok=True)
    for name, planes in (("long", blurred(light)), ("short", noisy)):
        encoded = linear_to_srgb(np.clip(planes, 0, 1).astype(np.float32)).transpose(1, 2, 0)
        pixels = np.rint(encoded * 65535).astype(np.uint16)
        encode_picture(Picture(np.ascontiguousarray(pixels), b""), folder / f"{name}.png")
    return folder


def found(folder: Path) -> tuple[FoundPair, ...]:
    """The pairs in a folder."""
    return find_pairs(folder).require().pairs


def quiet_scene(seed: int = 0) -> Light:
    """Broad patches, dark to bright as at night, and a band of texture by which to align."""
    light = _night(scene(SIZE, seed, radius=40))
    band = SIZE[0] // 4
    light[:, :band] = scene((band, SIZE[1]), seed + 100, radius=3)
    return light


def busy_scene(seed: int = 0) -> Light:
    """The same, its left half textured throughout, and a part that moved in between."""
    light = quiet_scene(seed)
    half = SIZE[1] // 2
    light[:, :, :half] = _night(scene((SIZE[0], half), seed + 200, radius=2))
    return light


def blank_scene(seed: int = 0) -> Light:
    """So bright that all but a stripe saturates."""
    light = np.full((3, *SIZE), 2.5, np.float32)
    stripe = scene((96, SIZE[1]), seed, radius=3)
    light[:, 160:256] = stripe
    return light


def _night(light: Light) -> Light:
    return np.asarray(0.6 * (light / 0.6) ** 3, np.float32)


def blurred(light: Light, length: int = _BLUR) -> Light:
    """As a camera that pans sees it."""
    return np.stack([cv2.blur(plane, (length, 1)) for plane in light])


def _mosaic(light: Light) -> Light:
    """``H x W`` under RGGB."""
    mosaic = np.empty(light.shape[1:], np.float32)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = light[channel, row::2, column::2]
    return mosaic


def _spread(values: tuple[float, float, float]) -> Light:
    return np.broadcast_to(np.array(values, np.float32)[:, None, None], (3, *SIZE))
