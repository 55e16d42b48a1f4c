"""What is wrong with a short photo's tones before and after they are matched, and what that gains.

    python benchmarks/tone_match.py PAIRS [--model MODEL]

PAIRS holds a folder for each pair of pictures, with ``long.*``, ``short.*`` and the truth
``gt.*`` in the short photo's geometry. The short photos are taken as they are, and with other
tones: a gamma curve, more contrast, half a stop more of ISO, another white balance, local tone
mapping. The first table shows what the mean light of R, G and B is in error where the truth has a
brightness, in blocks of 16 pixels without clipped samples; all in display levels of 0 to 255. The
second one shows PSNR in dB, in sRGB, of the short photo and of the restored one.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.image import Frame, Planes, Scene
from pairfix.light import linear_to_srgb, planes_from_frame, srgb_to_linear
from pairfix.metrics import psnr
from pairfix.pipeline import Recipe, Restorer
from pairfix.stages.prepare import prepare_pair

Floats = NDArray[np.floating]
Made = TypeVar("Made")

_BLOCK = 16
_BANDS = (0, 8, 16, 32, 64, 128, 192, 256)
_FEWEST_BLOCKS = 15
_CLIPPED = 0.97


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    bands = [f"{low} to {high}" for low, high in pairwise(_BANDS)]
    print(f"| pair | tones | {' | '.join(bands)} |")
    print(f"|---|---|{'---:|' * len(bands)}", flush=True)
    restorer = Restorer(Recipe(arguments.model, device="cpu"))
    gains = []
    for folder in sorted(path.parent for path in arguments.pairs.glob("*/gt.*")):
        for pair in _pairs(folder):
            for label, aligned in _both(prepare_pair, pair):
                errors = _errors(aligned.short_planes, _truth(pair, aligned))
                print(f"| {pair.name} | {label} | {' | '.join(errors)} |", flush=True)
        plain = next(_pairs(folder))
        figures = [
            psnr(_display(planes), _display(_truth(plain, restored.scene)))
            for _, restored in _both(restorer.restore, plain)
            for planes in (restored.scene.reference_planes, restored.fused.planes)
        ]
        gains.append(f"| {plain.name} | {' | '.join(f'{each:.2f}' for each in figures)} |")
    print("\n| pair | short, as it is | restored | short, matched | restored |")
    print("|---|---:|---:|---:|---:|")
    print("\n".join(gains))


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair and its truth."""

    name: str
    long: Frame
    short: Frame
    truth: Planes


def _pairs(folder: Path) -> Iterator[Pair]:
    long, short, truth = (
        decode(next(folder.glob(f"{name}.*"))) for name in ("long", "short", "gt")
    )
    yield Pair(folder.name, long, short, planes_from_frame(truth))
    display = short.pixels.astype(np.float32) / np.iinfo(short.pixels.dtype).max
    for name, change in _CHANGES.items():
        pixels = np.rint(255 * np.clip(change(display), 0, 1)).astype(np.uint8)
        changed = replace(short, pixels=pixels)
        yield Pair(f"{folder.name}, {name}", long, changed, planes_from_frame(truth))


def _multiplied(display: Floats, gains: float | tuple[float, ...]) -> Floats:
    light = srgb_to_linear(display.astype(np.float32)) * np.asarray(gains, np.float32)
    return linear_to_srgb(np.minimum(light, 1))


def _locally_mapped(display: Floats) -> Floats:
    """Every place moved half-way towards the mean brightness."""
    surroundings = cv2.GaussianBlur(display.mean(axis=2), (0, 0), display.shape[1] / 24) + 0.05
    return display * np.sqrt(surroundings.mean() / surroundings)[:, :, None]


_CHANGES: dict[str, Callable[[Floats], Floats]] = {
    "gamma": lambda display: display**0.8,
    "contrast": lambda display: display - 0.12 * np.sin(2 * np.pi * display),
    "ISO": lambda display: _multiplied(display, 1.5),
    "white balance": lambda display: _multiplied(display, (1.1, 1.0, 0.9)),
    "local tones": _locally_mapped,
}


def _both(run: Callable[[Frame, Frame], Made], pair: Pair) -> Iterator[tuple[str, Made]]:
    with patch("pairfix.stages.prepare.match_tones", lambda aligned: aligned):
        yield "as they are", run(pair.long, pair.short)
    yield "matched", run(pair.long, pair.short)


def _truth(pair: Pair, scene: Scene) -> Planes:
    """At the matched pair's brightness."""
    return pair.truth * np.float32(scene.gains["long"])


def _errors(planes: Planes, truth: Planes) -> Iterator[str]:
    clipped = _means((truth >= _CLIPPED).astype(np.float32)).max(axis=0) > 0
    means, true = _means(planes), _means(truth)
    level = 255 * linear_to_srgb(np.minimum(true, 1))
    for low, high in pairwise(_BANDS):
        cells = []
        for channel, wanted, here in zip(means, true, level, strict=True):
            chosen = (low <= here) & (here < high) & ~clipped
            if np.count_nonzero(chosen) < _FEWEST_BLOCKS:
                cells.append("-")
                continue
            light = np.array([channel[chosen].mean(), wanted[chosen].mean()], np.float32)
            cells.append(f"{255 * np.subtract(*linear_to_srgb(light)):.1f}")
        yield " / ".join(cells)


def _means(planes: Planes) -> Planes:
    channels, height, width = planes.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    cut = planes[:, : rows * _BLOCK, : columns * _BLOCK]
    return cut.reshape(channels, rows, _BLOCK, columns, _BLOCK).mean(axis=(2, 4))


def _display(planes: Planes) -> Planes:
    return linear_to_srgb(np.clip(planes, 0, 1))


if __name__ == "__main__":
    main()
