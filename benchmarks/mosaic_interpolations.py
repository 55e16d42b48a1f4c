"""Compare ways of interpolating a mosaic before it is warped.

    python benchmarks/mosaic_interpolations.py PHOTOS [--count N] [--seed N]

Sharp photos are moved as light (`sharp_pairs`), and their long frame is moved back by the right
motion: interpolated in square-rooted light by OpenCV, by LibRaw or by pairfix, warped with bicubic
interpolation, and sampled under the short frame's filters. Prints the PSNR in dB (sRGB display
values of the mosaics' planes) against what the short frame shows.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import rawpy
from numpy.typing import NDArray
from sharp_pairs import SharpPair, display_psnr, sharp_pairs

from pairfix.formats import encode_capture
from pairfix.image import Bayer, Frame, Planes
from pairfix.light import CELL, planes_from_frame
from pairfix.stages.align.demosaic import decode_root, encode_root
from pairfix.stages.align.warp import resampled, warp_planes
from pairfix.stages.exposure import match_exposure

Colours = list[NDArray[np.float32]]
"""R, G and B at full size, square-rooted."""
_Way = Callable[[Planes], Colours]

_SHIFT, _DEGREES = (6.6, -5.2), 0.2
_WHITE = 65535
_LIBRAW = ("LINEAR", "VNG", "PPG", "AHD", "DCB", "DHT", "AAHD")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    ways: dict[str, _Way] = {
        "OpenCV, bilinear": partial(_by_opencv, code=cv2.COLOR_BayerRGGB2RGB),
        "OpenCV, edge-aware": partial(_by_opencv, code=cv2.COLOR_BayerRGGB2RGB_EA),
        **{f"LibRaw, {name}": partial(_by_libraw, name=name) for name in _LIBRAW},
    }
    results: dict[str, list[float]] = {}
    for pair in sharp_pairs(arguments.photos, arguments.count, _SHIFT, _DEGREES, arguments.seed):
        matched = match_exposure(pair.long, pair.short)
        encoded, offset = encode_root(matched.long_planes)
        for name, way in ways.items():
            planes = _warped(way(encoded), pair)
            decode_root(planes, offset)
            results.setdefault(name, []).append(display_psnr(planes, pair.truth))
        planes = warp_planes(matched, pair.motion)
        results.setdefault("pairfix", []).append(display_psnr(planes, pair.truth))
        unmoved = display_psnr(planes_from_frame(pair.unmoved), pair.truth)
        results.setdefault("unmoved", []).append(unmoved)
    print(f"| interpolation | mean | {arguments.count} photos |")
    print("|---|---:|---|")
    for name, figures in results.items():
        print(f"| {name} | {np.mean(figures):.2f} | {', '.join(f'{x:.1f}' for x in figures)} |")


def _warped(colours: Colours, pair: SharpPair) -> Planes:
    size = colours[0].shape[::-1]
    red, green, blue = (resampled(colour, pair.motion, size) for colour in colours)
    sites = zip((red, green, green, blue), CELL, strict=True)
    return np.stack([colour[row::2, column::2] for colour, (row, column) in sites])


def _mosaic(planes: Planes) -> tuple[NDArray[np.uint16], np.float32]:
    """In 16 bits, and one step's value."""
    _, height, width = planes.shape
    step = np.float32(planes.max() / _WHITE)
    mosaic = np.empty((2 * height, 2 * width), np.uint16)
    for plane, (row, column) in zip(planes, CELL, strict=True):
        mosaic[row::2, column::2] = np.rint(plane / step)
    return mosaic, step


def _by_opencv(planes: Planes, code: int) -> Colours:
    mosaic, step = _mosaic(planes)
    rgb = cv2.demosaicing(mosaic, code)
    return [rgb[..., colour].astype(np.float32) * step for colour in range(3)]


def _by_libraw(planes: Planes, name: str) -> Colours:
    mosaic, step = _mosaic(planes)
    bayer = Bayer("RGGB", (0.0,) * 4, _WHITE, (1.0, 1.0, 1.0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mosaic.dng"
        encode_capture(Frame(path, mosaic, bayer), np.eye(3), path)
        with rawpy.imread(str(path)) as raw:
            rgb = raw.postprocess(
                demosaic_algorithm=rawpy.DemosaicAlgorithm[name],
                output_color=rawpy.ColorSpace.raw,
                gamma=(1, 1),
                no_auto_bright=True,
                no_auto_scale=True,
                user_wb=[1, 1, 1, 1],
                user_black=0,
                user_sat=_WHITE,
                output_bps=16,
            )
    return [rgb[..., colour].astype(np.float32) * step for colour in range(3)]


if __name__ == "__main__":
    main()
