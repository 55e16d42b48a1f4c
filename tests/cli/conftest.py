from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.formats.tiff import Directory, Entry, Kind
from tests.formats.samples import make_dng
from tests.scenes import raw_frame, rgb_frame, scene

SIZE = (320, 384)


@pytest.fixture(scope="session")
def raw_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A long and a short DNG of one synthetic scene, GRBG, stored on its side."""
    folder = tmp_path_factory.mktemp("raw")
    long, short = _exposures()
    return (
        _dng(folder / "long.dng", raw_frame(long, pattern="GRBG", noise=0.002).pixels, 1 / 4, 400),
        _dng(
            folder / "short.dng", raw_frame(short, pattern="GRBG", noise=0.02).pixels, 1 / 60, 6400
        ),
    )


@pytest.fixture(scope="session")
def dark_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same raw pair, its short exposure two stops darker."""
    folder = tmp_path_factory.mktemp("dark")
    long, short = _exposures()
    pixels = raw_frame(short / 4, pattern="GRBG", noise=0.005).pixels
    return (
        _dng(folder / "long.dng", raw_frame(long, pattern="GRBG", noise=0.002).pixels, 1 / 4, 400),
        _dng(folder / "short.dng", pixels, 1 / 60, 1600),
    )


@pytest.fixture(scope="session")
def rgb_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A long and a short 8-bit PNG of one synthetic scene, the short one three stops darker."""
    folder = tmp_path_factory.mktemp("rgb")
    long, short = _exposures()
    paths = folder / "long.png", folder / "short.png"
    frames = rgb_frame(long, noise=0.002), rgb_frame(short / 8, noise=0.005, seed=1)
    for path, frame in zip(paths, frames, strict=True):
        cv2.imwrite(str(path), frame.pixels[:, :, ::-1])
    return paths


def _exposures() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    sharp = scene(SIZE, radius=2)
    blurred = np.stack([cv2.blur(plane, (9, 1)) for plane in sharp])
    return blurred, sharp


def _dng(path: Path, mosaic: NDArray[np.generic], shutter: float, iso: int) -> Path:
    recorded: Directory = {
        0x829A: Entry.of(Kind.RATIONAL, shutter),
        0x829D: Entry.of(Kind.RATIONAL, 1.8),
        0x8827: Entry.of(Kind.SHORT, iso),
    }
    return make_dng(
        path,
        mosaic.astype(np.uint16),
        pattern="GRBG",
        black=(256,) * 4,
        white=4095,
        orientation=6,
        neutral=(1 / 1.9, 1, 1 / 1.6),
        extra={0x8769: recorded},
    )
