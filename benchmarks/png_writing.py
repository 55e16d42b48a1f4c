"""Time and size of a PNG by pairfix's own writer and by OpenCV's, whose Deflate is zlib.

    python benchmarks/png_writing.py PICTURE.png [--runs 5]

One thread; the fastest run counts.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from pairfix.formats.edge import bands
from pairfix.formats.png_write import png_pieces

if TYPE_CHECKING:
    from pairfix.image import Pixels

_STRATEGIES = {
    "OpenCV, default": cv2.IMWRITE_PNG_STRATEGY_DEFAULT,
    "OpenCV, run lengths": cv2.IMWRITE_PNG_STRATEGY_RLE,
    "OpenCV, Huffman codes only": cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    read = cv2.imread(str(options.picture), cv2.IMREAD_UNCHANGED)
    if read is None:
        parser.error(f"{options.picture} cannot be read")
    pixels = cast("Pixels", cv2.cvtColor(read, cv2.COLOR_BGR2RGB))
    writers: dict[str, Callable[[], int]] = {"pairfix": partial(_ours, pixels)}
    writers |= {name: partial(_opencvs, pixels, each) for name, each in _STRATEGIES.items()}
    print("| Writer | Time, s | Ratio | Size, MB |\n| --- | ---: | ---: | ---: |")
    first = 0.0
    for name, write in writers.items():
        seconds, size = min(_timed(write) for _ in range(options.runs))
        first = first or seconds
        print(f"| {name} | {seconds:.2f} | {seconds / first:.2f} | {size / 1e6:.1f} |")


def _ours(pixels: "Pixels") -> int:
    rows = (pixels[each] for each in bands(len(pixels)))
    return sum(map(len, png_pieces(rows, pixels.shape[:2], 8 * pixels.itemsize, b"")))


def _opencvs(pixels: "Pixels", strategy: int) -> int:
    parameters = [
        *(cv2.IMWRITE_PNG_COMPRESSION, 1),
        *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG),
        *(cv2.IMWRITE_PNG_STRATEGY, strategy),
    ]
    _, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), parameters)
    return int(np.size(data))


def _timed(write: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    size = write()
    return time.perf_counter() - start, size


if __name__ == "__main__":
    main()
