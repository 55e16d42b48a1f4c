"""What storing a model's weights as int8 costs in quality.

    python benchmarks/int8_storage.py PAIRS --floats NAME|FOLDER --int8 NAME|FOLDER

PAIRS holds folders of pairs with the truth, as for `pairfix bench` (for srgb models,
benchmarks/developed_pairs.py makes them). The models hold the same weights, in both kinds of
storage: scripts/make_model.py makes the one without --int8 and the other with it.
"""

import argparse
from functools import partial
from pathlib import Path

from pairfix.bench import Plan, run
from pairfix.pairs import find_pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--floats", required=True)
    parser.add_argument("--int8", required=True)
    arguments = parser.parse_args()
    models = arguments.floats, arguments.int8
    plan = Plan(models=models, baselines=(), options=("--precision", "fp32"))
    results = run(find_pairs(arguments.pairs), plan, partial(print, flush=True))
    if results.failures:
        raise SystemExit("\n".join(map(str, results.failures)))
    figures: dict[str, list[float]] = {}
    for verdict in results.verdicts:
        if verdict.quality:
            figures.setdefault(verdict.pair, []).append(verdict.quality.psnr)
    print("| pair | floats, PSNR dB | int8, PSNR dB | lost dB |\n|---|---:|---:|---:|")
    for pair, (floats, int8) in figures.items():
        print(f"| {pair} | {floats:.3f} | {int8:.3f} | {floats - int8:.3f} |")


if __name__ == "__main__":
    main()
