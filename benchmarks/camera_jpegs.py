"""How well srgb models restore what cameras store: dark short frames, noise reduction, JPEG.

    python benchmarks/camera_jpegs.py PAIRS [--model NAME|FOLDER ...] [--strength S ...]

PAIRS holds a folder for each pair, with ``long.*``, ``short.*`` and, where it is known, the truth
``gt.png``. For every model and strength: PSNR in dB of the restored sRGB picture, and the noise
that is left where the long frame is flat, over the long frame's own.

A block of 16 x 16 px is flat where the aligned long frame varies least, a quarter of the blocks of
like brightness; slopes are taken out. The ratio is that of the median standard deviations over
blocks and channels, the long frame's being no less than that of rounding to 8 bits.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.image import Pixels
from pairfix.light import encode_planes
from pairfix.metrics import psnr
from pairfix.pipeline import Recipe, Restored, Restorer

Floats = NDArray[np.float32]

_BLOCK = 16
_LEVELS = 16
"""Ranges of brightness within which blocks are compared."""
_FLAT = 0.25
_ROUNDING = 1 / 255 / 12**0.5


def main() -> None:
    arguments = _parse()
    strengths: list[float] = arguments.strength
    print("| pair | model | strength | PSNR dB | flat noise over the long frame's |")
    print("|---|---|---:|---:|---:|", flush=True)
    for model in arguments.model:
        for strength in strengths:
            scores = []
            restorer = Restorer(Recipe(model=str(model), strength=strength, device="cpu"))
            for folder in _pairs(arguments.pairs):
                restored = restorer.restore(_photo(folder, "long"), _photo(folder, "short"))
                quality = _quality(_display(restored.picture().pixels), folder)
                scores.append(quality)
                shown = f"{quality:.2f}" if np.isfinite(quality) else "-"
                row = f"| {folder.name} | {Path(model).name} | {strength:g} | {shown} |"
                print(row, f"{_noise_ratio(restored):.2f} |", flush=True)
            print(f"| mean | {Path(model).name} | {strength:g} | {np.nanmean(scores):.2f} | |")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model", nargs="+", default=["selfir-srgb"])
    parser.add_argument("--strength", nargs="+", type=float, default=[1.0])
    return parser.parse_args()


def _pairs(folder: Path) -> Iterator[Path]:
    return iter(sorted({path.parent for path in folder.glob("*/short.*")}))


def _photo(folder: Path, name: str) -> Path:
    return next(path for path in sorted(folder.glob(f"{name}.*")))


def _quality(result: Floats, folder: Path) -> float:
    """PSNR in dB; NaN where the truth is unknown."""
    truth = folder / "gt.png"
    if not truth.exists():
        return np.nan
    return psnr(result, _display(decode(truth, "srgb").pixels))


def _display(pixels: Pixels) -> Floats:
    """0 to 1 of whole numbers of any depth."""
    return (pixels / np.float32(np.iinfo(pixels.dtype).max)).astype(np.float32)


def _noise_ratio(restored: Restored) -> float:
    long = encode_planes(restored.scene.sources["long"], "srgb")
    result = encode_planes(restored.fused.planes, "srgb")
    flat = [_flat(plane) for plane in long]
    own = [_deviations(plane)[chosen] for plane, chosen in zip(long, flat, strict=True)]
    left = [_deviations(plane)[chosen] for plane, chosen in zip(result, flat, strict=True)]
    least = max(float(np.median(np.concatenate(own))), _ROUNDING)
    return float(np.median(np.concatenate(left))) / least


def _flat(plane: Floats) -> NDArray[np.bool_]:
    """Which blocks vary least among those of like brightness."""
    deviation = _deviations(plane)
    level = (_blocks(plane).mean(axis=1) * _LEVELS).astype(int)
    flat = np.zeros(len(level), bool)
    for each in np.unique(level):
        same = level == each
        flat |= same & (deviation <= np.quantile(deviation[same], _FLAT))
    return flat


def _deviations(plane: Floats) -> Floats:
    """Standard deviation of every block about its mean and slopes."""
    blocks = _blocks(plane)
    place = np.arange(_BLOCK) - (_BLOCK - 1) / 2
    down, across = (each.ravel() for each in np.meshgrid(place, place, indexing="ij"))
    basis = np.linalg.qr(np.stack([np.ones(_BLOCK**2), down, across], axis=1))[0]
    left = blocks - (blocks @ basis) @ basis.T
    return np.sqrt((left**2).sum(axis=1) / (_BLOCK**2 - 3)).astype(np.float32)


def _blocks(plane: Floats) -> Floats:
    height, width = (side // _BLOCK for side in plane.shape)
    cut = plane[: height * _BLOCK, : width * _BLOCK]
    return (
        cut.reshape(height, _BLOCK, width, _BLOCK).swapaxes(1, 2).reshape(height * width, _BLOCK**2)
    )


if __name__ == "__main__":
    main()
