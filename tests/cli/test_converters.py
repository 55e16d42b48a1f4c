"""Results as another program shows them: RawTherapee, without any edits."""

import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pairfix.cli import run
from pairfix.formats import decode
from pairfix.light import srgb_to_linear

RAWTHERAPEE = shutil.which("rawtherapee-cli")
Pair = tuple[Path, Path]
Light = NDArray[np.float32]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(RAWTHERAPEE is None, reason="RawTherapee is not installed"),
]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mosaic.dng", ()),
        ("linear.dng", ("--dng", "linear")),
        ("picture.tif", ()),
        ("picture.png", ()),
    ],
)
def test_rawtherapee_shows_what_pairfix_does(
    raw_pair: Pair, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    ours = light_of(restored(raw_pair, tmp_path / "ours.png"))
    theirs = light_of(developed(restored(raw_pair, tmp_path / name, *options)))
    ours = centre(ours, theirs.shape)
    assert_same_tones(coarse(ours), coarse(theirs))
    (right, down), _ = cv2.phaseCorrelate(ours.mean(axis=2), theirs.mean(axis=2))
    assert np.hypot(right, down) < 0.05


def assert_same_tones(ours: Light, theirs: Light) -> None:
    """Compare what is left of two pictures without the details, which two demosaicings differ in.

    White balance wrong by 5 % makes slopes differ by more than 4.5 %, a black level wrong by 1 %
    makes offsets of more than 0.02, and with a wrong phase of the mosaic no channel correlates.
    """
    channels = [(ours[..., each].ravel(), theirs[..., each].ravel()) for each in range(3)]
    slopes, offsets = np.transpose([np.polyfit(one, other, 1) for one, other in channels])
    assert slopes == pytest.approx([1, 1, 1], abs=0.045)
    assert slopes.max() / slopes.min() < 1.03
    assert offsets == pytest.approx([0, 0, 0], abs=0.015)
    assert min(np.corrcoef(one, other)[0, 1] for one, other in channels) > 0.995


def restored(pair: Pair, output: Path, *options: str) -> Path:
    assert run(["restore", *map(str, pair), "-o", str(output), "--quiet", *options]) == 0
    return output


def developed(path: Path) -> Path:
    """Let RawTherapee develop a file with its neutral profile, settings of its own apart."""
    output = path.with_suffix(".developed.tif")
    command = [str(RAWTHERAPEE), "-q", "-o", str(output), "-t", "-b16", "-a", "-c", str(path)]
    own = {name: str(path.parent / name) for name in ("RT_SETTINGS", "RT_CACHE")}
    subprocess.run(command, check=True, capture_output=True, env=os.environ | own)
    return output


def light_of(path: Path) -> Light:
    """``H x W x 3``, linear."""
    encoded = decode(path).pixels.astype(np.float32) / np.float32(65535)
    return srgb_to_linear(encoded)


def coarse(light: Light) -> Light:
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 2), np.float32)


def centre(light: Light, shape: tuple[int, ...]) -> Light:
    """Its middle: RawTherapee leaves out some pixels at the border of a mosaic."""
    top, left = ((have - want) // 2 for have, want in zip(light.shape[:2], shape[:2], strict=True))
    return light[top : top + shape[0], left : left + shape[1]]
