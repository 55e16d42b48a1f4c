"""The noise that networks are told of RGB pairs, over the noise that is there.

    python benchmarks/noise_estimates.py PHOTOS [--pairs PAIRS --camera-jpegs SCRIPT] [--count N]

Held-out photos of PHOTOS are taken twice by cameras that process their noise in known ways: the
short frame sharp and noisy; the long one with motion blur (of 3 to 25 pixels; one pair in five is
a tripod's) and an eighth of the noise. The truth is the noise that the pictures of the same light
without noise, processed alike, do not have: its standard deviation about the mean of blocks of
16 x 16 pixels, by channel and brightness. What is printed is the estimate over it, weighted by
area: median and, in brackets, the range from the tenth to the ninetieth percentile; and the same
of the finest detail, in which white noise can be measured.

PAIRS holds raw triples (``long.dng``, ``short.dng``, ``gt.dng``), of which SCRIPT makes camera
JPEGs (``SCRIPT TRIPLES OUT NAME=BRIGHTNESS,KIND,QUALITY``). Truth there is the short frame less
the ground truth as the camera would have saved it. The last column holds the mean and the standard
deviation of the logarithm of estimate over truth.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pairfix.formats import decode
from pairfix.image import Planes
from pairfix.light import (
    CELL,
    encode_planes,
    linear_to_srgb,
    planes_from_frame,
    srgb_to_linear,
)
from pairfix.noise import LEVELS, noise_curve
from pairfix.noise.blocks import BLOCK
from pairfix.noise.detail import detail_curve
from pairfix.noise.flat import pair_curves
from pairfix.stages.prepare import prepare_pair
from pairfix.synth.photos import HOLDOUT, LONGEST, list_photos, read_photo

Picture = NDArray[np.float32]
"""``H x W x 3``."""
Curve = NDArray[np.float32]

_SEED = 11
"""Of the choice of photos, which is not that by which the estimator's constants were chosen."""
_SIDE = 640
_BLUR = (3, 25)
_TRIPODS = 5
_SHOT, _READ = (1.5e-3, 1.3e-2), (2e-5, 3e-4)
_WHITE = (8 / 255, 35 / 255)
_RATIO = 8
_SHARPENING = 0.4
_DEPTH, _BLACK = 40000, 8000
"""Steps from black to white, and below black, of what is demosaiced."""
_STRIDE = 7
_FEWEST = 24
"""Blocks of one brightness and channel that have a truth."""
_JPEGS = {"wheel": "1/4,phone,90", "neon": "1/8,phone,88", "street": "1,phone,92"}
_OTHERS = "1/4,phone,90"


@dataclass(frozen=True, slots=True)
class Camera:
    """What a camera does to a photo."""

    white: bool = False
    """Whether its noise is white, instead of a mosaic's."""
    chroma: float = 0.0
    """Sigma in pixels of the Gaussian that smooths colours."""
    calmed: bool = False
    """Whether brightness is smoothed where it hardly varies, then sharpened."""
    quality: int = 0
    """Of the JPEG; 0 for 8 bits without loss."""
    subsampled: bool = True
    """Whether the JPEG is 4:2:0, instead of 4:4:4."""

    def sense(self, light: Picture, gain: float, rng: np.random.Generator | None) -> Picture:
        """Display values of light, with noise if there is a generator."""
        if self.white:
            noise = rng.normal(0, gain, light.shape) if rng else 0
            return np.asarray(linear_to_srgb(light) + noise, np.float32)
        mosaic: NDArray[np.float32] = np.empty(light.shape[:2], np.float32)
        for colour, (y, x) in zip((0, 1, 1, 2), CELL, strict=True):
            mosaic[y::2, x::2] = light[y::2, x::2, colour]
        if rng:
            shot, read = (low * (high / low) ** gain for low, high in (_SHOT, _READ))
            noise = np.sqrt(shot * mosaic + read) * rng.standard_normal(mosaic.shape)
            mosaic = (mosaic + noise).astype(np.float32)
        levels = np.clip(np.rint(mosaic * _DEPTH) + _BLACK, 0, 65535).astype(np.uint16)
        colours = cv2.cvtColor(levels, cv2.COLOR_BayerRGGB2RGB_EA).astype(np.float32)
        return linear_to_srgb(np.clip((colours - _BLACK) / np.float32(_DEPTH), 0, 1))

    def process(self, picture: Picture) -> Picture:
        """Smooth and sharpen."""
        brightness, *colours = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))
        if self.chroma:
            colours = [cv2.GaussianBlur(each, (0, 0), self.chroma) for each in colours]
        if self.calmed:
            brightness = cv2.bilateralFilter(brightness, 5, 0.03, 1.2)
        out = cv2.cvtColor(cv2.merge([brightness, *colours]), cv2.COLOR_YCrCb2RGB)
        if self.calmed:
            out = out + _SHARPENING * (out - cv2.GaussianBlur(out, (0, 0), 1.0))
        return np.clip(out, 0, 1).astype(np.float32)

    def save(self, picture: Picture) -> Picture:
        """What is left in the file."""
        pixels = np.rint(picture[:, :, ::-1] * 255).astype(np.uint8)
        if self.quality:
            sampling = (
                cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
                if self.subsampled
                else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
            )
            how = [cv2.IMWRITE_JPEG_QUALITY, self.quality]
            how += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
            data = cv2.imencode(".jpg", pixels, how)[1]
            pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return pixels[:, :, ::-1].astype(np.float32) / np.float32(255)


_PHONE = {"chroma": 1.5, "calmed": True}
CAMERAS = {
    "white": Camera(white=True),
    "demosaiced": Camera(),
    "colours smoothed by 0.7": Camera(chroma=0.7),
    "colours smoothed by 1.5": Camera(chroma=1.5),
    "colours smoothed by 2.5": Camera(chroma=2.5),
    "smoothed, sharpened": Camera(chroma=1.5, calmed=True),
    "white, JPEG 90 4:2:0": Camera(white=True, quality=90),
    "demosaiced, JPEG 75 4:4:4": Camera(quality=75, subsampled=False),
    "demosaiced, JPEG 60 4:2:0": Camera(quality=60),
    "smoothed, sharpened, JPEG 97 4:4:4": Camera(
        chroma=1.5, calmed=True, quality=97, subsampled=False
    ),
    "smoothed, sharpened, JPEG 85 4:2:0": Camera(chroma=2.5, calmed=True, quality=85),
    "smoothed, sharpened, JPEG 60 4:2:0": Camera(chroma=1.5, calmed=True, quality=60),
}


@dataclass(frozen=True, slots=True)
class Truth:
    """The noise of one frame, ``C x K`` each."""

    deviation: Curve
    """At `LEVELS`; NaN where too little of the photo is that bright."""
    blocks: NDArray[np.floating]

    @classmethod
    def of(cls, noisy: Planes, clean: Planes) -> "Truth":
        """From encoded planes of one frame with and without noise."""
        variance, level = _blocks(noisy - clean).var(axis=2), _blocks(clean).mean(axis=2)
        index = np.rint(level * (len(LEVELS) - 1)).clip(0, len(LEVELS) - 1)
        found = [
            [each[place == number] for number in range(len(LEVELS))]
            for each, place in zip(variance, index, strict=True)
        ]
        counts = np.array([[float(len(each)) for each in channel] for channel in found])
        deviation = [
            [np.sqrt(each.mean()) if len(each) >= _FEWEST else np.nan for each in channel]
            for channel in found
        ]
        return cls(np.array(deviation, np.float32), counts)


@dataclass(frozen=True, slots=True)
class Ratios:
    """Estimates over truth for the frames of several pairs, ``n x C x K``."""

    values: NDArray[np.floating]
    weights: NDArray[np.floating]

    @classmethod
    def of(cls, estimates: Sequence[Curve], truths: Sequence[Truth]) -> "Ratios":
        """Of one kind of frame."""
        values = np.stack(
            [one / true.deviation for one, true in zip(estimates, truths, strict=True)]
        )
        weights = np.stack([each.blocks for each in truths]) * np.isfinite(values)
        return cls(values, weights)

    def told(self, part: tuple[slice | int, ...] = (slice(None),)) -> str:
        """Median and range, weighted by area, of a part."""
        values, weights = self.values[part].ravel(), self.weights[part].ravel()
        order = np.argsort(values)[: np.count_nonzero(np.isfinite(values))]
        share = np.cumsum(weights[order]) / max(weights.sum(), 1)
        if not len(order):
            return "-"
        low, middle, high = values[order][np.searchsorted(share, (0.1, 0.5, 0.9))]
        return f"{middle:.2f} [{low:.2f} {high:.2f}]"

    def logarithms(self) -> tuple[float, float]:
        """Mean and standard deviation, weighted by area."""
        known = np.isfinite(self.values) & (self.weights > 0)
        errors, weights = np.log(self.values[known]), self.weights[known]
        mean = np.average(errors, weights=weights)
        return float(mean), float(np.average((errors - mean) ** 2, weights=weights) ** 0.5)

    def within(self, error: float) -> float:
        """Share of the area whose noise is known to this."""
        close = np.abs(self.values - 1) <= error
        return float((close * self.weights).sum() / self.weights.sum())


_ALL = slice(None)
_PARTS: dict[str, tuple[slice | int, ...]] = {
    "red": (_ALL, 0),
    "green": (_ALL, 1),
    "blue": (_ALL, 2),
    "dark": (_ALL, _ALL, slice(0, 5)),
    "middle": (_ALL, _ALL, slice(5, 11)),
    "bright": (_ALL, _ALL, slice(11, None)),
}
"""Of an array ``pairs x channels x levels``."""


def main() -> None:
    arguments = _arguments()
    columns = ["camera", *_PARTS, "within 20 %", "long frame", "finest detail"]
    print(f"| {' | '.join(columns)} |\n|---|{'---:|' * (len(columns) - 1)}", flush=True)
    photos = [*_photos(arguments.photos, arguments.count)]
    for name, camera in CAMERAS.items():
        print(_row(name, camera, photos), flush=True)
    if arguments.pairs:
        print("\n| camera JPEG | short frame | finest detail | log |\n|---|---:|---:|---:|")
        for name in sorted(path.parent.name for path in arguments.pairs.glob("*/gt.dng")):
            how = _JPEGS.get(name, _OTHERS)
            estimate, fine = _of_triple(name, how, arguments.pairs, arguments.camera_jpegs)
            mean, deviation = estimate.logarithms()
            cells = [name, estimate.told(), fine.told(), f"{mean:.2f} ± {deviation:.2f}"]
            print(f"| {' | '.join(cells)} |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--camera-jpegs", type=Path)
    parser.add_argument("--count", type=int, default=10, help="photos")
    arguments = parser.parse_args()
    if (arguments.pairs is None) != (arguments.camera_jpegs is None):
        parser.error("--pairs and --camera-jpegs belong together")
    return arguments


def _photos(folder: Path, count: int) -> Iterator[Picture]:
    """Linear light of the photos' middles."""
    paths = list_photos(folder, "validation", holdout=HOLDOUT)
    chosen = np.random.default_rng(_SEED).choice(len(paths), min(count, len(paths)), replace=False)
    for index in sorted(chosen):
        pixels = read_photo(paths[index], 1, LONGEST)
        height, width = (min(side, _SIDE) // 2 * 2 for side in pixels.shape[:2])
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        middle = pixels[top : top + height, left : left + width]
        yield srgb_to_linear(middle.astype(np.float32) / np.float32(255))


def _row(name: str, camera: Camera, photos: Sequence[Picture]) -> str:
    rng = np.random.default_rng(_SEED)
    told: dict[str, list[Curve]] = {"short": [], "long": [], "fine": []}
    truths: dict[str, list[Truth]] = {"short": [], "long": []}
    for number, light in enumerate(photos):
        blurred = light if number % _TRIPODS == _TRIPODS - 1 else _blurred(light, rng)
        gain = rng.uniform()
        frames = {}
        for role, seen in (("short", light), ("long", blurred)):
            strength = _strength(camera, gain, role)
            clean = camera.process(camera.sense(seen, 0, None))
            noisy = camera.save(camera.process(camera.sense(seen, strength, rng)))
            frames[role] = _planes(noisy)
            truths[role].append(Truth.of(frames[role], _planes(clean)))
        known = np.ones([side // BLOCK for side in light.shape[:2]], np.bool_)
        short, long = pair_curves(frames["short"], frames["long"], known)
        told["short"].append(short)
        told["long"].append(long)
        told["fine"].append(_finest(frames["short"], frames["long"]))
    ratios = Ratios.of(told["short"], truths["short"])
    cells = [ratios.told(part) for part in _PARTS.values()]
    cells.append(f"{ratios.within(0.2):.0%}")
    cells.append(Ratios.of(told["long"], truths["long"]).told())
    cells.append(Ratios.of(told["fine"], truths["short"]).told())
    return f"| {name} | {' | '.join(cells)} |"


def _strength(camera: Camera, gain: float, role: str) -> float:
    """Standard deviation of white noise; of a mosaic's, 0 to 1 for the short frame's range."""
    if camera.white:
        return float(np.interp(gain, (0, 1), _WHITE)) / (1 if role == "short" else _RATIO**0.5)
    return gain if role == "short" else gain - np.log(_RATIO) / np.log(_SHOT[1] / _SHOT[0])


def _blurred(light: Picture, rng: np.random.Generator) -> Picture:
    length, angle = rng.uniform(*_BLUR), rng.uniform(0, np.pi)
    side = int(length) | 1
    reach = np.array([np.cos(angle), np.sin(angle)]) * (side // 2)
    kernel = np.zeros((side, side), np.float32)
    first, last = (np.rint(side // 2 + sign * reach).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, first, last, 1.0)
    moved = cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)


def _planes(picture: Picture) -> Planes:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


def _blocks(planes: Planes) -> Planes:
    """``C x n x BLOCK * BLOCK``."""
    channels, height, width = planes.shape
    rows, columns = height // BLOCK, width // BLOCK
    cut = planes[:, : rows * BLOCK, : columns * BLOCK]
    shape = channels, rows, BLOCK, columns, BLOCK
    return cut.reshape(shape).swapaxes(2, 3).reshape(channels, rows * columns, -1)


def _finest(short: Planes, long: Planes) -> Curve:
    """White noise of the short frame, from the finest detail of short minus long and of long."""
    both, own = detail_curve(short - long, long), detail_curve(long, long)
    return np.sqrt(np.maximum(both**2 - own**2, 0))


def _of_triple(name: str, how: str, pairs: Path, script: Path) -> tuple[Ratios, Ratios]:
    """The estimates of the short frame's noise, and those from the finest detail."""
    with tempfile.TemporaryDirectory() as folder:
        noisy, clean = (Path(folder) / kind for kind in ("noisy", "clean"))
        for place, short in ((noisy, "short"), (clean, "gt")):
            triple = place / name
            triple.mkdir(parents=True)
            for role, source in (("long", "long"), ("short", short), ("gt", "gt")):
                (triple / f"{role}.dng").symlink_to((pairs / name / f"{source}.dng").resolve())
            subprocess.run(  # noqa: S603  (the script that was given)
                [sys.executable, str(script), str(place), str(place), f"{name}={how}"], check=True
            )
        pair = prepare_pair(noisy / name / "long.jpg", noisy / name / "short.jpg")
        exact = planes_from_frame(decode(clean / name / "short.jpg"))
    encoded = {str(role): encode_planes(each, "srgb") for role, each in pair.sources.items()}
    matched = _matched(exact, planes_from_frame(pair.short), pair.short_planes)
    truth = Truth.of(encoded["short"], encode_planes(matched, "srgb"))
    told = noise_curve(pair, encoded, "srgb", role="short")
    fine = _finest(encoded["short"], encoded["long"])
    return Ratios.of([told], [truth]), Ratios.of([fine], [truth])


def _matched(exact: Planes, before: Planes, after: Planes) -> Planes:
    """What exposure matching made of the noisy frame, done to the exact one: a line per channel."""
    lines = [
        np.polyfit(x.ravel()[::7], y.ravel()[::7], 1) for x, y in zip(before, after, strict=True)
    ]
    return np.stack(
        [slope * plane + offset for plane, (slope, offset) in zip(exact, lines, strict=True)]
    ).astype(np.float32)


if __name__ == "__main__":
    main()
