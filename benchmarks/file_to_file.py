"""Wall time and memory of `pairfix restore` by several versions of the code, run in turns.

    git worktree add ../before COMMIT
    python benchmarks/file_to_file.py LONG.dng SHORT.dng ../before/src src [--runs 5]

The median over the runs counts; ratios are to the first version. Modules are compiled beforehand,
as those of an installed package are.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from pairfix.bench.command import Run, restore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs=2, type=Path, metavar="PHOTO")
    parser.add_argument("versions", nargs="+", type=Path, metavar="SRC")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    long, short = options.photos
    runs: dict[Path, list[Run]] = {version: [] for version in options.versions}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.png"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "compiled")
        for number in range(1 + options.runs):  # the first one compiles
            for version, its in runs.items():
                os.environ["PYTHONPATH"] = str(version.resolve())
                run = restore(long, short, result, [])
                if number:
                    its.append(run)
    first = _median(runs[options.versions[0]])
    print(f"{options.runs} runs each, {os.cpu_count()} cores\n")
    print("| Version | Time, s | Ratio | Memory at most, GB |\n| --- | ---: | ---: | ---: |")
    for version, its in runs.items():
        memory = max(run.peak_bytes or 0 for run in its) / 1e9
        print(f"| {version} | {_median(its):.2f} | {_median(its) / first:.3f} | {memory:.3f} |")


def _median(runs: list[Run]) -> float:
    return statistics.median(run.seconds for run in runs)


if __name__ == "__main__":
    main()
