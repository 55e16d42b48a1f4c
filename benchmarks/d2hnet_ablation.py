"""Train small versions of D2HNet that lack a part, and compare them as its Table 5 does.

    python benchmarks/d2hnet_ablation.py PHOTOS [--steps N] [--width N] [--cap N] ...

All train for equally many steps on pairs with a phone's noise, and restore the same pairs of
held-out photos, which are not augmented. DeblurNet alone is that of the full training. In one
phase, both nets learn together from the truth at full size, which the paper has no figures of.
Prints a table beside the paper's figures (Zhao et al., 2022: 1440p, PSNR in dB, SSIM).
"""

import argparse
from dataclasses import replace
from functools import partial
from typing import Any

from small_trainings import add_training_options, cells, held_out, trained

from pairfix.networks import NETWORKS
from pairfix.synth.synth_recipe import AUGMENTATIONS, SynthRecipe
from pairfix.train.log import Quality
from pairfix.train.task import Task
from pairfix.train.transfer import load_fusion
from pairfix.train.validate import Validation

PLAIN = SynthRecipe(
    domain="srgb", noise=("physical",), blur=(4, 24), misalignment=0, unprocessing=0, lights=0
)
FULL = replace(PLAIN, **AUGMENTATIONS)
ROWS: tuple[tuple[str, str, dict[str, Any], Quality | None], ...] = (
    ("D2HNet (full)", "two-phase", {}, Quality(34.67, 0.9639)),
    ("without VarmapSelection", "two-phase", {"varmap": False}, Quality(34.24, 0.9604)),
    ("without Illumination Adjustment", "two-phase", {"illumination": 0}, Quality(34.31, 0.9596)),
    ("without Color Adjustment", "two-phase", {"colour": 0}, Quality(34.58, 0.9620)),
    ("without CutNoise", "two-phase", {"cutnoise": 0}, Quality(34.42, 0.9616)),
    ("in one phase", "supervised", {}, None),
)
"""What is trained, its objective, how its pairs differ, and the paper's figures."""
DEBLUR_ALONE = Quality(30.48, 0.9259)
NO_PAPER = " | "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_training_options(parser, steps=1000, width=8, crop=64, learning_rate=1e-3)
    parser.add_argument("--cap", type=int, default=4, help="EnhanceNet's widest level, in widths")
    parser.add_argument("--rows", type=int, nargs="+", default=list(range(len(ROWS))))
    parser.add_argument("--pairs", type=int, default=16, help="to judge by")
    arguments = parser.parse_args()
    pairs = held_out(arguments.photos, PLAIN, count=arguments.pairs, side=2 * arguments.crop)
    validation = Validation([pairs], "srgb")
    print("| setting | PSNR dB | SSIM | paper: PSNR dB | paper: SSIM |")
    print("|---|---:|---:|---:|---:|")
    print(f"| short frames as they are | {cells(validation.noisy())} | {NO_PAPER} |", flush=True)
    for title, objective, changes, paper in (ROWS[index] for index in arguments.rows):
        with trained(_task(objective, changes, arguments), arguments) as (_, model):
            fusion = load_fusion(model)
        found = cells(validation.measure(fusion))
        print(f"| {title} | {found} | {cells(paper) if paper else NO_PAPER} |", flush=True)
        if objective == "two-phase" and not changes:
            alone = validation.measure(partial(fusion.run, fusion.graphs[0]))
            print(f"| only DeblurNet | {cells(alone)} | {cells(DEBLUR_ALONE)} |", flush=True)


def _task(objective: str, changes: dict[str, Any], arguments: argparse.Namespace) -> Task:
    network = NETWORKS["d2hnet"]
    return Task(
        network=network,
        config=network.config(channels=3, width=arguments.width, cap=arguments.cap, reduction=2),
        photos=arguments.photos,
        objective=objective,
        synth=replace(FULL, **changes),
    )


if __name__ == "__main__":
    main()
