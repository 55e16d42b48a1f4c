"""Pairs as pictures: developed, processed and stored as cameras do it (torch)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth import noise_maps
from pairfix.synth.batch import PairBatch
from pairfix.synth.draw import Draw
from pairfix.synth.jpeg import Storage
from pairfix.synth.light import encode_planes, linear_to_srgb, srgb_to_linear
from pairfix.synth.mosaic import bin_colours, demosaic, filter_colours, unbin
from pairfix.synth.noise import NoiseModel
from pairfix.synth.optics import Exposed
from pairfix.synth.processing import Processing
from pairfix.synth.shots import Shots, shoot
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.synth.tones import matched_tones

__all__ = ["Filed", "file_developed", "file_noisy"]

_FILES = 0.7
"""Share of display pairs that are stored in 8 bits, and so clipped, as in the files that pairfix
reads; the others are neither, as in the papers."""
_REDUCED = 0.2
"""Probability that a batch's pictures have half the sensor's resolution, if all are processed."""
_SHADING = 0.5
"""Standard deviation of a processed picture's uneven black, in standard deviations of the read
noise; each corner has its own, for each colour."""
_GAMMA = 0.04
"""Standard deviation of the exponent, in powers of e, between the tone curves of two processed
frames."""
_MISTOLD_SHORT, _MISTOLD_LONG = (-0.08, 0.2), (-0.3, 0.35)
"""Mean and standard deviation of the logarithm of estimated over actual noise in developed
photos (benchmarks/noise_estimates.py)."""
_MISTOLD_PROCESSED = (-0.25, 0.25)
"""The same of short photos that a camera processed: noise is measured where the scene is flat, and
noise reduction leaves more of it elsewhere."""
_MATCHED = 2.0
"""Brightening from which `pairfix.stages.tones` brings the short frame's tones onto the long's."""


@dataclass(frozen=True, slots=True)
class Filed:
    """N pairs, and their short frames as files hold them."""

    batch: PairBatch
    """As networks see them: brightened, and the tones matched."""
    short: Tensor
    """``N x 3 x H x W`` display values in steps of 1/255, as dark as they were taken."""
    brightening: Tensor
    """``N x 1 x 1 x 1``: how much darker that is than the long frame; at least 1."""


def file_developed(exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw) -> Filed:
    """Raw pairs developed as a camera or LibRaw does, highlights clipped, processed and stored.

    The truth is developed from what every pixel would have seen in all colours, and is not
    processed, so that the network also restores what demosaicing and noise reduction cannot know. A
    short frame that was exposed too dark is stored dark, without a tone curve, and brightened in
    linear light as `pairfix.stages.exposure` does.
    """
    count = len(exposed.sharp)
    reduced = draw.happens(1, probability=_REDUCED * recipe.processing).item() > 0
    sample, interpolate = (bin_colours, unbin) if reduced else (filter_colours, demosaic)
    shots = shoot(exposed, model, recipe, draw, sample=sample)
    storage = Storage.draw(count, recipe, draw)
    processed = draw.happens(count, 1, 1, 1, probability=recipe.processing)
    of_short, of_long = Processing.draw(processed, draw), Processing.draw(processed, draw)
    gamma = (processed * draw.normal(count, 1, 1, 1, deviation=_GAMMA)).exp()
    dark = shots.noise.brightening
    toned = shots.camera.toned & (dark == 1)

    def developed(colours: Tensor) -> Tensor:
        return linear_to_srgb(shots.camera.develop(colours, toned=toned))

    def brightened(stored: Tensor) -> Tensor:
        return srgb_to_linear(stored.clamp(0, 1)) * dark

    seen = interpolate(shots.short) + processed * _uneven_black(shots, draw)
    file = storage.store(of_short.of(developed((seen / dark).clamp_max(1))))
    short = brightened(file)
    still = brightened(of_short.of(developed(shots.sharp / dark)))
    truth = developed(shots.sharp)
    matched = encode_planes(short, "srgb")
    lifted = (dark >= _MATCHED).flatten()
    if lifted.any():
        matched[lifted] = matched_tones(short[lifted], srgb_to_linear(truth[lifted]))
    batch = _display_batch(
        short=matched,
        long=storage.store(of_long.of(developed(interpolate(shots.long.clamp_max(1))) ** gamma)),
        truth=truth,
        short_clean=encode_planes(still, "srgb"),
        long_clean=of_long.of(developed(shots.blurred) ** gamma),
    )
    drawn = draw.normal(count, 3, 1, 1)
    mistold = torch.where(
        processed > 0, _mistold(_MISTOLD_PROCESSED, drawn), _mistold(_MISTOLD_SHORT, drawn)
    )
    told = replace(
        batch,
        short_noise=batch.short_noise * mistold,
        long_noise=batch.long_noise * _mistold(_MISTOLD_LONG, draw.normal(count, 3, 1, 1)),
    )
    return Filed(told, file, dark)


def _mistold(error: tuple[float, float], drawn: Tensor) -> Tensor:
    """Noise as it is estimated over the noise that is there, for each standard normal number."""
    mean, deviation = error
    return (deviation * drawn + mean).exp()


def _uneven_black(shots: Shots, draw: Draw) -> Tensor:
    """Black of the short frame's colours where it is not 0: ``N x 3 x H x W``."""
    count, channels, *size = shots.sharp.shape
    corners = draw.normal(count, channels, 2, 2, deviation=_SHADING)
    smooth = functional.interpolate(corners, size, mode="bilinear", align_corners=True)
    read = shots.noise.short.read.mean(dim=1, keepdim=True).sqrt()
    return smooth * read * shots.camera.gains


def file_noisy(exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw) -> Filed:
    """Noise on display values, stored in files of 8 bits or not at all."""
    shape = (len(exposed.sharp), 1, 1, 1)
    storage = Storage.draw(len(exposed.sharp), recipe, draw)
    filed = draw.happens(*shape, probability=_FILES) > 0
    sharp, blurred = (encode_planes(light, "srgb") for light in (exposed.sharp, exposed.long))
    ratio = draw.log_uniform(*shape, low=recipe.ratio[0], high=recipe.ratio[1])
    noise = model.draw(sharp, ratio, recipe, draw)
    short, long = noise.short.add(sharp, draw), noise.long.add(blurred, draw)
    dark = noise.brightening
    file = storage.store(short / dark)
    batch = _display_batch(
        short=torch.where(filed, (file * dark).clamp_max(1), short),
        long=torch.where(filed, storage.store(long), long),
        truth=sharp,
        short_clean=sharp,
        long_clean=blurred,
    )
    return Filed(batch, file, dark)


def _display_batch(
    *, short: Tensor, long: Tensor, truth: Tensor, short_clean: Tensor, long_clean: Tensor
) -> PairBatch:
    """A batch with noise maps that are measured against what each frame shows without noise."""

    def noise(photo: Tensor, clean: Tensor) -> Tensor:
        return noise_maps.noise_planes(photo, noise_maps.measured_curve(photo, clean))

    return PairBatch(
        short=short,
        long=long,
        truth=truth,
        short_noise=noise(short, short_clean),
        long_noise=noise(long, long_clean),
    )
