"""Print how large the DNG of each restored pair is, in per cent of its uncompressed samples.

    python benchmarks/dng_sizes.py PAIRS...

Each of PAIRS is a folder with ``long.dng`` and ``short.dng``.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import rawpy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path, nargs="+")
    for folder in parser.parse_args().pairs:
        print(f"{folder.name}: {_share(folder):.1%}", flush=True)


def _share(pair: Path) -> float:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.dng"
        command = [sys.executable, "-m", "pairfix", "restore"]
        command += [str(pair / "long.dng"), str(pair / "short.dng"), "-o", str(output)]
        subprocess.run([*command, "--device", "cpu", "--quiet"], check=True)  # noqa: S603  (our own command)
        with rawpy.imread(str(output)) as raw:
            return output.stat().st_size / raw.raw_image.nbytes


if __name__ == "__main__":
    main()
