"""Pairs as a camera would have taken them, from the light of two exposures (torch)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn import functional

from pairfix.synth import noise_maps
from pairfix.synth.batch import PairBatch
from pairfix.synth.camera import Camera
from pairfix.synth.draw import Draw
from pairfix.synth.jpeg import Storage
from pairfix.synth.light import encode_planes, linear_to_srgb, srgb_to_linear
from pairfix.synth.mosaic import (
    Readout,
    bin_colours,
    demosaic,
    filter_colours,
    packed_gains,
    unbin,
)
from pairfix.synth.noise import CALIBRATED, NOISES, NoiseModel
from pairfix.synth.noise.calibrated import calibrated
from pairfix.synth.noise.models import FrameNoise, PairNoise
from pairfix.synth.optics import Exposed
from pairfix.synth.processing import Processing
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.synth.tones import matched_tones

__all__ = ["Shots", "capture", "shoot"]

_Capture = Callable[[Exposed, NoiseModel, SynthRecipe, Draw], PairBatch]

_MISMATCH = 0.05
"""Standard deviation in stops of the brightness difference that exposure matching leaves."""
_LONG_HEAT = (0.1, 1.0)
"""Hot pixels of the long frame over the short one's: at lower ISO they stand out less."""
_FILES = 0.7
"""Share of display pairs that are stored in 8 bits, and so clipped, as in the files that pairfix
reads; the others are neither, as in the papers."""
_REDUCED = 0.2
"""Probability that processed pictures have half the sensor's resolution."""
_SHADING = 0.5
"""Standard deviation of a processed picture's uneven black, in standard deviations of the read
noise; each corner has its own, for each colour."""
_GAMMA = 0.04
"""Standard deviation of the exponent, in powers of e, between the tone curves of two processed
frames."""
_MISTOLD_SHORT, _MISTOLD_LONG = (-0.08, 0.2), (-0.3, 0.35)
"""Mean and standard deviation of the logarithm of estimated over actual noise in developed
photos (benchmarks/noise_estimates.py)."""
_MATCHED = 2.0
"""Brightening from which `pairfix.stages.tones` brings the short frame's tones onto the long's."""


def capture(exposed: Exposed, recipe: SynthRecipe, generator: torch.Generator) -> PairBatch:
    """Photograph both exposures.

    The noise models of the recipe take the pairs in turn, so that each gets its share; a random one
    begins where the shares cannot be equal.

    Args:
        exposed: Light of the long and the short exposure, H and W even.
        recipe: What the pairs are like.
        generator: On the light's device.

    Returns:
        Encoded pairs: in the raw domain of half the light's size, else of the same.

    Raises:
        ValueError: A noise model is unknown, or cannot make pairs of the recipe's domain.
    """
    models = _models(recipe)
    turns = len(models)
    start = 0
    if len(exposed.sharp) % turns:
        start = int(torch.randint(turns, (), generator=generator, device=generator.device))
    order = (models[start:] + models[:start])[: len(exposed.sharp)]
    shares = [
        replace(exposed, long=exposed.long[turn::turns], sharp=exposed.sharp[turn::turns])
        for turn in range(len(order))
    ]
    return _interleaved(
        [
            _route(model, recipe)(share, model, recipe, Draw(generator))
            for share, model in zip(shares, order, strict=True)
        ]
    )


def _route(model: NoiseModel, recipe: SynthRecipe) -> _Capture:
    if model.stage == "display":
        return _capture_display
    return _capture_raw if recipe.domain == "raw" else _capture_developed


def _models(recipe: SynthRecipe) -> tuple[NoiseModel, ...]:
    known = {**NOISES}
    if recipe.profile is not None:
        known[CALIBRATED] = calibrated(recipe.profile)
    for name in recipe.noise:
        if name not in known:
            raise ValueError(f"unknown noise model {name!r}; known are {', '.join(known)}")
        if recipe.domain not in known[name].domains:
            raise ValueError(f"noise model {name!r} makes no pairs of the {recipe.domain} domain")
    if not recipe.noise:
        raise ValueError("the recipe names no noise model")
    return tuple(known[name] for name in recipe.noise)


def _interleaved(parts: Sequence[PairBatch]) -> PairBatch:
    """Put a batch together whose pairs were dealt out in turn."""
    if len(parts) == 1:
        return parts[0]
    count = sum(len(part.truth) for part in parts)
    merged = {}
    for each in fields(PairBatch):
        tensors: list[Tensor] = [getattr(part, each.name) for part in parts]
        merged[each.name] = tensors[0].new_empty(count, *tensors[0].shape[1:])
        for turn, tensor in enumerate(tensors):
            merged[each.name][turn :: len(parts)] = tensor
    return PairBatch(**merged)


@dataclass(frozen=True, slots=True)
class Shots:
    """Both frames as the sensor recorded them, in white-balanced light of equal brightness."""

    camera: Camera
    readout: Readout
    noise: PairNoise
    """As a fraction of saturation, before white balance."""
    gains: Tensor
    """``N x 4 x 1 x 1``."""
    sharp: Tensor
    """``N x 3 x H x W``: colours that the short frame would have without noise; not clipped."""
    blurred: Tensor
    """The same of the long frame."""
    short: Tensor
    """``N x 4 x h x w`` as sampled: the mosaic of half the size, or cells; not clipped to the
    encoding's range."""
    long: Tensor


def shoot(
    exposed: Exposed,
    model: NoiseModel,
    recipe: SynthRecipe,
    draw: Draw,
    *,
    sample: Callable[[Tensor], Tensor] = filter_colours,
) -> Shots:
    """Record both exposures on sensors of their own.

    Args:
        exposed: Light of the long and the short exposure, H and W even.
        model: A noise model of the stage ``"sensor"``.
        recipe: What the pairs are like.
        draw: Randomness.
        sample: From colours to the planes that the sensor records.
    """
    shape = (len(exposed.sharp), 1, 1, 1)
    balances = recipe.profile.white_balances if recipe.profile else ()
    camera = Camera.draw(len(exposed.sharp), draw, balances)
    readout = Readout.draw(len(exposed.sharp), recipe, draw)
    ratio = draw.log_uniform(*shape, low=recipe.ratio[0], high=recipe.ratio[1])
    heat = draw.uniform(*shape, low=_LONG_HEAT[0], high=_LONG_HEAT[1])
    mismatch = 2 ** draw.normal(*shape, deviation=_MISMATCH)
    sharp, blurred = camera.see(exposed.sharp), camera.see(exposed.long) * mismatch
    gains = packed_gains(camera.gains)
    short, long = sample(sharp) / gains, sample(blurred) / gains
    noise = model.draw(short, ratio, recipe, draw)
    white = noise.brightening
    return Shots(
        camera=camera,
        readout=readout,
        noise=noise,
        gains=gains,
        sharp=sharp,
        blurred=blurred,
        short=gains * readout.read(short, noise.short, draw, saturation=white),
        long=gains * readout.read(long, noise.long, draw, heat=heat),
    )


def _capture_raw(exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw) -> PairBatch:
    shots = shoot(exposed, model, recipe, draw)
    short, long, truth = (
        encode_planes(planes, "raw")
        for planes in (shots.short, shots.long, filter_colours(shots.sharp))
    )
    return PairBatch(
        short=short,
        long=long,
        truth=truth,
        short_noise=_raw_noise_map(short, shots.noise.short, shots.gains),
        long_noise=_raw_noise_map(long, shots.noise.long, shots.gains),
    )


def _raw_noise_map(photo: Tensor, noise: FrameNoise, gains: Tensor) -> Tensor:
    shot, read = noise.stated or (noise.shot, noise.read)
    shot, read = (gains * shot).flatten(1), (gains**2 * read).flatten(1)
    return noise_maps.noise_planes(photo, noise_maps.affine_curve(shot, read, "raw"))


def _capture_developed(
    exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw
) -> PairBatch:
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
    short = brightened(storage.store(of_short.of(developed((seen / dark).clamp_max(1)))))
    still = brightened(of_short.of(developed(shots.sharp / dark)))
    truth = developed(shots.sharp)
    stored = encode_planes(short, "srgb")
    lifted = (dark >= _MATCHED).flatten()
    if lifted.any():
        stored[lifted] = matched_tones(short[lifted], srgb_to_linear(truth[lifted]))
    batch = _display_batch(
        short=stored,
        long=storage.store(of_long.of(developed(interpolate(shots.long.clamp_max(1))) ** gamma)),
        truth=truth,
        short_clean=encode_planes(still, "srgb"),
        long_clean=of_long.of(developed(shots.blurred) ** gamma),
    )
    return replace(
        batch,
        short_noise=batch.short_noise * _mistold(_MISTOLD_SHORT, count, draw),
        long_noise=batch.long_noise * _mistold(_MISTOLD_LONG, count, draw),
    )


def _mistold(error: tuple[float, float], count: int, draw: Draw) -> Tensor:
    """Noise as it is estimated over the noise that is there, ``N x 3 x 1 x 1``."""
    mean, deviation = error
    return (draw.normal(count, 3, 1, 1, deviation=deviation) + mean).exp()


def _uneven_black(shots: Shots, draw: Draw) -> Tensor:
    """Black of the short frame's colours where it is not 0: ``N x 3 x H x W``."""
    count, channels, *size = shots.sharp.shape
    corners = draw.normal(count, channels, 2, 2, deviation=_SHADING)
    smooth = functional.interpolate(corners, size, mode="bilinear", align_corners=True)
    read = shots.noise.short.read.mean(dim=1, keepdim=True).sqrt()
    return smooth * read * shots.camera.gains


def _capture_display(
    exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw
) -> PairBatch:
    """Noise on display values, stored in files of 8 bits or not at all."""
    shape = (len(exposed.sharp), 1, 1, 1)
    storage = Storage.draw(len(exposed.sharp), recipe, draw)
    filed = draw.happens(*shape, probability=_FILES) > 0
    sharp, blurred = (encode_planes(light, "srgb") for light in (exposed.sharp, exposed.long))
    ratio = draw.log_uniform(*shape, low=recipe.ratio[0], high=recipe.ratio[1])
    noise = model.draw(sharp, ratio, recipe, draw)
    short, long = noise.short.add(sharp, draw), noise.long.add(blurred, draw)
    dark = noise.brightening
    stored = (storage.store(short / dark) * dark).clamp_max(1)
    return _display_batch(
        short=torch.where(filed, stored, short),
        long=torch.where(filed, storage.store(long), long),
        truth=sharp,
        short_clean=sharp,
        long_clean=blurred,
    )


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
