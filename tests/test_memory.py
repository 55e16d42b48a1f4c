"""How memory grows with a raw pair."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from pairfix.formats import decode, encode_capture
from pairfix.formats.libraw import read_colour
from pairfix.networks import NETWORKS
from tests.networks.conftest import Build, random_model

if TYPE_CHECKING:
    from pairfix.image import Pixels

__all__ = ["random_model"]

LARGE = 100e6
"""Pixels of a photo."""
PROMISED = 3e9
"""Bytes that it takes at most, with a small network."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as Linux does")
def test_a_raw_pair_of_a_hundred_megapixels_stays_within_three_gigabytes(
    shared: Path, tmp_path: Path, random_model: Build
) -> None:
    """What each pixel adds from 16 to 87 megapixels is what it adds up to a hundred."""
    model = random_model(NETWORKS["pairnet"], "raw").folder
    pixels, peaks = zip(*(_restored(shared, tmp_path, model, each) for each in (3, 7)), strict=True)
    each = (peaks[1] - peaks[0]) / (pixels[1] - pixels[0])
    assert peaks[1] + each * (LARGE - pixels[1]) < PROMISED


def _restored(shared: Path, folder: Path, model: Path, copies: int) -> tuple[int, float]:
    """Pixels of a pair that is laid side by side, and bytes that its restoration takes."""
    pair = [folder / f"{copies}_{role}.dng" for role in ("long", "short")]
    for path in pair:
        source = shared / "pairs" / "neon" / path.name.partition("_")[2]
        frame = decode(source)
        tiled = cast("Pixels", np.tile(frame.pixels, (copies, copies)))
        encode_capture(replace(frame, pixels=tiled), read_colour(source).matrix, path)
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'pairfix', *sys.argv[1:]], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    words = ["restore", *map(str, pair), "-o", str(folder / f"{copies}.tif"), "-m", str(model)]
    command = [sys.executable, "-c", code, *words, "--device", "cpu", "--quiet"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return tiled.size, float(done.stdout) * 1024
