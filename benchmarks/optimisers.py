"""What each optimiser learns in equally many steps, and how long it takes.

    python benchmarks/optimisers.py PHOTOS [--width N] [--steps N] ...

SelfIR starts from nothing and sees the same raw pairs of the shipped synthesis under every
optimiser, at the same learning rate; validation is on the same pairs from held-out photos. Times
are over the first row's, in this run.
"""

import argparse
from typing import get_args

from small_trainings import add_training_options, cells, trained

from pairfix.networks import NETWORKS
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.task import Task
from pairfix.train.train_recipe import Optimiser


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_training_options(parser, steps=1000, width=48, crop=64, learning_rate=5e-4)
    arguments = parser.parse_args()
    network = NETWORKS["selfir"]
    task = Task(
        network=network,
        config=network.config(channels=4, width=arguments.width, noise=True),
        photos=arguments.photos,
        objective="supervised",
        settings=ObjectiveSettings(),
        synth=SynthRecipe(),
    )
    first = None
    print("| optimiser | PSNR dB | SSIM | time |\n|---|---:|---:|---:|", flush=True)
    for optimiser in get_args(Optimiser):
        with trained(task, arguments, optimiser=optimiser) as (log, _):
            first = first or log.seconds
            quality = cells(log.validation[-1].quality)
            print(f"| {optimiser} | {quality} | {log.seconds / first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
