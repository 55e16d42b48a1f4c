"""What --ensemble gains on pairs with a known truth, and what it costs.

    python benchmarks/ensemble.py PAIRS... [--ensemble N ...]

PAIRS are folders of folders with ``long.*``, ``short.*`` and the truth ``gt.*``. Prints the PSNR in
dB of the default model's developed result, in sRGB, and the processor's time of all cores together
from the photos to that result, over the time without mirror images.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix import Recipe, Restorer
from pairfix.formats import decode
from pairfix.image import DevelopSettings, Picture
from pairfix.light import planes_from_frame
from pairfix.metrics import psnr
from pairfix.stages.develop import develop


def main() -> None:
    arguments = _arguments()
    counts: list[int] = arguments.ensemble
    print(f"| pair | {' | '.join(map(str, counts))} | {' | '.join(f'{n}, time' for n in counts)} |")
    print(f"|---|{'---:|' * 2 * len(counts)}", flush=True)
    for folder, truth in _pairs(arguments.pairs):
        qualities, seconds = zip(*(_run(folder, truth, each) for each in counts), strict=True)
        cells = [f"{each:.2f}" for each in qualities]
        cells += [f"{each / seconds[0]:.2f}" for each in seconds]
        print(f"| {folder.parent.name}/{folder.name} | {' | '.join(cells)} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("--ensemble", type=int, nargs="+", default=[1, 2, 4, 8])
    return parser.parse_args()


def _pairs(folders: list[Path]) -> Iterator[tuple[Path, NDArray[np.float32]]]:
    for folder in folders:
        for truth in sorted(folder.glob("*/gt.*")):
            frame = decode(truth)
            developed = develop(planes_from_frame(frame), frame, DevelopSettings())
            yield truth.parent, _display(developed)


def _run(folder: Path, truth: NDArray[np.float32], ensemble: int) -> tuple[float, float]:
    long, short = (next(iter(sorted(folder.glob(f"{role}.*")))) for role in ("long", "short"))
    restorer = Restorer(Recipe(device="cpu", ensemble=ensemble), keep_open=False)
    start = time.process_time()
    picture = restorer.restore(long, short).picture()
    return psnr(_display(picture), truth), time.process_time() - start


def _display(picture: Picture) -> NDArray[np.float32]:
    return (picture.pixels / np.float32(np.iinfo(picture.pixels.dtype).max)).astype(np.float32)


if __name__ == "__main__":
    main()
