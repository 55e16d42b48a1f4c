"""Restore the sample pairs with the installed command; print quality, time and memory.

    python benchmarks/restore_pairs.py PAIRS [--model NAME|FOLDER ...] [--output FOLDER]

PAIRS holds one folder a pair with long.dng and short.dng, and gt.dng where there is a truth.
PSNR compares 16-bit sRGB pictures, result and truth developed alike by LibRaw. Time and memory
are those of the whole command, from its start to the finished PNG.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.formats.raw import develop_mosaic
from pairfix.image import DevelopSettings
from pairfix.light import mosaic_from_planes, planes_from_frame

Rgb = NDArray[np.uint16]


def main() -> None:
    arguments = _arguments()
    models = arguments.model or ["selfir-raw"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.output or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print("| pair | model | noisy dB | restored dB | seconds | peak GB | seconds per stage |")
        print("|---|---|---:|---:|---:|---:|---|")
        for pair in sorted(path.parent for path in arguments.pairs.glob("*/long.dng")):
            for model in models:
                print(_row(pair, model, folder), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", action="append")
    parser.add_argument("--output", type=Path, help="keep the pictures here")
    return parser.parse_args()


def _row(pair: Path, model: str, folder: Path) -> str:
    output = folder / f"{pair.name}-{Path(model).name}.png"
    report, seconds, gigabytes = _restore(pair, model, output)
    truth = pair / "gt.dng"
    noisy = restored = "-"
    if truth.exists():
        reference = _developed(truth)
        noisy = f"{_psnr(_developed(pair / 'short.dng'), reference):.2f}"
        restored = f"{_psnr(cv2.imread(str(output), -1)[:, :, ::-1], reference):.2f}"
    stages = ", ".join(f"{stage} {time:.2f}" for stage, time in report["seconds"].items())
    return (
        f"| {pair.name} | {Path(model).name} | {noisy} | {restored} "
        f"| {seconds:.1f} | {gigabytes:.2f} | {stages} |"
    )


def _restore(pair: Path, model: str, output: Path) -> tuple[dict[str, Any], float, float]:
    """Run the command; its report, wall-clock seconds and peak resident memory."""
    command = [sys.executable, "-m", "pairfix", "restore", pair / "long.dng", pair / "short.dng"]
    options = ["-o", output, "--model", model, "--overwrite", "--json", "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE)  # noqa: S603
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{pair.name}: the command failed")
    return json.loads(printed), seconds, usage.ru_maxrss / 2**20


def _developed(path: Path) -> Rgb:
    frame = decode(path)
    if frame.bayer is None:
        raise SystemExit(f"{path} has no Bayer mosaic")
    mosaic = mosaic_from_planes(planes_from_frame(frame), frame.bayer, frame.size)
    return develop_mosaic(frame, mosaic, DevelopSettings())


def _psnr(picture: Rgb, reference: Rgb) -> float:
    error = (picture.astype(np.float64) - reference) / 65535
    return float(-10 * np.log10(np.mean(error**2)))


if __name__ == "__main__":
    main()
