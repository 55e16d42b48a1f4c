"""Print a hash of what the installed command makes of each pair: equal hashes, equal results.

    python benchmarks/result_hashes.py PAIRS

PAIRS holds a folder for each pair, with ``long.*`` and ``short.*``. Raw pairs are restored into a
DNG, whose mosaic is hashed, and into a PNG; pictures into a PNG. Compare two versions by ``diff``.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import rawpy
from numpy.typing import NDArray

_RAW = ".dng"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    arguments = parser.parse_args()
    for folder in sorted(path for path in arguments.pairs.iterdir() if path.is_dir()):
        (long,), (short,) = folder.glob("long.*"), folder.glob("short.*")
        for suffix in (_RAW, ".png") if long.suffix == _RAW else (".png",):
            print(f"{folder.name}{suffix} {_restored(long, short, suffix)}", flush=True)


def _restored(long: Path, short: Path, suffix: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / f"result{suffix}"
        command = [sys.executable, "-m", "pairfix", "restore", str(long), str(short)]
        subprocess.run(  # noqa: S603  (our own command)
            [*command, "-o", str(output), "--device", "cpu", "--quiet"],
            check=True,
        )
        pixels = _pixels(output)
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]


def _pixels(path: Path) -> NDArray[np.generic]:
    if path.suffix == _RAW:
        with rawpy.imread(str(path)) as raw:
            return np.array(raw.raw_image)
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


if __name__ == "__main__":
    main()
