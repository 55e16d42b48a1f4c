"""Compare an srgb model with BM3D on photos under white noise, the setting of SelfIR's Table 1.

    python benchmarks/white_noise.py PHOTOS [--model NAME|FOLDER] [--count N] [--side N]

Held-out photos of PHOTOS are exposed twice as in training (camera shake, moving objects); the
short frame gets Gaussian or Poisson noise on its display values, both frames are stored as 8-bit
PNG, and `pairfix.restore` makes one picture of the two files: matching and alignment included.
BM3D sees the short frame alone and is given the noise's true standard deviation (Gaussian), or
its root mean square (Poisson).
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import bm3d
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

import pairfix
from pairfix.formats import decode
from pairfix.metrics import psnr
from pairfix.synth.light import linear_to_srgb
from pairfix.synth.optics import expose, margin
from pairfix.synth.photos import PhotoStore
from pairfix.synth.synth_recipe import SynthRecipe

Picture = NDArray[np.float32]
Noise = Callable[[Picture, np.random.Generator], Picture]

SIGMA = 25 / 255
PHOTONS = 20
_SEED = 11


def main() -> None:
    arguments = _arguments()
    print("| photo | noise | short dB | BM3D dB | result dB | result over BM3D |")
    print("|---|---|---:|---:|---:|---:|")
    rows: dict[str, list[list[float]]] = {}
    for number, (long, truth) in enumerate(_pairs(arguments.photos, arguments.side)):
        if number == arguments.count:
            break
        for name, noise, sigma in _noises(truth):
            short = _stored(noise(truth, np.random.default_rng(number)))
            figures = [
                psnr(short, truth),
                psnr(_bm3d(short, sigma), truth),
                psnr(_restored(long, short, arguments.model), truth),
            ]
            rows.setdefault(name, []).append(figures)
            print(_row(str(number), name, figures), flush=True)
    for name, table in rows.items():
        print(_row("mean", name, [float(value) for value in np.mean(table, axis=0)]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--model", default="selfir-srgb")
    parser.add_argument("--count", type=int, default=12, help="photos")
    parser.add_argument("--side", type=int, default=384, help="of the crops in pixels")
    return parser.parse_args()


def _pairs(folder: Path, side: int) -> list[tuple[Picture, Picture]]:
    """Long frame and truth of every held-out photo, ``H x W x 3`` display values of 8 bits."""
    recipe = SynthRecipe(domain="srgb", unprocessing=0)
    store = PhotoStore.load(
        folder, torch.device("cpu"), smallest=side + 2 * margin(recipe), part="validation"
    )
    generator = torch.Generator().manual_seed(_SEED)
    photos = store.crops(len(store), side + 2 * margin(recipe), generator)
    exposed = expose(photos, side, recipe, generator)
    both = (linear_to_srgb(each.clamp(0, 1)) for each in (exposed.long, exposed.sharp))
    longs, truths = (each.permute(0, 2, 3, 1).numpy() for each in both)
    return [(_stored(long), _stored(truth)) for long, truth in zip(longs, truths, strict=True)]


def _noises(truth: Picture) -> tuple[tuple[str, Noise, float], ...]:
    poisson = float(np.sqrt(truth.mean() / PHOTONS))
    return (
        ("gaussian 25/255", lambda x, rng: x + rng.normal(0, SIGMA, x.shape), SIGMA),
        ("poisson 20", lambda x, rng: rng.poisson(x * PHOTONS) / PHOTONS, poisson),
    )


def _stored(picture: Picture) -> Picture:
    """What remains in a file of 8 bits."""
    return (np.round(np.clip(picture, 0, 1) * 255) / 255).astype(np.float32)


def _bm3d(short: Picture, sigma: float) -> Picture:
    restored: Picture = bm3d.bm3d_rgb(short, sigma).astype(np.float32)
    return np.clip(restored, 0, 1)


def _restored(long: Picture, short: Picture, model: str) -> Picture:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, picture in (("long", long), ("short", short)):
            pixels = np.round(picture * 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"{name}.png"), pixels[:, :, ::-1])
        output = folder / "result.png"
        recipe = pairfix.Recipe(model=model, bits=16)
        pairfix.restore(folder / "long.png", folder / "short.png", output, recipe)
        return (decode(output).pixels / np.float32(65535)).astype(np.float32)


def _row(photo: str, noise: str, figures: list[float]) -> str:
    _, other, result = figures
    cells = [photo, noise, *(f"{value:.2f}" for value in figures), f"{result - other:+.2f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
