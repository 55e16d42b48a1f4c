"""What noise maps that are wrong by a factor cost.

    python benchmarks/noise_map_errors.py PAIRS [--model NAME|FOLDER ...]

PAIRS holds a folder for each pair with the truth (``long.*``, ``short.*``, ``gt.*``), raws or
pictures as the models take them. Both noise maps are scaled; the models run in the precision that
they run in by default. PSNR is that of the network's planes in sRGB terms, in dB.
"""

import argparse
from pathlib import Path

from network_quality import network_psnr, pairs_with_truth

from pairfix.backends import OpenModel, choose_runtime, settle_precision
from pairfix.model import find_model

_FACTORS = (0.5, 1 / 1.5, 1.0, 1.5, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", nargs="+", default=["selfir-raw"])
    arguments = parser.parse_args()
    print(f"| model | pair | {' | '.join(f'{factor:.2g}' for factor in _FACTORS)} |")
    print(f"|---|---|{'---:|' * len(_FACTORS)}", flush=True)
    for name in arguments.model:
        model = find_model(name)
        runtime = settle_precision(choose_runtime("onnx", "cpu"), model, "auto")
        opened = OpenModel(model, runtime)
        for pair_name, pair, truth in pairs_with_truth(arguments.pairs):
            quality = (network_psnr(opened, pair, truth, factor) for factor in _FACTORS)
            cells = " | ".join(f"{each:.2f}" for each in quality)
            print(f"| {name} | {pair_name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
