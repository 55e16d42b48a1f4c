"""What --strength does: fidelity, and noise left where the scene is flat, at several strengths.

    python benchmarks/strength.py PAIRS... [--model MODEL]

PAIRS are folders of folders with ``long.*``, ``short.*`` and the truth ``gt.*``. The default model
restores the middle of each, without what the photos know better. A cell holds the PSNR in dB, and
the noise over the short photo's, both in sRGB: of the quarter of the blocks whose truth is
flattest, the median standard deviation of the difference from the truth. In the last column only
the short photo's noise map is scaled.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.image import Domain, Frame, Planes, Role, Scene
from pairfix.light import linear_to_srgb, planes_from_frame
from pairfix.metrics import psnr
from pairfix.noise import Curve, noise_curve
from pairfix.pipeline import Recipe, Restored, Restorer
from pairfix.stages import inputs

Floats = NDArray[np.float32]

_SIDE = 384
"""Of the crop in planes' samples."""
_BLOCK = 8
_FLAT = 0.25
"""Share of the blocks that count as flat."""
_STRENGTHS = (0.0, 0.5, 0.8, 1.0, 2.0, 3.0)
_SHORT_ALONE = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path, nargs="+")
    parser.add_argument("--model")
    arguments = parser.parse_args()
    columns = [*(f"{each:g}" for each in _STRENGTHS), f"{_SHORT_ALONE:g}, short"]
    print(f"| pair | {' | '.join(columns)} |")
    print(f"|---|{'---:|' * len(columns)}", flush=True)
    for folder in arguments.pairs:
        for truth in sorted(folder.glob("*/gt.*")):
            cells = " | ".join(_cells(truth, arguments.model))
            print(f"| {truth.parent.name}{truth.suffix} | {cells} |", flush=True)


def _cells(truth: Path, model: str | None) -> Iterator[str]:
    files = (next(truth.parent.glob(f"{name}.*")) for name in ("long", "short"))
    long, short, gt = (_middle(decode(path)) for path in (*files, truth))
    clean = _display(planes_from_frame(gt))
    for strength in _STRENGTHS:
        yield _cell(Restorer(_recipe(model, strength)).restore(long, short), clean)
    with patch.object(inputs, "noise_curve", _curve):
        yield _cell(Restorer(_recipe(model)).restore(long, short), clean)


def _recipe(model: str | None, strength: float = 1.0) -> Recipe:
    return Recipe(model, strength=strength, sharp_long=False, points=False, device="cpu")


def _cell(restored: Restored, clean: Floats) -> str:
    result, noisy = map(_display, (restored.fused.planes, restored.scene.reference_planes))
    left = _noise(result, clean) / _noise(noisy, clean)
    return f"{psnr(result, clean):.2f} ({left:.2f})"


def _curve(scene: Scene, encoded: Mapping[str, Planes], domain: Domain, *, role: Role) -> Curve:
    """The noise of an exposure, the short one's times `_SHORT_ALONE`."""
    curve = noise_curve(scene, encoded, domain, role=role)
    return curve * np.float32(_SHORT_ALONE) if role == "short" else curve


def _middle(frame: Frame) -> Frame:
    side = _SIDE if frame.bayer is None else 2 * _SIDE
    top, left = (max(0, (length - side) // 4 * 2) for length in frame.size)
    return replace(frame, pixels=frame.pixels[top : top + side, left : left + side].copy())


def _display(planes: Planes) -> Floats:
    return linear_to_srgb(np.clip(planes, 0, 1))


def _noise(photo: Floats, clean: Floats) -> float:
    spread = _deviations(clean)
    return float(np.median(_deviations(photo - clean)[spread <= np.quantile(spread, _FLAT)]))


def _deviations(planes: Floats) -> Floats:
    channels, height, width = planes.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    cut = planes[:, : rows * _BLOCK, : columns * _BLOCK]
    deviations: Floats = cut.reshape(channels, rows, _BLOCK, columns, _BLOCK).std(axis=(2, 4))
    return deviations


if __name__ == "__main__":
    main()
