"""Train DeblurMerger, DeblurRNN and networks of a single frame, and compare them (Tables II, III).

    python benchmarks/noisy_blurry_pairs.py PHOTOS [--steps N] [--width N] [--objective adversarial]

All see the same pairs, as GOPRO2 has them (Zhang et al., 2019, Section III-C): one frame is noisy
and sharp, the other is taken after it and blurred. SRN sees the blurred one alone, and the network
that learns by Noise2Noise the noisy one. All train for equally many steps and are validated on the
same pairs from held-out photos. Prints a table beside the paper's figures for GOPRO2.
"""

import argparse
from dataclasses import dataclass, field

from small_trainings import add_training_options, cells, trained

from pairfix.networks import NETWORKS
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.log import Quality
from pairfix.train.task import Task


@dataclass(frozen=True, slots=True)
class Row:
    """A network, how it is trained, and the paper's figures."""

    frames: str
    network: str
    objective: str | None
    """None for the chosen one."""
    paper: Quality
    config: dict[str, object] = field(default_factory=dict)
    part: int = 1
    """Of the width that the others have."""


ROWS = (
    Row("long", "srn", "supervised", Quality(25.48, 0.7976), part=2),
    Row("short", "selfir", "noisy-supervised", Quality(30.91, 0.9252), {"inputs": ("short",)}),
    Row("both", "deblurmerger", None, Quality(31.86, 0.9531), {"depth": 4}),
    Row("both", "deblurrnn", None, Quality(32.53, 0.9561), {"depth": 4}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_training_options(parser, steps=1000, width=16, crop=64, learning_rate=1e-3)
    parser.add_argument("--blur", type=float, nargs=2, default=(4, 24), help="the path in px")
    parser.add_argument(
        "--objective",
        choices=("supervised", "adversarial"),
        default="supervised",
        help="of DeblurMerger and DeblurRNN; the paper: adversarial",
    )
    arguments = parser.parse_args()
    print("| frames | network | PSNR dB | SSIM | paper: PSNR dB | paper: SSIM |")
    print("|---|---|---:|---:|---:|---:|")
    for number, row in enumerate(ROWS):
        with trained(_task(row, arguments), arguments) as (log, _):
            if number == 0 and log.noisy is not None:
                print(f"| short | none | {cells(log.noisy)} | | |")
            found, title = log.validation[-1].quality, NETWORKS[row.network].title
        print(f"| {row.frames} | {title} | {cells(found)} | {cells(row.paper)} |", flush=True)


def _task(row: Row, arguments: argparse.Namespace) -> Task:
    network = NETWORKS[row.network]
    return Task(
        network=network,
        config=network.config(channels=3, width=arguments.width // row.part, **row.config),
        photos=arguments.photos,
        objective=row.objective or arguments.objective,
        synth=SynthRecipe(
            domain="srgb",
            noise=("gopro2",),
            gap=(0.0, 0.1),
            blur=tuple(arguments.blur),
            misalignment=0,
            unprocessing=0,
            lights=0,
        ),
    )


if __name__ == "__main__":
    main()
