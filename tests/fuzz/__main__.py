"""Mutate files until the time is over: `python -m tests.fuzz --minutes 20`."""

import argparse
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.cases import Outcome, contents, make_seeds, run_cases
from tests.fuzz.seeds import KINDS, Seed

_PART = 50
"""Cases of a kind before the next kind's turn."""


def main() -> None:
    options = _parser().parse_args()
    kinds = options.kinds.split(",")
    until = time.monotonic() + 60 * options.minutes
    found: dict[str, list[Outcome]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        seeds = make_seeds(kinds, place / "seeds")
        for turn in itertools.count():
            part, kind = turn // len(kinds), kinds[turn % len(kinds)]
            numbers = range(part * _PART, (part + 1) * _PART)
            for outcome in run_cases(kind, seeds[kind], numbers, options.seed, place / "case"):
                found[kind].append(outcome)
                if outcome.defect:
                    _keep(outcome, seeds[kind], options)
                if time.monotonic() > until:
                    break
            if time.monotonic() > until:
                break
    _print_table(found)
    sys.exit(any(each.defect for outcomes in found.values() for each in outcomes))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="other seeds give other cases")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--keep", type=Path, default=None, help="folder for what was a defect")
    return parser


def _keep(outcome: Outcome, seeds: list[Seed], options: argparse.Namespace) -> None:
    print(f"{outcome.kind} {outcome.name} (--seed {options.seed}): {outcome.defect}", flush=True)
    if options.keep is not None:
        options.keep.mkdir(exist_ok=True)
        files = contents(outcome.kind, seeds, int(outcome.name), options.seed)
        text = json.dumps({name: data.hex() for name, data in files.items()})
        (options.keep / f"{outcome.kind}-{outcome.name}.json").write_text(text, encoding="utf-8")


def _print_table(found: dict[str, list[Outcome]]) -> None:
    print("| Kind | Cases | Used | Refused | Defects | Slowest | Peak memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind, outcomes in found.items():
        if not outcomes:
            continue
        used = sum(each.useful for each in outcomes)
        defects = sum(bool(each.defect) for each in outcomes)
        print(
            f"| {kind} | {len(outcomes)} | {used} | {len(outcomes) - used - defects} | {defects} "
            f"| {max(each.seconds for each in outcomes):.2f} s "
            f"| {max(each.peak for each in outcomes) / 1e6:.0f} MB |"
        )


if __name__ == "__main__":
    main()
