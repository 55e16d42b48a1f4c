"""Measure how much context a model's tiled graph needs: tiled against untiled, by overlap.

    python benchmarks/tile_overlap.py PAIR --model NAME|FOLDER --overlap 56 88 [--tile 768]
                                      [--precision fp32|int8]

PAIR is a folder with a long and a short photo, such as long.dng and short.dng. Differences are in
the network's own range, over a square of `--side` pixels of its planes in the middle of the photo.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np

from pairfix.backends import PrecisionChoice, Runtime, choose_runtime, open_session
from pairfix.image import ROLES, Planes
from pairfix.model import Model, find_model
from pairfix.progress import no_progress
from pairfix.stages.fuse import run_tiled, run_whole
from pairfix.stages.inputs import network_inputs
from pairfix.stages.prepare import prepare_pair


def main() -> None:
    arguments = _arguments()
    model = find_model(arguments.model)
    graph = model.graphs[-1]
    runtime = choose_runtime("onnx", "cpu", arguments.precision)
    inputs = _inputs(arguments.pair, model, runtime)
    sources = _middle({name: inputs[name] for name in graph.inputs}, arguments.side)
    session = open_session(model, graph, runtime)
    tile = arguments.tile or graph.tile
    whole = run_tiled(session, graph, sources, _as_it_is, tile=arguments.side, progress=no_progress)
    size = f"{whole.shape[2]} x {whole.shape[1]} planes"
    print(f"{model.name} in {runtime.precision}, tiles of at most {tile}, {size}")
    print("| overlap | mean difference | greatest |\n|---:|---:|---:|")
    for overlap in arguments.overlap:
        other = replace(graph, overlap=overlap)
        tiled = run_tiled(session, other, sources, _as_it_is, tile=tile, progress=no_progress)
        difference = np.abs(tiled - whole)
        print(f"| {overlap} | {difference.mean():.1e} | {difference.max():.1e} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pair", type=Path)
    parser.add_argument("--model", default="selfir-raw")
    parser.add_argument("--overlap", type=int, nargs="+", required=True)
    parser.add_argument("--tile", type=int)
    parser.add_argument("--side", type=int, default=1152)
    parser.add_argument("--precision", choices=get_args(PrecisionChoice), default="fp32")
    return parser.parse_args()


def _inputs(pair: Path, model: Model, runtime: Runtime) -> dict[str, Planes]:
    """What the last graph takes, in the network's range, at full size."""
    long, short = (next(pair.glob(f"{role}.*")) for role in ROLES)
    scene = prepare_pair(long, short)
    inputs = network_inputs(scene, model.inputs, model.domain).encoded()
    for graph in model.graphs:
        if graph.reduction is not None:
            session = open_session(model, graph, runtime)
            inputs[graph.name] = run_whole(
                session, graph, inputs, _as_it_is, reduction=graph.reduction
            )
    return inputs


def _middle(inputs: Mapping[str, Planes], side: int) -> dict[str, Planes]:
    _, height, width = next(iter(inputs.values())).shape
    top, left = max(height - side, 0) // 2, max(width - side, 0) // 2
    return {
        name: np.ascontiguousarray(planes[:, top : top + side, left : left + side])
        for name, planes in inputs.items()
    }


def _as_it_is(pieces: Mapping[str, Planes], names: Sequence[str]) -> list[Planes]:
    return [pieces[name] for name in names]


if __name__ == "__main__":
    main()
