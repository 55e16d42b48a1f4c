"""Put bands of flickering light into short frames, and see whether they are taken out again.

    python benchmarks/flicker.py restore PAIRS
    python benchmarks/flicker.py detect PAIRS...

`restore` takes raw pairs with a truth (gt.dng) and exposes the truth's light anew under flicker,
with the noise that the short file's NoiseProfile states; middle crops are restored by the default
model, with bands left in and taken out, and compared with the truth in the network's range.

`detect` takes pairs of any kind, and multiplies their short planes, noise included, by the bands.
It counts how often bands are taken out, only noted or missed, and the error of the gains that were
taken out; first without bands, where nothing may be found.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pairfix.backends import OpenModel, choose_runtime, settle_precision
from pairfix.errors import AlignmentError
from pairfix.formats import decode
from pairfix.image import AlignedPair, Frame, Planes
from pairfix.light import encode_planes, mosaic_from_planes, planes_from_frame
from pairfix.metrics import psnr
from pairfix.model import default_model
from pairfix.stages.flicker import remove_flicker
from pairfix.stages.flicker.bands import Bands, find_bands
from pairfix.stages.fuse import fuse
from pairfix.stages.prepare import Preparation, prepare_pair

BANDS = ((2.0, 0.1), (7.3, 0.1), (2.0, 0.3), (7.3, 0.3), (2.0, 0.7), (7.3, 0.7))
"""Bands per frame, and their depth from peak to peak relative to the mean."""
_WEAKER, _LATER = 0.05, 0.02
"""How the bands of each plane differ from those of the plane before: in depth, and in phase."""
_SEED = 5
_AS_IT_IS = Preparation(keep_row_noise=True, keep_flicker=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=("restore", "detect"))
    parser.add_argument("pairs", type=Path, nargs="+", help="folders of folders of pairs")
    parser.add_argument("--side", type=int, default=640, help="of the crops in pixels")
    arguments = parser.parse_args()
    folders = [short.parent for each in arguments.pairs for short in sorted(each.glob("*/short.*"))]
    if arguments.what == "restore":
        _restore([each for each in folders if (each / "gt.dng").exists()], arguments.side)
    else:
        _detect(folders)


def _gains(planes: int, rows: int, bands: float, depth: float) -> Planes:
    """The light's gain in each row, ``C x rows x 1``."""
    row = (np.arange(rows) + 0.5) / rows
    waves = [
        (1 - _WEAKER * plane) * np.sin(2 * np.pi * (bands * row + 0.1 + _LATER * plane))
        for plane in range(planes)
    ]
    return (1 + depth / 2 * np.array(waves, np.float32))[:, :, None]


def _restore(folders: Sequence[Path], side: int) -> None:
    model = default_model("raw")
    opened = OpenModel(model, settle_precision(choose_runtime(), model, "auto"))

    def quality(long: Frame, short: Frame, truth: Frame, *, keep: bool) -> float:
        pair = prepare_pair(long, short, Preparation(keep_flicker=keep))
        fused, _ = fuse(pair, opened)
        ours, theirs = (
            encode_planes(each, "raw") for each in (fused.planes, planes_from_frame(truth))
        )
        return psnr(ours, theirs)

    print("| pair | bands | depth | without dB | left in dB | taken out dB |")
    print("|---|---:|---:|---:|---:|---:|")
    for folder in folders:
        long, short, truth = (
            _crop(decode(folder / f"{name}.dng"), side) for name in ("long", "short", "gt")
        )
        steady = quality(long, _exposed(truth, short, 2.0, 0.0), truth, keep=False)
        for bands, depth in BANDS:
            flickering = _exposed(truth, short, bands, depth)
            left, out = (quality(long, flickering, truth, keep=keep) for keep in (True, False))
            figures = f"{steady:.2f} | {left:.2f} | {out:.2f}"
            print(f"| {folder.name} | {bands:g} | {depth:g} | {figures} |", flush=True)


def _crop(frame: Frame, side: int) -> Frame:
    """The middle, beginning with a whole cell."""
    top, left = ((length - side) // 4 * 2 for length in frame.size)
    return replace(frame, pixels=frame.pixels[top : top + side, left : left + side].copy())


def _exposed(truth: Frame, short: Frame, bands: float, depth: float) -> Frame:
    """The truth's light under flicker, in the short frame's noise."""
    bayer, profile = short.bayer, short.noise_profile
    if bayer is None or profile is None:
        raise SystemExit(f"{short.path}: a raw with a NoiseProfile is needed")
    white_balance = np.array(bayer.gains, np.float32)[:, None, None]
    shot, read = np.array(profile, np.float32)[[0, 1, 1, 2], :, None, None].transpose(1, 0, 2, 3)
    light = np.maximum(planes_from_frame(truth) / white_balance, 0)
    light *= _gains(4, light.shape[1], bands, depth)
    noise = np.random.default_rng(_SEED).standard_normal(light.shape, np.float32)
    light += np.sqrt(shot * light + read) * noise
    mosaic = mosaic_from_planes(light * white_balance, bayer, short.size)
    black = float(np.mean(bayer.black))
    levels = np.clip(np.rint(black + mosaic * (bayer.white - black)), 0, bayer.white)
    even = replace(bayer, black=(black,) * 4)
    return replace(short, pixels=levels.astype(np.uint16), bayer=even)


def _detect(folders: Sequence[Path]) -> None:
    pairs = list(_prepared(folders))
    shares = [each.explained for pair in pairs for each in _waves(pair)]
    found = sum(remove_flicker(pair).flicker is not None for pair in pairs)
    print(f"{len(pairs)} pairs. Without bands: {found} found, strongest wave {max(shares):.2f}")
    print("| bands | depth | taken out | noted | missed | error, median | error, worst |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for bands, depth in BANDS:
        _print_detected(pairs, bands, depth)


def _prepared(folders: Sequence[Path]) -> Iterator[AlignedPair]:
    for folder in folders:
        (long,), (short,) = folder.glob("long.*"), folder.glob("short.*")
        try:
            yield prepare_pair(long, short, _AS_IT_IS)
        except AlignmentError as error:
            print(error)


def _waves(pair: AlignedPair) -> list[Bands]:
    found = [
        find_bands(pair, vertical=each) for each in (False, True)[: 1 if pair.short.bayer else 2]
    ]
    return [each for each in found if each]


def _print_detected(pairs: Sequence[AlignedPair], bands: float, depth: float) -> None:
    errors: list[float] = []
    noted = 0
    for pair in pairs:
        planes, rows, _ = pair.short_planes.shape
        gains = _gains(planes, rows, bands, depth)
        after = remove_flicker(replace(pair, short_planes=pair.short_planes * gains))
        if after.flicker and after.flicker.removed:
            errors.append(_error(after.short_planes, pair.short_planes))
        noted += bool(after.flicker and not after.flicker.removed)
    missed = len(pairs) - noted - len(errors)
    print(
        f"| {bands:g} | {depth:g} | {len(errors)} | {noted} | {missed} "
        f"| {np.median(errors):.1%} | {max(errors):.1%} |"
    )


def _error(after: Planes, before: Planes) -> float:
    """Root mean square over the rows of the gain that is left, each channel's level aside."""
    left = (after * before).sum(axis=2) / (before * before).sum(axis=2)
    return float((left / left.mean(axis=1, keepdims=True)).std())


if __name__ == "__main__":
    main()
