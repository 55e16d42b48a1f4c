"""A folder of pairs in one run, against one command for each pair.

    python benchmarks/folder_speed.py PAIRS [--count N] [--jobs J] [--ray ADDRESS] [--model NAME]

PAIRS holds folders of ``long.*`` and ``short.*``; N pairs are taken from them in turn. Half of the
single commands run before the folder, half after it, so that a machine that grows slower or
quicker favours neither. With --jobs, the folder is restored once more by J processes; with --ray
as well, once more by J workers on the Ray cluster there, which share this machine's cores. A
cluster that runs already (``ray start --head``, then --ray auto) costs no time to start.
Peak memory is the largest resident set of one process; a cluster's workers are not measured.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from pairfix.backends.threads import available_cores

_KILOBYTE = 1024


def main() -> None:
    arguments = _arguments()
    options = ["--model", arguments.model] if arguments.model else []
    with tempfile.TemporaryDirectory() as place:
        shoot = Path(place) / "shoot"
        sources = _sources(arguments.pairs, arguments.count)
        folders = [_copied(shoot / f"{number:03}", each) for number, each in enumerate(sources)]
        middle = len(folders) // 2
        peaks: list[int] = []
        alone = _one_by_one(folders[:middle], options, peaks)
        output = Path(place) / "out"
        together, peak = _timed([str(shoot), "-o", str(output), *options])
        if len([*output.glob("*.png")]) != len(folders):
            raise SystemExit("the folder gave another number of results")
        rows = [("one folder", together, f"{peak / 1e9:.2f}")]
        ratios: list[tuple[str, float, str]] = []
        if arguments.jobs > 1:
            jobs = ["--jobs", str(arguments.jobs)]
            seconds, memory = _timed([str(shoot), "-o", f"{output}-jobs", *jobs, *options])
            rows.append((" ".join(["one folder,", *jobs]), seconds, f"{memory / 1e9:.2f}"))
            ratios.append(("--jobs to one folder", together / seconds, ""))
        if arguments.jobs > 1 and arguments.ray:
            share = max(1, available_cores() // arguments.jobs)
            workers = [*jobs, "--ray", arguments.ray, "--worker-cpus", str(share)]
            on_ray, _ = _timed([str(shoot), "-o", f"{output}-ray", *workers, *options])
            rows.append((" ".join(["one folder,", *workers]), on_ray, ""))
            ratios.append(("--ray to --jobs", seconds / on_ray, ""))
        alone += _one_by_one(folders[middle:], options, peaks)
    print("| | photos a minute | peak memory, GB |\n|---|---:|---:|")
    for name, duration, used in (("one command each", alone, f"{max(peaks) / 1e9:.2f}"), *rows):
        print(f"| {name} | {60 * len(folders) / duration:.1f} | {used} |")
    ratios.insert(
        0, ("one folder to one command each", alone / together, f"{peak / max(peaks):.2f}")
    )
    for name, ratio, used in ratios:
        print(f"| ratio of {name} | {ratio:.2f} | {used} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--count", type=int, default=24, help="pairs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--ray", metavar="ADDRESS", help="auto, local or HOST:PORT; needs --jobs")
    parser.add_argument("--model")
    return parser.parse_args()


def _sources(pairs: Path, count: int) -> list[Path]:
    found = sorted({path.parent for path in pairs.glob("*/long.*")})
    if not found:
        raise SystemExit(f"{pairs} holds no folder with long.* and short.*")
    return [*islice(cycle(found), count)]


def _copied(folder: Path, source: Path) -> Path:
    folder.mkdir(parents=True)
    for path in source.iterdir():
        if path.stem in ("long", "short"):
            shutil.copy(path, folder)  # another name of a file is no other pair
    return folder


def _one_by_one(folders: Sequence[Path], options: Sequence[str], peaks: list[int]) -> float:
    total = 0.0
    for folder in folders:
        photos = [str(next(folder.glob(f"{role}.*"))) for role in ("long", "short")]
        seconds, peak = _timed([*photos, "-o", str(folder / "out.png"), *options])
        (folder / "out.png").unlink()
        peaks.append(peak)
        total += seconds
    return total


def _timed(arguments: Sequence[str]) -> tuple[float, int]:
    """Seconds of one command, and bytes of memory."""
    watched = (
        "import resource, runpy, sys; sys.argv[0] = 'pairfix'\n"
        "try:\n    runpy.run_module('pairfix', run_name='__main__')\n"
        "finally:\n    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN\n"
        "    print(max(resource.getrusage(each).ru_maxrss for each in who))"
    )
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603  (this Python)
        [sys.executable, "-c", watched, "restore", *arguments, "--quiet"],
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - start, int(done.stdout) * _KILOBYTE


if __name__ == "__main__":
    main()
