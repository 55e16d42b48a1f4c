"""Print how large the DNG of each restored pair is, in per cent of its uncompressed samples.

The first figure is of the compressed mosaic, the second of the whole file.

    python benchmarks/dng_sizes.py PAIRS...

Each of PAIRS is a folder with ``long.dng`` and ``short.dng``.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import rawpy
import tifffile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path, nargs="+")
    for folder in parser.parse_args().pairs:
        mosaic, whole = _shares(folder)
        print(f"{folder.name}: {mosaic:.1%}, {whole:.1%}", flush=True)


def _shares(pair: Path) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.dng"
        command = [sys.executable, "-m", "pairfix", "restore"]
        command += [str(pair / "long.dng"), str(pair / "short.dng"), "-o", str(output)]
        subprocess.run([*command, "--device", "cpu", "--quiet"], check=True)  # noqa: S603  (our own command)
        with rawpy.imread(str(output)) as raw:
            uncompressed = raw.raw_image.nbytes
        with tifffile.TiffFile(output) as tiff:
            pages = tiff.pages.first.pages
            mosaic = sum(pages[0].databytecounts) if pages else 0
            return mosaic / uncompressed, tiff.filehandle.size / uncompressed


if __name__ == "__main__":
    main()
