"""Measure how many crops a second a training renders, and learns from.

    python benchmarks/training_speed.py PHOTOS [--network NAME] [--crop N] [--batch N] ...

Rendering alone, the network alone (forward, backward and optimiser step, always with the same
batch), and both as in training; the network in every precision asked for, in plain memory order and
in channels_last, and compiled on request. Ratios are over the first row, on the same machine in the
same run.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import torch

from pairfix.backends import Precision
from pairfix.model import CHANNELS
from pairfix.networks import NETWORKS
from pairfix.synth.batch import PairBatch
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.distributed import Workers
from pairfix.train.fusion import Fusion
from pairfix.train.loop import Loop
from pairfix.train.objectives import OBJECTIVES, ObjectiveSettings
from pairfix.train.rounding import measure_activations, round_activations
from pairfix.train.task import Pairs, Render, Task
from pairfix.train.train_recipe import TrainRecipe

_WARM_UP = 3
"""Steps that are not counted."""


def main() -> None:
    arguments = _arguments()
    task, device = _task(arguments), torch.device(arguments.device)
    pairs = Pairs.load(task, _recipe(arguments), device)
    generator = torch.Generator(device).manual_seed(0)
    fixed = pairs.render(generator)
    measured = [fixed] if arguments.int8 else []
    size = f"batches of {arguments.batch} of {arguments.crop} px"
    print(f"{task.network.title}, {size}, {_title(device)}\n")
    rendering = _pace(lambda: pairs.render(generator), arguments, device)
    print(f"rendering alone: {rendering:.1f} crops/s\n")
    print(
        "| precision | channels_last | compiled | network alone | ratio | with rendering | ratio |"
    )
    print("|---|---|---|---:|---:|---:|---:|")
    first: tuple[float, float] | None = None
    for options in _variants(arguments.precision, compiled=arguments.compile):
        recipe = _recipe(arguments, **options)
        paces = tuple(
            _pace(_step(task, recipe, device, render, measured), arguments, device)
            for render in (lambda _: fixed, pairs.render)
        )
        first = first or (paces[0], paces[1])
        cells = [f"{pace:.1f} | {pace / base:.2f}" for pace, base in zip(paces, first, strict=True)]
        precision, *switches = options.values()
        flags = [precision, *("yes" if on else "no" for on in switches)]
        print(f"| {' | '.join([*flags, *cells])} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--network", choices=NETWORKS, default="selfir")
    parser.add_argument("--width", type=int, help="of the network; else its default")
    parser.add_argument("--domain", choices=CHANNELS, default="raw")
    parser.add_argument("--objective", choices=OBJECTIVES)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--precision", choices=get_args(Precision), nargs="+", default=["fp32", "bf16"]
    )
    parser.add_argument("--int8", action="store_true", help="round activations to 8 bits")
    parser.add_argument("--compile", action="store_true", help="also measure compiled networks")
    parser.add_argument("--seconds", type=float, default=10, help="per measurement")
    return parser.parse_args()


def _task(arguments: argparse.Namespace) -> Task:
    network = NETWORKS[arguments.network]
    width = {} if arguments.width is None else {"width": arguments.width}
    return Task(
        network,
        network.config(channels=CHANNELS[arguments.domain], **width),
        arguments.photos,
        arguments.objective or network.training.objective,
        synth=SynthRecipe(domain=arguments.domain),
    )


def _recipe(arguments: argparse.Namespace, **options: Any) -> TrainRecipe:  # noqa: ANN401
    return TrainRecipe(
        steps=10**9,
        batch=arguments.batch,
        crop=arguments.crop,
        validate_every=10**9,
        **options,
    )


def _variants(precisions: Iterable[str], *, compiled: bool) -> Iterator[dict[str, Any]]:
    for precision in precisions:
        for compile_ in (False, True)[: 1 + compiled]:
            for channels_last in (False, True):
                yield {
                    "precision": precision,
                    "channels_last": channels_last,
                    "compile": compile_,
                }


def _step(
    task: Task,
    recipe: TrainRecipe,
    device: torch.device,
    render: Render,
    measured: Sequence[PairBatch],
) -> Callable[[], object]:
    """A training, step by step; rounded if there are batches to measure ranges with."""
    fusion = Fusion(task.network, task.config).to(device)
    if measured:
        round_activations(fusion, measure_activations(fusion, measured))
    build = OBJECTIVES[task.objective].build
    generator = torch.Generator().manual_seed(0)
    phases = build(fusion, task.network, task.config, ObjectiveSettings(), generator)
    loop = Loop(fusion, phases, render, recipe, device, Workers())

    def step() -> None:
        last = loop.step + 1
        loop.run(stop=lambda: loop.step == last, report=lambda _: None, review=lambda: None)

    return step


def _pace(step: Callable[[], object], arguments: argparse.Namespace, device: torch.device) -> float:
    """Crops per second."""
    for _ in range(_WARM_UP):
        step()
    _wait(device)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < arguments.seconds:
        step()
        steps += 1
    _wait(device)
    return steps * arguments.batch / (time.perf_counter() - start)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _title(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


if __name__ == "__main__":
    main()
