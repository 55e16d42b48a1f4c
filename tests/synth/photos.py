"""Sharp photos made for tests."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.scenes import rgb_frame, scene


def photo(size: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Textured, ``H x W x 3``."""
    return rgb_frame(scene(size, seed, radius=2)).pixels.astype(np.uint8)


def photo_folder(folder: Path, count: int = 3, size: tuple[int, int] = (240, 280)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        cv2.imwrite(str(folder / f"{seed}.png"), photo(size, seed)[:, :, ::-1])
    return folder
