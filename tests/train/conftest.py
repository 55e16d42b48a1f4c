from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.scenes import scene


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four photos, one of which is for validation."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    folder.mkdir()
    for seed in range(4):
        light = scene((160, 176), seed)
        pixels = np.rint(light.transpose(1, 2, 0) * 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{seed}.png"), pixels)
    return folder
