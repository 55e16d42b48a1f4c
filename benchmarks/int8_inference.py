"""What running a model in int8 gains and costs, on ONNX Runtime's CPU provider.

    python benchmarks/int8_inference.py PAIRS [--model NAME|FOLDER ...]

PAIRS holds a folder for each pair with the truth (``long.*``, ``short.*``, ``gt.*``), raws or
pictures as the models take them. PSNR is that of the network's planes in sRGB terms, without the
stages after it. Seconds are the least of several runs over one tile, in fp32 and int8 in turn; the
network's share of a restoration is smaller. The rates are multiplications per second, as shares of
what a product of two large matrices in fp32 (NumPy's sgemm) reaches in the same run.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from multiplications import multiplications
from network_quality import network_psnr, pairs_with_truth

from pairfix.backends import OpenModel, Precision, choose_runtime
from pairfix.model import Model, find_model

_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")
_SIDE = 512
_RUNS = 7
_MATRIX = 4096


def main() -> None:
    arguments = _arguments()
    print("| model | pair | fp32, PSNR dB | int8, PSNR dB | lost dB |")
    print("|---|---|---:|---:|---:|")
    times = []
    for name in arguments.model:
        opened = [_opened(find_model(name), precision) for precision in _PRECISIONS]
        for pair_name, pair, truth in pairs_with_truth(arguments.pairs):
            fp32, int8 = (network_psnr(each, pair, truth) for each in opened)
            row = f"{fp32:.2f} | {int8:.2f} | {fp32 - int8:.3f}"
            print(f"| {name} | {pair_name} | {row} |", flush=True)
        times.append((name, *_speed(opened)))
    print("\n| model | fp32, s a tile | of sgemm | int8, s | of sgemm | times as fast |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, seconds, rates in times:
        cells = " | ".join(f"{s:.3f} | {r:.0%}" for s, r in zip(seconds, rates, strict=True))
        print(f"| {name} | {cells} | {seconds[0] / seconds[1]:.2f} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", nargs="+", default=["selfir-raw"])
    return parser.parse_args()


def _opened(model: Model, precision: Precision) -> OpenModel:
    return OpenModel(model, choose_runtime("onnx", "cpu", precision))


def _speed(opened: list[OpenModel]) -> tuple[list[float], list[float]]:
    """Seconds for a tile, and the rates of multiplication over that of a matrix product."""
    model = opened[0].model
    (graph,) = model.graphs
    rng = np.random.default_rng(0)
    size = model.config.channels, _SIDE, _SIDE
    tile = [rng.random(size, dtype=np.float32) for _ in graph.inputs]
    matrix = rng.random((_MATRIX, _MATRIX), dtype=np.float32)
    sessions = [each.session(graph) for each in opened]
    runs: list[Callable[[], object]] = [lambda: matrix @ matrix]
    runs += [partial(each.run, tile) for each in sessions]
    product, *seconds = _least(runs)
    module = model.network.modules(model.config)[graph.name]
    done = multiplications(module, len(graph.inputs), model.config.channels) * _SIDE**2
    return seconds, [done / each / (_MATRIX**3 / product) for each in seconds]


def _least(runs: Sequence[Callable[[], object]]) -> list[float]:
    """The least time of each, taken in turn."""
    least = [np.inf] * len(runs)
    for _ in range(_RUNS):
        for index, run in enumerate(runs):
            start = time.perf_counter()
            run()
            least[index] = min(least[index], time.perf_counter() - start)
    return least


if __name__ == "__main__":
    main()
