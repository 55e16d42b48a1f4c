"""What pairs whose long exposure is sharp gain by it, and what others lose; and what stars keep.

    python benchmarks/sharp_long.py PAIRS [--camera-jpegs SCRIPT] [--photos PHOTOS] [--model MODEL]

PAIRS holds a folder for each raw pair, with ``long.dng``, ``short.dng`` and the truth ``gt.dng``.
Of each, three pairs are restored without and with the sharp long photo:

- tripod: the long frame is the truth with the long frame's noise;
- half: so is its left half, the right half is blurred;
- hand: the files as they are.

SCRIPT makes camera JPEGs of raw triples (``SCRIPT TRIPLES OUT NAME=BRIGHTNESS,KIND,QUALITY``); then
tripods are restored as such too. Of PHOTOS, sharp pairs are made whose long frame lies elsewhere
(`sharp_pairs`). PSNR in dB refers to sRGB display values of the planes. The star
fields hold 120 stars of random place, brightness and tint in a dark sky; those of which the short
frame records seven times its noise count, and one is lost whose peak is below a quarter of its own.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from sharp_pairs import recorded, sharp_pairs

from pairfix.backends import DeviceChoice
from pairfix.formats import decode, encode_dng
from pairfix.image import Bayer, Exposure, Frame, Fused, NoiseProfile, Planes
from pairfix.light import linear_to_srgb, mean_light, mosaic_from_planes, planes_from_frame
from pairfix.metrics import psnr
from pairfix.pipeline import Recipe, Restored, Restorer
from pairfix.stages.develop import source_mosaic

Floats = NDArray[np.float32]

_SEED = 7
_BLUR = 9
"""Length of the motion blur in the half pairs, in samples."""
_DISPLACED = 6
_SHIFT, _DEGREES = (6.6, -5.2), 0.2
"""How far the displaced pairs' long frames lie off, in pixels, and how much they are turned."""
_JPEGS = {"wheel": "1/4,phone,90", "neon": "1/8,phone,88", "street": "1,phone,92"}
_OTHERS = "1/2,phone,90"
_STARS = 120
_FIELD = (768, 1024)
_SKY = 0.004
_FAINTEST, _BRIGHTEST = 0.03, 1.0
_SPREAD = 0.8
"""Sigma of a star in pixels."""
_TINT = 0.15
_SHOT, _READ, _RATIO = 4e-3, 1e-4, 8
_VISIBLE = 7.0
_LOST = 0.25
_AROUND = 9
"""Samples around a star."""
_TRAILS = (0, 14)
"""Lengths in pixels of the long frame's stars."""
_WHITE_BALANCE = (1.9, 1.0, 1.6)


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair and its truth."""

    name: str
    long: Frame
    short: Frame
    truth: Planes


def main() -> None:
    arguments = _parse()
    restorers = [
        Restorer(Recipe(model=arguments.model, sharp_long=used, device=arguments.device))
        for used in (False, True)
    ]
    print("| pair | short | long | without | with | share |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for folder in sorted(path.parent for path in arguments.pairs.glob("*/gt.dng")):
        pairs = [*_raw_pairs(folder)]
        if arguments.camera_jpegs:
            pairs.append(_jpeg_pair(pairs[0], folder, arguments.camera_jpegs))
        _print_rows(pairs, restorers)
    if arguments.photos:
        made = sharp_pairs(arguments.photos, _DISPLACED, _SHIFT, _DEGREES, _SEED)
        displaced = (
            Pair(f"{each.name} displaced", each.long, each.short, each.truth) for each in made
        )
        _print_rows(displaced, restorers)
    print("\n| trail | stars | lost without | lost with | median peak without | with |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for trail in _TRAILS:
        print(_star_row(trail, arguments.device), flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--camera-jpegs", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--device", choices=get_args(DeviceChoice), default="cpu")
    return parser.parse_args()


def _raw_pairs(folder: Path) -> Iterator[Pair]:
    long, short, gt = (decode(folder / f"{name}.dng", "raw") for name in ("long", "short", "gt"))
    if gt.bayer is None or long.noise_profile is None:
        raise SystemExit(f"{folder}: the files hold no Bayer mosaic, or state no noise")
    bayer = replace(gt.bayer, black=(gt.bayer.black[0],) * 4)
    truth = planes_from_frame(gt)
    half = truth.copy()
    middle = truth.shape[2] // 2
    half[:, :, middle:] = _blurred(truth)[:, :, middle:]
    for kind, light in (("tripod", truth), ("half", half)):
        mosaic = mosaic_from_planes(light, bayer, gt.size)
        pixels = recorded(mosaic, bayer, long.noise_profile[1], np.random.default_rng(_SEED))
        retaken = replace(long, pixels=pixels, bayer=bayer, orientation=gt.orientation)
        yield Pair(f"{folder.name} {kind}", retaken, short, truth)
    yield Pair(f"{folder.name} hand", long, short, truth)


def _blurred(planes: Planes) -> Planes:
    kernel = np.zeros((_BLUR, _BLUR), np.float32)
    cv2.line(kernel, (0, _BLUR // 4), (_BLUR - 1, _BLUR - 1 - _BLUR // 4), 1.0)
    return np.stack([cv2.filter2D(plane, -1, kernel / kernel.sum()) for plane in planes])


def _jpeg_pair(tripod: Pair, folder: Path, script: Path) -> Pair:
    gt = decode(folder / "gt.dng", "raw")
    mosaic = source_mosaic(Fused(tripod.long, planes_from_frame(tripod.long), 1.0))
    with tempfile.TemporaryDirectory() as place:
        triple, out = Path(place) / "triples" / folder.name, Path(place) / "jpegs"
        triple.mkdir(parents=True)
        encode_dng(gt, mosaic, 0.0, triple / "long.dng")
        for name in ("short.dng", "gt.dng"):
            (triple / name).symlink_to((folder / name).resolve())
        how = f"{folder.name}={_JPEGS.get(folder.name, _OTHERS)}"
        subprocess.run(  # noqa: S603  (the script that was given)
            [sys.executable, str(script), str(triple.parent), str(out), how], check=True
        )
        made = out / folder.name
        return Pair(
            f"{folder.name} tripod, JPEG",
            decode(made / "long.jpg"),
            decode(made / "short.jpg"),
            planes_from_frame(decode(made / "gt.png")),
        )


def _print_rows(pairs: Iterable[Pair], restorers: list[Restorer]) -> None:
    for pair in pairs:
        for row in _rows(pair, restorers):
            print(row, flush=True)


def _rows(pair: Pair, restorers: list[Restorer]) -> Iterator[str]:
    without, with_long = (each.restore(pair.long, pair.short) for each in restorers)
    versions = [
        *(without.scene.sources[role] for role in ("short", "long")),
        without.fused.planes,
        with_long.fused.planes,
    ]
    middle = pair.truth.shape[2] // 2
    parts = {"": slice(None)}
    if pair.name.endswith("half"):
        parts = {", sharp": slice(0, middle), ", blurred": slice(middle, None)}
    for part, columns in parts.items():
        figures = [
            psnr(_display(each[:, :, columns]), _display(pair.truth[:, :, columns]))
            for each in versions
        ]
        share = float(_share(with_long)[:, _same_part(with_long, columns)].mean())
        yield f"| {pair.name}{part} | {' | '.join(f'{x:.2f}' for x in figures)} | {share:.0%} |"


def _share(restored: Restored) -> Floats:
    share = restored.fused.long_share
    return np.zeros((1, 2), np.float32) if share is None else share


def _same_part(restored: Restored, columns: slice) -> slice:
    middle = _share(restored).shape[1] // 2
    return slice(columns.start and middle, columns.stop and middle)


def _display(planes: Planes) -> Floats:
    return linear_to_srgb(np.clip(planes, 0, 1))


@dataclass(frozen=True, slots=True)
class Stars:
    """What a sky holds."""

    places: NDArray[np.float64]
    """``n x 2``, down and across, in pixels."""
    light: NDArray[np.float64]
    """``n x 3``, the peak in each colour."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Stars":
        """Stars of random place, brightness and tint."""
        edge = 30
        places = rng.uniform(edge, np.array(_FIELD) - edge, (_STARS, 2))
        peaks = np.exp(rng.uniform(np.log(_FAINTEST), np.log(_BRIGHTEST), (_STARS, 1)))
        return cls(places, peaks * np.exp(rng.normal(0, _TINT, (_STARS, 3))))

    def sky(self, trail: float) -> Floats:
        """``3 x H x W`` linear light, white-balanced."""
        light = np.full((3, *_FIELD), _SKY, np.float32)
        reach = 25
        moments = np.linspace(-trail / 2, trail / 2, int(2 * trail) + 1)
        down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        for (row, column), colour in zip(self.places, self.light, strict=True):
            top, left = int(row), int(column)
            spots = [
                np.exp(
                    -((down + top - row - moment / 2) ** 2) / (2 * _SPREAD**2)
                    - (across + left - column - moment * 0.75**0.5) ** 2 / (2 * _SPREAD**2)
                )
                for moment in moments
            ]
            window = (
                ...,
                slice(top - reach, top + reach + 1),
                slice(left - reach, left + reach + 1),
            )
            light[window] += (colour[:, None, None] * np.mean(spots, axis=0)).astype(np.float32)
        return light


def _star_row(trail: float, device: DeviceChoice) -> str:
    rng = np.random.default_rng(_SEED)
    stars = Stars.draw(rng)
    profile = ((_SHOT, _READ),) * 3
    cleaner = ((_SHOT / _RATIO, _READ / _RATIO**2),) * 3
    short = _shot(stars.sky(0), profile, Exposure(1 / 16, 6400), rng)
    long = _shot(stars.sky(trail), cleaner, Exposure(1 / 2, 800), rng)
    truth = planes_from_frame(_shot(stars.sky(0), ((0.0, 0.0),) * 3, Exposure(), rng))
    seen = _signal_to_noise(truth, stars) >= _VISIBLE
    actual = _peaks(truth, stars)[seen]
    row = [f"{trail} px", str(np.count_nonzero(seen))]
    kept = []
    for used in (False, True):
        recipe = Recipe(sharp_long=used, points=used, device=device)
        planes = Restorer(recipe).restore(long, short).fused.planes
        kept.append(_peaks(planes, stars)[seen] / actual)
    row += [str(np.count_nonzero(each < _LOST)) for each in kept]
    row += [f"{np.median(each):.2f}" for each in kept]
    return f"| {' | '.join(row)} |"


def _shot(
    light: Floats, profile: NoiseProfile, exposure: Exposure, rng: np.random.Generator
) -> Frame:
    """A photo under an RGGB filter."""
    bayer = Bayer("RGGB", (256.0,) * 4, 4095.0, _WHITE_BALANCE)
    red, green, blue = light
    planes = np.stack([red[::2, ::2], green[::2, 1::2], green[1::2, ::2], blue[1::2, 1::2]])
    mosaic = mosaic_from_planes(planes, bayer, light.shape[1:])
    pixels = recorded(mosaic, bayer, profile[1], rng)
    return Frame(Path("sky.dng"), pixels, bayer, exposure, noise_profile=profile)


def _around(planes: Planes, stars: Stars) -> Iterator[Planes]:
    for row, column in stars.places:
        top, left = round(row / 2 - _AROUND / 2), round(column / 2 - _AROUND / 2)
        yield planes[:, top : top + _AROUND, left : left + _AROUND]


def _peaks(planes: Planes, stars: Stars) -> Floats:
    """Each star's brightest sample over the sky, all colours together."""
    inner = slice(_AROUND // 2 - 1, _AROUND // 2 + 2)
    lights = [mean_light(window) for window in _around(planes, stars)]
    return np.array([each[inner, inner].max() - np.median(each) for each in lights])


def _signal_to_noise(truth: Planes, stars: Stars) -> Floats:
    """Of an ideal detector that knows each star's shape and place."""
    gains = np.array(_WHITE_BALANCE, np.float32)[[0, 1, 1, 2], None, None]
    figures = []
    for window in _around(truth, stars):
        signal = window - np.median(window, axis=(1, 2), keepdims=True)
        variance = gains * _SHOT * np.maximum(window, 0) + gains**2 * _READ
        figures.append(np.sqrt((signal**2 / variance).sum()))
    return np.array(figures)


if __name__ == "__main__":
    main()
