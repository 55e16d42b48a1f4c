"""What running a network in int8 would gain and cost, on ONNX Runtime's CPU provider.

    python benchmarks/int8_inference.py PAIRS --calibrate NAME [NAME ...] [--model NAME ...]

PAIRS holds raw pairs with the truth (``long.dng``, ``short.dng``, ``gt.dng``), and those that
`--calibrate` names, from whose tiles the ranges of the activations are measured; they are not
judged. Weights are int8 with a scale per output channel, activations uint8. PSNR is that of the
network's planes in sRGB terms, without the stages after it. Seconds are the least of several runs
over one tile, float and int8 in turn; the network's share of a restoration is smaller.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from pairfix.backends import OpenModel, choose_runtime
from pairfix.formats import decode
from pairfix.image import AlignedPair, Planes
from pairfix.light import encode_planes, planes_from_frame
from pairfix.metrics import psnr
from pairfix.model import Model, find_model
from pairfix.networks import Graph
from pairfix.stages.fuse import fuse
from pairfix.stages.inputs import network_inputs
from pairfix.stages.prepare import prepare_pair

_SIDE = 256
_TILES = 8
_RUNS = 7
_SEED = 3


class _Quantised(OpenModel):
    """A model whose only graph runs in int8."""

    def __init__(self, model: Model, path: Path) -> None:
        super().__init__(model, choose_runtime("onnx", "cpu"))
        self._int8 = _Session(path)

    def session(self, graph: Graph) -> "_Session":  # noqa: ARG002
        return self._int8


class _Session:
    def __init__(self, path: Path) -> None:
        self._session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(self, inputs: Sequence[Planes]) -> Planes:
        names = [each.name for each in self._session.get_inputs()]
        feeds = {name: planes[None] for name, planes in zip(names, inputs, strict=True)}
        return np.asarray(self._session.run(None, feeds)[0][0], np.float32)


class _Tiles(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, tiles: Sequence[dict[str, Planes]]) -> None:
        self._left = iter([{name: each[None] for name, each in tile.items()} for tile in tiles])

    def get_next(self) -> dict[str, Planes] | None:
        return next(self._left, None)


def main() -> None:
    arguments = _arguments()
    print("| model | pair | floats, PSNR dB | int8, PSNR dB | lost dB |")
    print("|---|---|---:|---:|---:|", flush=True)
    times = []
    for name in arguments.model:
        model = find_model(name)
        seen = [_pair(arguments.pairs / each) for each in arguments.calibrate]
        with tempfile.TemporaryDirectory() as folder:
            tiles = [tile for pair in seen for tile in _tiles(pair, model)]
            path = _quantised(model, tiles, arguments.percentile, Path(folder))
            floats, int8 = OpenModel(model, choose_runtime("onnx", "cpu")), _Quantised(model, path)
            for folder_of_pair in _judged(arguments.pairs, arguments.calibrate):
                pair = _pair(folder_of_pair)
                truth = planes_from_frame(decode(folder_of_pair / "gt.dng"))
                both = [_quality(pair, opened, truth) for opened in (floats, int8)]
                lost = both[0] - both[1]
                row = f"{both[0]:.2f} | {both[1]:.2f} | {lost:.2f}"
                print(f"| {name} | {folder_of_pair.name} | {row} |", flush=True)
            times.append((name, *_seconds(model, floats, int8, seen[0])))
    print("\n| model | floats, s a tile | int8, s | times as fast |\n|---|---:|---:|---:|")
    for name, slow, quick in times:
        print(f"| {name} | {slow:.3f} | {quick:.3f} | {slow / quick:.2f} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--calibrate", nargs="+", required=True, help="pairs that are not judged")
    parser.add_argument("--model", nargs="+", default=["selfir-raw", "pairnet-raw"])
    parser.add_argument(
        "--percentile", type=float, default=99.99, help="of the activations, the top of their range"
    )
    return parser.parse_args()


def _judged(pairs: Path, calibrate: Sequence[str]) -> Iterator[Path]:
    found = (path.parent for path in sorted(pairs.glob("*/gt.dng")))
    return (folder for folder in found if folder.name not in calibrate)


def _pair(folder: Path) -> AlignedPair:
    return prepare_pair(folder / "long.dng", folder / "short.dng")


def _tiles(pair: AlignedPair, model: Model) -> list[dict[str, Planes]]:
    """Random crops of what the network takes."""
    inputs = network_inputs(pair, model.inputs, model.domain).encoded()
    rng = np.random.default_rng(_SEED)
    _, height, width = pair.short_planes.shape
    tiles = []
    for _ in range(_TILES):
        top, left = rng.integers(height - _SIDE), rng.integers(width - _SIDE)
        tiles.append(
            {
                name: np.ascontiguousarray(each[:, top : top + _SIDE, left : left + _SIDE])
                for name, each in inputs.items()
            }
        )
    return tiles


def _quantised(
    model: Model, tiles: Sequence[dict[str, Planes]], percentile: float, folder: Path
) -> Path:
    """The model's graph in int8, weights included."""
    (graph,) = model.graphs
    proto = onnx.load(model.graph_path(graph), load_external_data=False)
    weights = model.tensors()
    for initializer in proto.graph.initializer:
        if initializer.name in weights:
            value = np.asarray(weights[initializer.name], np.float32)
            initializer.CopyFrom(onnx.numpy_helper.from_array(value, initializer.name))
    whole, prepared, path = (
        Path(folder) / f"{name}.onnx" for name in ("floats", "prepared", "int8")
    )
    onnx.save(proto, whole)
    quant_pre_process(whole, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        path,
        _Tiles(tiles),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": percentile},
    )
    return path


def _quality(pair: AlignedPair, opened: OpenModel, truth: Planes) -> float:
    fused, _ = fuse(pair, opened)
    return psnr(encode_planes(fused.planes, "srgb"), encode_planes(truth, "srgb"))


def _seconds(
    model: Model, floats: OpenModel, int8: OpenModel, pair: AlignedPair
) -> tuple[float, float]:
    (graph,) = model.graphs
    tile = _tiles(pair, model)[0]
    feeds = [tile[name] for name in graph.inputs]
    sessions = [opened.session(graph) for opened in (floats, int8)]
    least = [np.inf, np.inf]
    for _ in range(_RUNS):
        for index, session in enumerate(sessions):
            start = time.perf_counter()
            session.run(feeds)
            least[index] = min(least[index], time.perf_counter() - start)
    return least[0], least[1]


if __name__ == "__main__":
    main()
