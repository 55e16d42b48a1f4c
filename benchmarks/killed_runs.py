"""A folder of many small pairs, some of them damaged, whose runs are killed at random times.

    python benchmarks/killed_runs.py PHOTOS [--pairs N] [--damaged M] [--kills K] [--seed S]

Renders N pairs from PHOTOS by `pairfix synth`, damages M in different ways, and restores the
folder: K runs end by SIGKILL, the last one by itself. Then every other pair must have its whole
result, made once (its time has not changed since it was first seen), nothing else may lie beside
the results, and the last run must report the damaged pairs. It also reports pairs that are whole
but show too little, or two scenes: a small crop of a photo may be black or even. Memory is the
resident set of the last run after its first hundred results and at its end.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from pairfix.errors import AlignmentError, PairError
from pairfix.formats import decode

_SIDE = 96
_WAITS = (1.5, 12.0)
"""Seconds after which a run is killed."""
_FIRST = 100
_REFUSED = {PairError.exit_code, AlignmentError.exit_code}


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _zeros(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    path.write_bytes(data)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("no picture", encoding="ascii")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


_DAMAGES: Sequence[Callable[[Path], None]] = (_half, _zeros, _empty, _text, Path.unlink, _folder)


def main() -> None:
    arguments = _arguments()
    rng = np.random.default_rng(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        shoot, out = Path(place) / "shoot", Path(place) / "out"
        _render(arguments.photos, shoot, arguments.pairs, arguments.seed)
        damaged = _damage(shoot, arguments.damaged, rng)
        command = [sys.executable, "-m", "pairfix", "restore", str(shoot), "-o", str(out)]
        command += ["--align", "none", "--json", "--quiet"]
        seen: dict[str, int] = {}
        kills = 0
        while kills < arguments.kills and len(seen) < arguments.pairs - arguments.damaged:
            _killed(command, rng.uniform(*_WAITS))
            kills += 1
            twice = [name for name, made in _results(out) if seen.setdefault(name, made) != made]
            if twice:
                raise SystemExit(f"made twice: {twice}")
        code, failed, memory = _to_the_end(command)
        results = dict(_results(out))
        for name in results:
            decode(out / name)
        stray = [path for path in out.rglob("*") if path.name.endswith(".part")]
    again = [name for name, made in seen.items() if results[name] != made]
    refused = [each for each, reason in failed.items() if reason in _REFUSED]
    wrong = (set(failed) - set(refused)) ^ (set(damaged) - set(refused))
    print("| | |\n|---|---:|")
    print(f"| runs killed | {kills} |")
    print(f"| whole results before the last run | {len(seen)} |")
    print(f"| whole results | {len(results)} |")
    print(f"| made twice | {len(again)} |")
    print(f"| damaged pairs reported | {len(set(failed) & set(damaged))} |")
    print(f"| refused for what they show | {len(set(refused) - set(damaged))} |")
    print(f"| reported wrongly | {len(wrong)} |")
    print(f"| unfinished files left behind | {len(stray)} |")
    print(f"| exit code | {code} |")
    print(f"| memory after {_FIRST} results, at the end, GB | {memory[0]:.2f}, {memory[1]:.2f} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--damaged", type=int, default=20)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _render(photos: Path, shoot: Path, count: int, seed: int) -> None:
    options = ["--domain", "srgb", "--count", str(count), "--size", f"{_SIDE}x{_SIDE}"]
    options += ["--seed", str(seed), "--quiet"]
    command = [sys.executable, "-m", "pairfix", "synth", str(photos), "-o", str(shoot), *options]
    subprocess.run(command, check=True)  # noqa: S603  (this Python)


def _damage(shoot: Path, count: int, rng: np.random.Generator) -> list[str]:
    """Names of the pairs."""
    folders = sorted(path.parent for path in shoot.glob("*/short.png"))
    chosen = [folders[index] for index in rng.choice(len(folders), count, replace=False)]
    for number, folder in enumerate(chosen):
        role = ("long", "short")[number // len(_DAMAGES) % 2]
        _DAMAGES[number % len(_DAMAGES)](folder / f"{role}.png")
    return [folder.name for folder in chosen]


def _killed(command: Sequence[str], seconds: float) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    time.sleep(seconds)
    process.kill()
    process.wait()


def _results(out: Path) -> Iterator[tuple[str, int]]:
    """Name and time of all that a user sees."""
    for path in sorted(out.iterdir()) if out.exists() else []:
        if path.name != ".pairfix" and not path.name.endswith(".part"):
            yield path.name, path.stat().st_mtime_ns


def _to_the_end(command: Sequence[str]) -> tuple[int, dict[str, int], tuple[float, float]]:
    """Exit code, those of the pairs that failed, and memory in GB at first and at the end."""
    first = last = 0.0
    failed: dict[str, int] = {}
    with subprocess.Popen(  # noqa: S603  (this Python)
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        for number, line in enumerate(process.stdout or ()):
            last = _resident(process.pid) or last
            first = last if number <= _FIRST else first
            outcome = json.loads(line)
            if "error" in outcome:
                failed[Path(outcome["photos"][0]).parent.name] = outcome["exit_code"]
    return process.returncode, failed, (first, last)


def _resident(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(each.split()[1]) * 1024e-9 for each in lines if each.startswith("VmRSS")), 0.0)


if __name__ == "__main__":
    main()
