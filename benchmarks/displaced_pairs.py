"""Measure how close the long frame of a sharp pair is after alignment, and how exact that is.

    python benchmarks/displaced_pairs.py PHOTOS [--count N] [--seed N]

Photos are taken twice (`sharp_pairs`): the long frame from the same place, and moved. Prints for
each photo the PSNR in dB (sRGB display values of the mosaics' planes) of the long frame against
what the short one shows: unmoved; moved back by the right motion, plane by plane with bicubic
interpolation, and as pairfix does it; moved back as pairfix estimates the motion, and by the
estimate before it is refined. Errors of the estimates are in samples of a plane, two pixels, mean
and most over the frame.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sharp_pairs import SharpPair, display_psnr, sharp_pairs

from pairfix.image import MatchedPair, Planes
from pairfix.light import planes_from_frame
from pairfix.stages.align import align
from pairfix.stages.align.estimate import estimate
from pairfix.stages.align.guide import make_guides
from pairfix.stages.align.warp import plane_to_pixels, transform, warp_planes
from pairfix.stages.exposure import match_exposure

_MOVES = {
    "tripod": ((0.0, 0.0), 0.0),
    "moved": ((6.6, -5.2), 0.2),
    "moved more": ((23.3, -18.7), -0.5),
}
"""Shift in pixels and turn in degrees."""
_POINTS = 21


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("| | unmoved | by planes | by pairfix | estimated | coarse | error | coarse error |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, (shift, degrees) in _MOVES.items():
        pairs = sharp_pairs(arguments.photos, arguments.count, shift, degrees, arguments.seed)
        rows = []
        for pair in pairs:
            rows.append(_figures(pair))
            print(_row(f"{name}, {pair.name}", rows[-1]), flush=True)
        print(_row(f"{name}, mean", [float(value) for value in np.mean(rows, axis=0)]), flush=True)


def _figures(pair: SharpPair) -> list[float]:
    matched = match_exposure(pair.long, pair.short)
    coarse = estimate(*make_guides(matched), "homography")
    if coarse is None:
        raise SystemExit(f"{pair.name}: no motion was found; choose another seed")
    aligned = align(matched)
    results = [
        planes_from_frame(pair.unmoved),
        _by_planes(matched, pair.motion),
        warp_planes(matched, pair.motion),
        aligned.long_planes,
        warp_planes(matched, coarse),
    ]
    errors = _error(aligned.alignment.matrix, pair), _error(coarse, pair)
    return [*(display_psnr(planes, pair.truth) for planes in results), *errors[0], *errors[1]]


def _by_planes(pair: MatchedPair, matrix: NDArray[np.float64]) -> Planes:
    """Each plane warped by itself, as pairfix did before it interpolated mosaics."""
    warped = np.empty_like(pair.short_planes)
    for index, (source, target) in enumerate(zip(pair.long_planes, warped, strict=True)):
        to_source = np.linalg.inv(plane_to_pixels(pair.long, index)) @ matrix
        cv2.warpPerspective(
            source,
            to_source @ plane_to_pixels(pair.short, index),
            target.shape[::-1],
            dst=target,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        )
    return warped


def _error(found: NDArray[np.float64], pair: SharpPair) -> tuple[float, float]:
    """Mean and greatest distance from the right motion, in samples of a plane."""
    height, width = pair.short.size
    x, y = np.meshgrid(np.linspace(0, width - 1, _POINTS), np.linspace(0, height - 1, _POINTS))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    gaps = np.linalg.norm(transform(found, points) - transform(pair.motion, points), axis=1) / 2
    return float(gaps.mean()), float(gaps.max())


def _row(name: str, figures: list[float]) -> str:
    *quality, mean, most, coarse_mean, coarse_most = figures
    cells = [f"{value:.2f}" for value in quality]
    cells += [f"{mean:.3f} ({most:.3f})", f"{coarse_mean:.3f} ({coarse_most:.3f})"]
    return f"| {' | '.join([name, *cells])} |"


if __name__ == "__main__":
    main()
