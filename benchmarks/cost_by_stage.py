"""Time and memory that each stage of a restoration takes, for a raw pair of any size.

    python benchmarks/cost_by_stage.py LONG.dng SHORT.dng [--copies N] [--model FOLDER]

The pair is tiled: so many copies side by side and as many below each other. Processor time is that
of all cores together; memory is that of the whole process, before the stage and at most during it.
The allocator is set as by the command.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from pairfix import Recipe, Stage, decode, restore
from pairfix.allocator import keep_freed_memory
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


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a process so far."""

    wall: float
    """Seconds."""
    processor: float
    """Seconds."""
    memory: int
    """Bytes."""


def _restore(long: Path, short: Path, model: str | None) -> None:
    keep_freed_memory()
    before: dict[str, _Cost] = {}
    after: dict[str, _Cost] = {}

    def watch(stage: Stage, done: int, total: int) -> None:
        if done == 0:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak
            before[stage.label] = _cost("VmRSS")
        if done == total:
            after[stage.label] = _cost("VmHWM")

    restore(long, short, long.with_name("out.tif"), Recipe(model=model), watch)
    height, width = decode(short).size
    print(f"{height * width / 1e6:.0f} megapixels, {os.cpu_count()} cores\n")
    print("| Stage | Time, s | Processor, s | Before, MB | At most, MB |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for label, end in after.items():
        start = before[label]
        seconds = f"{end.wall - start.wall:.2f} | {end.processor - start.processor:.2f}"
        print(f"| {label} | {seconds} | {start.memory / 1e6:.0f} | {end.memory / 1e6:.0f} |")


def _cost(memory: str) -> _Cost:
    return _Cost(time.perf_counter(), time.process_time(), _memory(memory))


def _memory(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
