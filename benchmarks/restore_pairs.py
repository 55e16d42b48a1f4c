"""Restore the sample pairs with the installed command; print quality, time and memory.

    python benchmarks/restore_pairs.py PAIRS [--model NAME|FOLDER ...] [--output FOLDER]

PAIRS holds one folder a pair with long.dng and short.dng, and gt.dng where there is a truth.
PSNR compares 16-bit pictures, result and truth developed alike by LibRaw, under two tone curves:
LibRaw's default (BT.709) and sRGB, which the files have and which weighs the shadows more. Time
and memory are those of the whole command, from its start to the finished PNG.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.formats.raw import develop_mosaic
from pairfix.image import DevelopSettings
from pairfix.light import mosaic_from_planes, planes_from_frame, srgb_to_linear

Rgb = NDArray[np.uint16]
Floats = NDArray[np.float32]

_HEADER = """\
| pair | model | short, BT.709 dB | result, BT.709 dB | short, sRGB dB | result, sRGB dB \
| seconds | peak GB | seconds per stage |
|---|---|---:|---:|---:|---:|---:|---:|---|"""


def main() -> None:
    arguments = _arguments()
    models = arguments.model or ["selfir-raw"]
    options = ["--keep-row-noise"] if arguments.keep_row_noise else []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.output or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(_HEADER)
        for pair in sorted(path.parent for path in arguments.pairs.glob("*/long.dng")):
            for model in models:
                print(_row(pair, model, folder, options), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", action="append")
    parser.add_argument("--output", type=Path, help="keep the pictures here")
    parser.add_argument("--keep-row-noise", action="store_true", help="of pairfix restore")
    return parser.parse_args()


def _row(pair: Path, model: str, folder: Path, options: list[str]) -> str:
    output = folder / f"{pair.name}-{Path(model).name}.png"
    report, seconds, gigabytes = _restore(pair, ["--model", model, "-o", str(output), *options])
    truth = pair / "gt.dng"
    quality = ["-"] * 4
    if truth.exists():
        reference, noisy, restored = (
            _developed(truth),
            _developed(pair / "short.dng"),
            _read(output),
        )
        quality = [
            f"{_psnr(curve(picture), curve(reference)):.2f}"
            for curve in (_bt709, _srgb)
            for picture in (noisy, restored)
        ]
    stages = ", ".join(f"{stage} {time:.2f}" for stage, time in report["seconds"].items())
    cells = [pair.name, Path(model).name, *quality, f"{seconds:.1f}", f"{gigabytes:.2f}", stages]
    return f"| {' | '.join(cells)} |"


def _restore(pair: Path, options: list[str]) -> tuple[dict[str, Any], float, float]:
    """Run the command; its report, wall-clock seconds and peak resident memory."""
    inputs = [str(pair / "long.dng"), str(pair / "short.dng")]
    flags = ["--overwrite", "--json", "--quiet"]
    command = [sys.executable, "-m", "pairfix", "restore", *inputs, *flags, *options]
    with tempfile.TemporaryFile() as printed:
        start = time.perf_counter()
        redirected = [(os.POSIX_SPAWN_DUP2, printed.fileno(), sys.stdout.fileno())]
        process = os.posix_spawn(sys.executable, command, os.environ, file_actions=redirected)
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - start
        if status:
            raise SystemExit(f"{pair.name}: the command failed")
        printed.seek(0)
        return json.load(printed), seconds, usage.ru_maxrss / 2**20


def _developed(path: Path) -> Rgb:
    frame = decode(path)
    if frame.bayer is None:
        raise SystemExit(f"{path} has no Bayer mosaic")
    mosaic = mosaic_from_planes(planes_from_frame(frame), frame.bayer, frame.size)
    return develop_mosaic(frame, mosaic, DevelopSettings())


def _read(path: Path) -> Rgb:
    pixels = decode(path).pixels
    if pixels.dtype != np.uint16:
        raise SystemExit(f"{path} has not 16 bits")
    return pixels.astype(np.uint16, copy=False)


def _srgb(picture: Rgb) -> Floats:
    return picture.astype(np.float32) / np.float32(65535)


def _bt709(picture: Rgb) -> Floats:
    """The picture under the transfer function of ITU-R BT.709."""
    linear = srgb_to_linear(_srgb(picture))
    curve = np.where(linear < 0.018, 4.5 * linear, 1.099 * linear**0.45 - 0.099)  # noqa: PLR2004
    return curve.astype(np.float32)


def _psnr(picture: Floats, reference: Floats) -> float:
    return float(-10 * np.log10(np.mean((picture - reference) ** 2, dtype=np.float64)))


if __name__ == "__main__":
    main()
