"""Pairs as a camera would have taken them, from the light of two exposures (torch)."""

from collections.abc import Sequence
from dataclasses import fields, replace

import torch
from torch import Tensor

from pairfix.synth import noise_maps
from pairfix.synth.batch import PairBatch
from pairfix.synth.display import Filed, file_developed, file_noisy
from pairfix.synth.draw import Draw
from pairfix.synth.light import encode_planes
from pairfix.synth.mosaic import filter_colours
from pairfix.synth.noise import CALIBRATED, NOISES, NoiseModel
from pairfix.synth.noise.calibrated import calibrated
from pairfix.synth.noise.models import FrameNoise
from pairfix.synth.optics import Exposed
from pairfix.synth.shots import shoot
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["capture", "file_pictures"]

_MISTOLD = 0.15
"""Standard deviation of the logarithm of stated over actual noise in raw photos: our choice, not
measured. A profile is that of a camera's model, from which a single camera differs."""


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
            _captured(share, model, recipe, Draw(generator))
            for share, model in zip(shares, order, strict=True)
        ]
    )


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


def file_pictures(exposed: Exposed, recipe: SynthRecipe, generator: torch.Generator) -> Filed:
    """Photograph both exposures, and store them as pictures.

    Args:
        exposed: Light of the long and the short exposure, H and W even.
        recipe: What the pairs are like; of the srgb domain, with one noise model.
        generator: On the light's device.
    """
    (model,) = _models(recipe)
    return _filed(exposed, model, recipe, Draw(generator))


def _captured(exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw) -> PairBatch:
    if model.stage != "display" and recipe.domain == "raw":
        return _capture_raw(exposed, model, recipe, draw)
    return _filed(exposed, model, recipe, draw).batch


def _filed(exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw) -> Filed:
    make = file_noisy if model.stage == "display" else file_developed
    return make(exposed, model, recipe, draw)


def _capture_raw(exposed: Exposed, model: NoiseModel, recipe: SynthRecipe, draw: Draw) -> PairBatch:
    shots = shoot(exposed, model, recipe, draw)
    short, long, truth = (
        encode_planes(planes, "raw")
        for planes in (shots.short, shots.long, filter_colours(shots.sharp))
    )
    mistold = draw.normal(len(short), 1, 1, 1, deviation=_MISTOLD).exp()
    return PairBatch(
        short=short,
        long=long,
        truth=truth,
        short_noise=mistold * _raw_noise_map(short, shots.noise.short, shots.gains),
        long_noise=mistold * _raw_noise_map(long, shots.noise.long, shots.gains),
    )


def _raw_noise_map(photo: Tensor, noise: FrameNoise, gains: Tensor) -> Tensor:
    shot, read = noise.stated or (noise.shot, noise.read)
    shot, read = (gains * shot).flatten(1), (gains**2 * read).flatten(1)
    return noise_maps.noise_planes(photo, noise_maps.affine_curve(shot, read, "raw"))
