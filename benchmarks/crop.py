"""What a crop differs by from the same part of the whole result, and what time it saves.

    python benchmarks/crop.py PAIR --crop X,Y,W,H [X,Y,W,H ...] [--long gt.dng] [--precision P]

PAIR is a folder with long.dng and short.dng (or .png). With gt.dng as long photo it is as sharp as
on a tripod. Differences are in display levels of 255. Times are the processor's, of all cores
together, from reading the photos to the developed picture, over that of the whole photo.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from pairfix import Recipe, Restorer
from pairfix.backends import PrecisionChoice
from pairfix.image import Box, Picture


def main() -> None:
    arguments = _arguments()
    short = next(iter(sorted(arguments.pair.glob("short.*"))))
    long = arguments.pair / (arguments.long or f"long{short.suffix}")
    recipe = Recipe(device="cpu", precision=arguments.precision)
    _timed(recipe, long, short)  # what is read and compiled once counts for none
    whole, whole_seconds = _timed(recipe, long, short)
    print(f"{arguments.pair.name}, whole: {whole_seconds:.1f} s\n")
    print("| crop | time | network alone | mean difference | 99.9 % | greatest |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for text in arguments.crop:
        crop = Box(*(int(part) for part in text.split(",")))
        part, seconds = _timed(replace(recipe, crop=crop), long, short)
        alone = replace(recipe, crop=crop, sharp_long=False, points=False)
        _, least = _timed(alone, long, short)
        times = f"{seconds / whole_seconds:.0%} | {least / whole_seconds:.0%}"
        expected = whole.pixels[crop.rows, crop.columns].astype(np.float64)
        levels = np.abs(part.pixels - expected) / 257
        figures = f"{levels.mean():.3f} | {np.quantile(levels, 0.999):.1f} | {levels.max():.1f}"
        print(f"| {text} | {times} | {figures} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pair", type=Path)
    parser.add_argument("--crop", nargs="+", required=True, metavar="X,Y,W,H")
    parser.add_argument("--long", help="name of the long photo")
    parser.add_argument("--precision", choices=get_args(PrecisionChoice), default="auto")
    return parser.parse_args()


def _timed(recipe: Recipe, long: Path, short: Path) -> tuple[Picture, float]:
    start = time.process_time()
    picture = Restorer(recipe, keep_open=False).restore(long, short).picture()
    return picture, time.process_time() - start


if __name__ == "__main__":
    main()
