"""Fine-tune the shipped raw model for cameras that the synthesis does not know, and judge it.

    python benchmarks/simulated_cameras.py PHOTOS FOLDER [--minutes M] [--camera NAME ...]

Each camera takes 12 DNG pairs of held-out photos into FOLDER/NAME: 8 to tune with, 4 to test with
ground truth. Tuning sees nothing but the pairs. Prints true PSNR before and after (sRGB display
values of the mosaics' planes, mean over the test pairs), beside the gain that tuning estimated for
itself without truth on the pairs that it held back.

Three cameras are outside what the shipped models were trained with, one is inside:

- read: three times the read noise (standard deviation) that its DNGs state.
- rows: an offset common to each row of twice the read noise, and one to each column of once.
- soft: noise that the camera has smoothed (its neighbours correlate by 0.44), black 0.4 % of white
  too high in the short frame, unstated.
- plain: shot and read noise as stated.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pairfix.backends import OpenModel, Runtime, choose_runtime
from pairfix.errors import NotImprovedError
from pairfix.formats import decode
from pairfix.image import DevelopSettings
from pairfix.light import linear_to_srgb, planes_from_frame
from pairfix.metrics import psnr
from pairfix.model import Model, find_model
from pairfix.pairs import FoundPair, find_pairs
from pairfix.stages.fuse import fuse
from pairfix.stages.prepare import Preparation, prepare_pair
from pairfix.synth.draw import Draw, one_pair
from pairfix.synth.noise import NoiseModel
from pairfix.synth.noise.models import FrameNoise, PairNoise
from pairfix.synth.optics import expose_photo
from pairfix.synth.photos import HOLDOUT, LONGEST, list_photos, read_photo
from pairfix.synth.shots import shoot
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.synth.write import write_raws
from pairfix.tune.finetune import Tuning
from pairfix.tune.tune_recipe import MINUTES, TuneObjective, TuneRecipe

_SIZE = (464, 832)
_DISPLACEMENT = 4.0
_PAIRS = 12
_TESTS = 4
_SHOT = 4e-3
_READ = 4e-5
_RATIO = 8.0
_SHUTTER = 1 / 60
_SMOOTH = 0.5
"""Weight of both neighbours together in the soft camera's [w/2, 1, w/2] kernels."""


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """A camera by what it adds to the noise that its files state."""

    read: float = 1.0
    """Standard deviation of its read noise over the stated one."""
    rows: float = 0.0
    """Of row offsets over the stated read noise."""
    columns: float = 0.0
    soft: bool = False
    """Whether its noise is smoothed, its variance kept."""
    black: float = 0.0
    """Offset in parts of white."""

    def sample(self, clean: Tensor, shot: Tensor, read: Tensor, draw: Draw) -> Tensor:
        """A noisy short frame, ``1 x 4 x h x w``."""
        _, _, height, width = clean.shape
        white = draw.normal(1, 1, 2 * height, 2 * width)
        if self.soft:
            tap = torch.tensor([_SMOOTH / 2, 1, _SMOOTH / 2])
            kernel = torch.outer(tap, tap)
            kernel /= kernel.norm()
            white = functional.conv2d(
                functional.pad(white, (1, 1, 1, 1), mode="circular"), kernel[None, None]
            )
        noise = functional.pixel_unshuffle(white, 2)
        deviation = (shot * clean.clamp_min(0) + read * self.read**2).sqrt()
        rows = draw.normal(1, 1, 2 * height, 1).expand(1, 1, -1, 2 * width)
        columns = draw.normal(1, 1, 1, 2 * width).expand(1, 1, 2 * height, -1)
        lines = functional.pixel_unshuffle(self.rows * rows + self.columns * columns, 2)
        return clean + noise * deviation + lines * read.sqrt() + self.black


CAMERAS = {
    "read": SimulatedCamera(read=3),
    "rows": SimulatedCamera(rows=2, columns=1),
    "soft": SimulatedCamera(soft=True, black=0.004),
    "plain": SimulatedCamera(),
}


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=logging.ERROR)
    torch.set_num_threads(arguments.threads)
    start = find_model("selfir-raw")
    runtime = choose_runtime("auto", arguments.device, "auto")
    print("| camera | noisy | before | after | true gain | estimated gain | kept |")
    print("|---|---:|---:|---:|---:|---:|---|", flush=True)
    for name in arguments.camera or CAMERAS:
        print(_row(name, arguments, start, runtime), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("photos", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--camera", action="append", choices=[*CAMERAS])
    parser.add_argument("--objective", choices=get_args(TuneObjective), default="auto")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument(
        "--learning-rate", type=float, default=TuneRecipe(minutes=MINUTES).learning_rate
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def _row(name: str, arguments: argparse.Namespace, start: Model, runtime: Runtime) -> str:
    folder = arguments.folder / name
    if not folder.is_dir():
        _take_pairs(CAMERAS[name], arguments.photos, folder)
    pairs = find_pairs(folder).require().pairs
    tuning = Tuning(
        pairs[:-_TESTS],
        arguments.folder / f"{name}-model",
        start,
        TuneRecipe(
            objective=arguments.objective,
            minutes=arguments.minutes,
            learning_rate=arguments.learning_rate,
        ),
        runtime,
        torch.device(arguments.device),
    )
    try:
        tuned = tuning.run(overwrite=True)
        kept, estimate = "yes", str(tuned.gain)
    except NotImprovedError as error:
        kept, estimate = "no", error.message
    candidate = find_model(arguments.folder / f"{name}-model.training" / "candidate")
    models = [OpenModel(each, runtime) for each in (start, candidate)]
    noisy, before, after = _judge(pairs[-_TESTS:], models)
    return (
        f"| {name} | {noisy:.2f} | {before:.2f} | {after:.2f} | {after - before:+.2f} | "
        f"{estimate} | {kept} |"
    )


def _take_pairs(camera: SimulatedCamera, photos: Path, folder: Path) -> None:
    """Write pairs of photos that no shipped model was trained with."""
    recipe = SynthRecipe(ratio=(_RATIO, _RATIO), row_noise=0, hot_pixels=0, blur=(4, 20))
    folder.mkdir(parents=True)
    size = (_SIZE[0] + 2, _SIZE[1] + 2)
    paths = list_photos(photos, "validation", holdout=HOLDOUT)
    found = (read_photo(path, 1, LONGEST) for path in paths)
    wide = [pixels for pixels in found if pixels.shape[1] > pixels.shape[0]]
    for number, pixels in enumerate(wide[:: len(wide) // _PAIRS][:_PAIRS]):
        draw, one = one_pair(recipe, 11, number)
        moved = expose_photo(pixels, size, one, _DISPLACEMENT, draw.generator)
        taken = shoot(moved.exposed, _noise_model(camera), one, draw)
        place = folder / f"{number:02}"
        place.mkdir()
        write_raws(taken, "RGGB", _SIZE, _SHUTTER, place, number)


def _noise_model(camera: SimulatedCamera) -> NoiseModel:
    def noise(clean: Tensor, ratio: Tensor, _recipe: SynthRecipe, _draw: Draw) -> PairNoise:
        one = torch.ones(len(clean), 1, 1, 1)
        plain = SimulatedCamera()
        return PairNoise(
            short=FrameNoise(_SHOT * one, _READ * one, camera.sample),
            long=FrameNoise(_SHOT / ratio, _READ / ratio, plain.sample),
            brightening=one,
        )

    return NoiseModel("a simulated camera", "this script", "sensor", noise)


def _judge(pairs: Sequence[FoundPair], models: Sequence[OpenModel]) -> tuple[float, float, float]:
    """Mean PSNR of the short frames and of both models' results, in dB."""
    figures = []
    for found in pairs:
        pair = prepare_pair(found.long, found.short, Preparation(domain="raw"))
        truth = planes_from_frame(decode(found.long.with_name("gt.dng"), "raw", DevelopSettings()))
        results = [pair.short_planes]
        for opened in models:
            fused, _ = fuse(pair, opened)
            results.append(fused.planes)
        figures.append([psnr(_display(each), _display(truth)) for each in results])
    noisy, before, after = np.mean(figures, axis=0)
    return float(noisy), float(before), float(after)


def _display(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    return linear_to_srgb(np.clip(planes, 0, 1))


if __name__ == "__main__":
    main()
