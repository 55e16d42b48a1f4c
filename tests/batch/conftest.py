from pathlib import Path

import cv2
import pytest

from tests.networks.conftest import random_model
from tests.scenes import rgb_frame, scene

__all__ = ["random_model", "shoot"]

SIDE = 96


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    """A folder of two pairs: ``a_long.png`` and ``a_short.png``, ``night/b/long.png`` and so on."""
    folder = tmp_path / "shoot"
    make_pair(folder / "a_long.png", folder / "a_short.png", seed=1)
    make_pair(folder / "night" / "b" / "long.png", folder / "night" / "b" / "short.png", seed=2)
    return folder


def make_pair(long: Path, short: Path, *, seed: int) -> None:
    """Two small pictures of one scene."""
    light = scene((SIDE, SIDE), radius=5)
    for path, noise in ((long, 0.0), (short, 0.05)):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rgb_frame(light, noise=noise, seed=seed).pixels
        assert cv2.imwrite(str(path), pixels[:, :, ::-1])
