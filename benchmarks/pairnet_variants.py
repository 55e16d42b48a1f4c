"""Train variants of PairNet from nothing for equally long, and compare them.

    python benchmarks/pairnet_variants.py PHOTOS [--minutes N] [--device cpu|cuda]

All see raw pairs of the shipped synthesis and are validated on the same pairs from held-out
photos. What counts is quality by time: a variant that takes more steps a minute may win with less
capacity. Prints a table; MAC are multiplications for each of the planes' pixels.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from multiplications import multiplications

from pairfix.networks.pairnet import PAIRNET, PairNetConfig
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe
from pairfix.train.training import train

VARIANTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((64, 96, 128), (3, 3, 3)),
    ((48, 96, 160), (2, 3, 3)),
    ((32, 64, 128, 192), (2, 2, 3, 3)),
    ((48, 96, 192), (2, 3, 4)),
)
"""Widths and blocks of the levels."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--minutes", type=float, default=8.0, help="of each training")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--crop", type=int, default=96)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    print("| widths | blocks | parameters | thousand MAC a pixel | steps | PSNR dB | SSIM |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for widths, blocks in VARIANTS:
        config = PairNetConfig(widths=widths, blocks=blocks)
        print(f"{_cells(config)} {_train(config, arguments)}", flush=True)


def _cells(config: PairNetConfig) -> str:
    module = PAIRNET.modules(config)["fusion"]
    parameters = sum(parameter.numel() for parameter in module.parameters())
    (graph,) = PAIRNET.graphs(config)
    macs = multiplications(module, len(graph.inputs), config.channels)
    return f"| {config.widths} | {config.blocks} | {parameters:,} | {macs / 1e3:.0f} |"


def _train(config: PairNetConfig, arguments: argparse.Namespace) -> str:
    task = Task(
        network=PAIRNET,
        config=config,
        photos=arguments.photos,
        objective="supervised",
        settings=ObjectiveSettings(),
        synth=SynthRecipe(),
    )
    recipe = TrainRecipe(
        minutes=arguments.minutes,
        batch=arguments.batch,
        crop=arguments.crop,
        learning_rate=arguments.learning_rate,
        ema_decay=0.99,
        precision=arguments.precision,
        validate_every=1_000_000,
        validation_pairs=64,
    )
    with tempfile.TemporaryDirectory() as temporary:
        log = train(task, Path(temporary) / "model", recipe, torch.device(arguments.device)).log
    quality = log.validation[-1].quality
    return f"{log.step} | {quality.psnr:.2f} | {quality.ssim:.4f} |"


if __name__ == "__main__":
    main()
