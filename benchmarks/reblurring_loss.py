"""Train a small SelfIR with and without the reblurring loss, as Table S4 does with its networks.

    python benchmarks/reblurring_loss.py PHOTOS [--steps N] [--width N] [--weights 0 1]

All see the same pairs, for equally many steps, and restore the same larger pairs of held-out
photos. Prints PSNR, SSIM and, where its weights are on this machine, NIQE; else PIQE, which needs
none. The paper's figures are below (Nah et al. 2022, GOPRO): fidelity hardly changes, what
judges without a reference gets better.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from pairfix.image import Picture
from pairfix.metrics import psnr, ssim
from pairfix.networks import NETWORKS
from pairfix.score import find_metric, score, weights_are_here
from pairfix.synth.batch import PairBatch
from pairfix.synth.photos import PhotoStore
from pairfix.synth.render import photo_side, render
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe
from pairfix.train.training import train
from pairfix.train.transfer import load_fusion
from pairfix.train.validate import show

PAPER = """
| the paper's network | PSNR dB ↑ | SSIM ↑ | NIQE ↓ |
|---|---:|---:|---:|
| U-Net, L1 only | 29.66 | 0.8874 | 5.996 |
| U-Net with L_Reblur, n1 | 29.58 | 0.8869 | 5.629 |
| SRN, L1 only | 30.62 | 0.9078 | 5.252 |
| SRN with L_Reblur, n1 | 30.74 | 0.9104 | 5.136 |
"""
SYNTH = SynthRecipe(domain="srgb", noise=("sensor",), blur=(8, 30))
CPU = torch.device("cpu")
SIDE = 384
"""Of the pairs to judge by, in pixels."""


def main() -> None:
    arguments = _arguments()
    pairs = _pairs(arguments)
    metric = next(each for each in ("niqe", "piqe") if weights_are_here(find_metric(each)))
    print(f"| weight of L_Reblur | PSNR dB ↑ | SSIM ↑ | {metric} ↓ |\n|---|---:|---:|---:|")
    for weight in arguments.weights:
        print(f"| {weight:g} | {_row(weight, pairs, metric, arguments)} |", flush=True)
    print(PAPER)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--crop", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 1.0])
    return parser.parse_args()


def _pairs(arguments: argparse.Namespace) -> PairBatch:
    store = PhotoStore.load(
        arguments.photos, CPU, smallest=photo_side(SIDE, SYNTH), part="validation"
    )
    return render(store, SYNTH, arguments.pairs, SIDE, torch.Generator().manual_seed(3))


def _row(weight: float, pairs: PairBatch, metric: str, arguments: argparse.Namespace) -> str:
    network = NETWORKS["selfir"]
    task = Task(
        network=network,
        config=network.config(channels=3, width=arguments.width),
        photos=arguments.photos,
        objective="supervised",
        settings=ObjectiveSettings(reblur=weight),
        synth=SYNTH,
    )
    recipe = TrainRecipe(
        steps=arguments.steps,
        batch=arguments.batch,
        crop=arguments.crop,
        learning_rate=1e-3,
        ema_decay=0.99,
        validate_every=arguments.steps,
    )
    with tempfile.TemporaryDirectory() as temporary:
        model = train(task, Path(temporary) / "model", recipe, CPU).model
        if model is None:
            raise SystemExit("this script runs in one process")
        restore = load_fusion(model)
    with torch.no_grad():
        restored = show(restore(pairs.sources), "srgb")
    truth = show(pairs.truth, "srgb")
    both = list(zip(restored, truth, strict=True))
    pictures = (Picture(np.rint(each * 65535).astype(np.uint16), b"") for each in restored)
    unreferenced = [score(each, [metric], offline=True).values[metric] for each in pictures]
    figures = (
        np.mean([psnr(*each) for each in both]),
        np.mean([ssim(*each) for each in both]),
        np.mean(unreferenced),
    )
    return "{:.2f} | {:.4f} | {:.3f}".format(*figures)


if __name__ == "__main__":
    main()
