"""Print what DNG results say of the noise that is left, and what is left in truth.

    python benchmarks/dng_noise.py PAIRS...

Each of PAIRS is a folder with ``long.dng``, ``short.dng`` and ``gt.dng``, which is without noise.
Standard deviations of green at several levels, in thousandths of white: stated by the short photo,
stated by the result, and the result's deviation from the truth in the quarter of the blocks in
which the truth is flattest: all of it but its mean in 16 x 16 samples, and its finest detail.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.image import Frame
from pairfix.light import planes_from_frame

_BLOCK = 8
_LEVELS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_FEWEST = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path, nargs="+")
    for folder in parser.parse_args().pairs:
        print(f"{folder.name:8} level   short  stated    true  finest", flush=True)
        with tempfile.TemporaryDirectory() as place:
            output = Path(place) / "result.dng"
            command = [sys.executable, "-m", "pairfix", "restore"]
            command += [str(folder / "long.dng"), str(folder / "short.dng"), "-o", str(output)]
            subprocess.run([*command, "--device", "cpu", "--quiet"], check=True)  # noqa: S603  (our own command)
            _compare(decode(output), decode(folder / "gt.dng"), decode(folder / "short.dng"))


def _compare(result: Frame, truth: Frame, short: Frame) -> None:
    restored, true = (planes_from_frame(each)[1] for each in (result, truth))
    level = _blocks(true).mean(axis=(1, 3))
    texture = _blocks(true).var(axis=(1, 3))
    left = _blocks(restored - true).var(axis=(1, 3))
    finest = (_blocks(_diagonal(restored - true)) ** 2).mean(axis=(1, 3))
    for low, high in zip(_LEVELS, (*_LEVELS[1:], 1.0), strict=True):
        alike = (level >= low) & (level < high)
        if alike.sum() < _FEWEST:
            continue
        flat = alike & (texture <= np.quantile(texture[alike], 0.25))
        mean = float(level[flat].mean())
        known = [_stated(frame, mean) for frame in (short, result)]
        figures = (*known, *(float(np.sqrt(each[flat].mean())) for each in (left, finest)))
        print(f"{mean:14.3f} " + " ".join(f"{1000 * each:7.2f}" for each in figures))


def _stated(frame: Frame, level: float) -> float:
    shot, read = (frame.noise_profile or ((0.0, 0.0),) * 3)[1]
    return (shot * level + read) ** 0.5


def _diagonal(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is finest, with the variance of white noise."""
    padded = np.pad(plane, ((0, 1), (0, 1)), "edge")
    rows = padded[1:] - padded[:-1]
    return ((rows[:, 1:] - rows[:, :-1]) / 2).astype(np.float32)


def _blocks(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = (side // _BLOCK for side in plane.shape)
    cut = plane[: height * _BLOCK, : width * _BLOCK]
    return cut.reshape(height, _BLOCK, width, _BLOCK)


if __name__ == "__main__":
    main()
