"""Memory that each stage of a restoration takes at most, for a raw pair of any size.

    python benchmarks/memory_by_stage.py LONG.dng SHORT.dng --copies 3 [--model FOLDER]

The pair is tiled: so many copies side by side and as many below each other.
"""

import argparse
import multiprocessing
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from pairfix import Recipe, Stage, decode, restore
from pairfix.formats import encode_capture
from pairfix.formats.libraw import read_colour

if TYPE_CHECKING:
    from pairfix.image import Pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs=2, type=Path, metavar="PHOTO")
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--model", default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        pair = [Path(temporary) / name for name in ("long.dng", "short.dng")]
        for photo, path in zip(options.photos, pair, strict=True):
            _tile(photo, path, options.copies)
        context = multiprocessing.get_context("spawn")  # its memory is its own
        process = context.Process(target=_restore, args=(*pair, options.model))
        process.start()
        process.join()
    raise SystemExit(process.exitcode)


def _tile(photo: Path, path: Path, copies: int) -> None:
    frame = decode(photo)
    pixels = cast("Pixels", np.tile(frame.pixels, (copies, copies)))
    encode_capture(replace(frame, pixels=pixels), read_colour(photo).matrix, path)


def _restore(long: Path, short: Path, model: str | None) -> None:
    peaks: dict[str, int] = {}
    least: dict[str, int] = {}

    def watch(stage: Stage, done: int, total: int) -> None:
        if done == 0:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak
            least[stage.label] = _memory("VmRSS")
        if done == total:
            peaks[stage.label] = _memory("VmHWM")

    restore(long, short, long.with_name("out.tif"), Recipe(model=model), watch)
    height, width = decode(short).size
    print(f"{height * width / 1e6:.0f} megapixels, {os.cpu_count()} cores\n")
    print("| Stage | Before, MB | At most, MB |\n| --- | --- | --- |")
    for label, peak in peaks.items():
        print(f"| {label} | {least[label] / 1e6:.0f} | {peak / 1e6:.0f} |")


def _memory(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
