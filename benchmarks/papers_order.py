"""Train SelfIR and its baselines in small, and compare them as Table 1 and Table 4 do.

    python benchmarks/papers_order.py PHOTOS [--steps N] [--width N] [--device cpu|cuda]

All see the same pairs with Gaussian noise of 5/255 to 50/255 on display values (Zhang et al.,
Section 4.1), for equally many steps, and are validated on the same pairs from held-out photos.
Prints a table beside the paper's figures (PSNR in dB, SSIM).
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

from pairfix.networks import NETWORKS
from pairfix.synth.recipe import SynthRecipe
from pairfix.train.log import Quality
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.recipe import TrainRecipe
from pairfix.train.run import train
from pairfix.train.task import Task


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table."""

    title: str
    paper: Quality
    """In Tables 1 and 4."""
    objective: str
    inputs: tuple[str, ...] = ("short", "long")
    auxiliary: float = 0.0


METHODS = (
    Method("Supervised deblurring (Baseline B)", Quality(28.24, 0.8561), "supervised", ("long",)),
    Method("Neighbor2Neighbor", Quality(34.29, 0.9271), "self-supervised", ("short",)),
    Method("Noise2Noise", Quality(34.88, 0.9354), "noisy-supervised", ("short",)),
    Method("Supervised denoising (Baseline N)", Quality(34.91, 0.9360), "supervised", ("short",)),
    Method("SelfIR without L_aux", Quality(35.65, 0.9492), "self-supervised"),
    Method("SelfIR", Quality(35.74, 0.9499), "self-supervised", auxiliary=2.0),
    Method("Supervised, both exposures (Baseline R)", Quality(36.15, 0.9534), "supervised"),
)


def main() -> None:
    arguments = _arguments()
    print("| method | PSNR dB | SSIM | paper: PSNR dB | paper: SSIM |")
    print("|---|---:|---:|---:|---:|")
    for number, method in enumerate(METHODS):
        noisy, restored = _quality(method, arguments)
        if number == 0:
            print(f"| noisy short frame | {_cells(noisy)} | | |")
        print(f"| {method.title} | {_cells(restored)} | {_cells(method.paper)} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--width", type=int, default=24, help="of the network; the paper's has 48")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=3e-4, help="the same for all")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def _quality(method: Method, arguments: argparse.Namespace) -> tuple[Quality, Quality]:
    """Of the noisy frames and of the results, on the validation pairs."""
    network = NETWORKS["selfir"]
    task = Task(
        network=network,
        config=network.config(channels=3, width=arguments.width, inputs=method.inputs),
        photos=arguments.photos,
        objective=method.objective,
        settings=ObjectiveSettings(loss="l2", auxiliary=method.auxiliary),
        synth=SynthRecipe(domain="srgb", unprocessing=0, noise=("gaussian",)),
    )
    recipe = TrainRecipe(
        steps=arguments.steps,
        batch=arguments.batch,
        crop=arguments.crop,
        learning_rate=arguments.learning_rate,
        ema_decay=0.99,
        precision=arguments.precision,
        validate_every=arguments.steps,
        validation_pairs=64,
    )
    with tempfile.TemporaryDirectory() as temporary:
        log = train(task, Path(temporary) / "model", recipe, torch.device(arguments.device)).log
    noisy = log.noisy
    if noisy is None:
        raise SystemExit("this script runs in one process")
    return noisy, log.validation[-1].quality


def _cells(quality: Quality) -> str:
    return f"{quality.psnr:.2f} | {quality.ssim:.4f}"


if __name__ == "__main__":
    main()
