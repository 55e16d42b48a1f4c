"""A folder of pairs in one run, against one command for each pair.

    python benchmarks/folder_speed.py PAIRS [--count N] [--jobs J] [--ray ADDRESS] [--rounds R]
        [--only-several] [--model NAME]

PAIRS holds folders of ``long.*`` and ``short.*``; N pairs are taken from them in turn. Half of the
single commands run before the folder, half after it, so that a machine that grows slower or
quicker favours neither. With --jobs, the folder is also restored by J processes; with --ray as
well, by J workers on the Ray cluster there, which share this machine's cores; R times each, in
turn. A cluster that runs already (``ray start --head``, then --ray auto) costs no time to start;
its workers' start is in the time.
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
from statistics import mean

from pairfix.threads import available_cores

_KILOBYTE = 1024


def main() -> None:
    arguments = _arguments()
    options = ["--model", arguments.model] if arguments.model else []
    with tempfile.TemporaryDirectory() as place:
        shoot = Path(place) / "shoot"
        sources = _sources(arguments.pairs, arguments.count)
        folders = [_copied(shoot / f"{number:03}", each) for number, each in enumerate(sources)]
        print("| | photos a minute | peak memory, GB |\n|---|---:|---:|")
        together = None if arguments.only_several else _compare_alone(shoot, folders, options)
        if arguments.jobs > 1:
            seconds = _compare_several(shoot, len(folders), arguments, options)
            if together is not None:
                print(f"| ratio of --jobs to one folder | {together / seconds:.2f} |  |")


def _compare_alone(shoot: Path, folders: Sequence[Path], options: Sequence[str]) -> float:
    """One command for each pair, and one process for the folder: the seconds of that."""
    middle = len(folders) // 2
    peaks: list[int] = []
    alone = _one_by_one(folders[:middle], options, peaks)
    together, peak = _folder(shoot, len(folders), options)
    alone += _one_by_one(folders[middle:], options, peaks)
    _print_row("one command each", len(folders) / alone, max(peaks))
    _print_row("one folder", len(folders) / together, peak)
    memory = f"{peak / max(peaks):.2f}"
    print(f"| ratio of one folder to one command each | {alone / together:.2f} | {memory} |")
    return together


def _compare_several(
    shoot: Path, count: int, arguments: argparse.Namespace, options: Sequence[str]
) -> float:
    """Several processes, and as many workers on a cluster, in turn: the seconds of the former."""
    jobs = ["--jobs", str(arguments.jobs)]
    share = max(1, available_cores() // arguments.jobs)
    workers = [*jobs, "--ray", arguments.ray, "--worker-cpus", str(share)]
    seconds: list[float] = []
    on_ray: list[float] = []
    peaks: list[int] = []
    for _ in range(arguments.rounds):
        duration, peak = _folder(shoot, count, [*jobs, *options])
        seconds.append(duration)
        peaks.append(peak)
        if arguments.ray:
            on_ray.append(_folder(shoot, count, [*workers, *options])[0])
    _print_row(" ".join(["one folder,", *jobs]), count / mean(seconds), max(peaks))
    if on_ray:
        _print_row(" ".join(["one folder,", *workers]), count / mean(on_ray), None)
        print(f"| ratio of --ray to --jobs | {mean(seconds) / mean(on_ray):.2f} |  |")
    return mean(seconds)


def _print_row(name: str, pace: float, peak: int | None) -> None:
    memory = "" if peak is None else f"{peak / 1e9:.2f}"
    print(f"| {name} | {60 * pace:.1f} | {memory} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--count", type=int, default=24, help="pairs")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--ray", metavar="ADDRESS", help="auto, local or HOST:PORT; needs --jobs")
    parser.add_argument("--rounds", type=int, default=1, help="of --jobs and --ray, in turn")
    parser.add_argument("--only-several", action="store_true", help="--jobs and --ray alone")
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


def _folder(shoot: Path, count: int, options: Sequence[str]) -> tuple[float, int]:
    """Seconds of one command for all pairs, and bytes of memory."""
    with tempfile.TemporaryDirectory() as output:
        duration, peak = _timed([str(shoot), "-o", output, *options])
        if len([*Path(output).glob("*.png")]) != count:
            raise SystemExit("the folder gave another number of results")
    return duration, peak


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
