"""The stages in order: decode, match the exposure, align, fuse, develop, write."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from pairfix.adapt import adapt, choose_adapting_runtime, find_reblur_module
from pairfix.backends import Runtime, choose_runtime
from pairfix.errors import OutputError, PairError
from pairfix.formats import check_writable, decode, encode_picture
from pairfix.image import (
    ROLES,
    AlignedPair,
    AlignmentMode,
    DevelopSettings,
    Frame,
    Fused,
    Progress,
    SingleFrame,
)
from pairfix.light import planes_from_frame
from pairfix.model.model import Model, default_model, find_model
from pairfix.output.report import Adaptation, Report, Restoration, unused_photos, unused_settings
from pairfix.output.results import check_distinct, check_targets, write_results
from pairfix.progress import Stages
from pairfix.recipe import Recipe
from pairfix.stages.align import align
from pairfix.stages.develop import develop
from pairfix.stages.exposure import match_exposure
from pairfix.stages.fuse import check_model, fuse
from pairfix.stages.rownoise import remove_row_noise

__all__ = ["Recipe", "align_pair", "restore"]


def restore(
    long: Path,
    short: Path | None,
    output: Path,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Restoration:
    """Restore one photo from a long and a short exposure, and write it.

    Args:
        long: The long exposure (clean, blurred); or the only photo, if the recipe's model takes
            just one.
        short: The short exposure (sharp, noisy); its geometry is the result's. None for models
            that take one photo.
        output: The result; its extension names the format.
        recipe: What to do otherwise than usual.
        progress: Called with a stage's name, the steps done and the steps in all.

    Returns:
        What was done: exposures, alignment, model, device, seconds per stage.

    Raises:
        PairfixError: One of its kinds, each with a message for the user. Files appear at the very
            end, whole or not at all.
    """
    recipe = recipe or Recipe()
    stages = Stages(progress)
    is_mosaic = check_targets([long, short], output, recipe)
    runtime = _runtime(recipe)
    model = _chosen_model(recipe, photos=1 if short is None else 2)
    with stages.run("decode"):
        frames = _decode(long, short, model, recipe.develop)
    _check_mosaic(is_mosaic, output, frames[-1])
    scene = _scene(frames, model, recipe, stages)
    model = model or default_model(scene.reference.domain)
    fused, tile, adaptation = _fuse(scene, model, runtime, recipe, stages)
    notes = (
        *unused_photos(scene, model),
        *unused_settings(recipe.develop, scene.reference, is_mosaic=is_mosaic),
    )
    restoration = Restoration(
        *(scene, stages.seconds, output, notes),
        model=model,
        runtime=runtime,
        tile=tile,
        adaptation=adaptation,
    )
    write_results(fused, restoration, recipe, stages)
    return restoration


def align_pair(
    long: Path,
    short: Path,
    output: Path,
    mode: AlignmentMode = "auto",
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Write the long exposure in the short one's geometry, at its own brightness.

    Raises:
        PairfixError: As for `restore`.
    """
    stages = Stages(progress)
    check_writable(output, overwrite=overwrite, mosaic=False)
    check_distinct([long, short], [output])
    with stages.run("decode"):
        frames = _decode(long, short, None, DevelopSettings())
    pair = _aligned_pair(frames[0], frames[1], mode, stages)
    matched = pair.matched
    with stages.run("develop"):
        planes = pair.long_planes / np.float32(matched.long_gain)
        source = replace(matched.short, exif=matched.long.exif)
        picture = develop(planes, source, DevelopSettings())
    with stages.run("write"):
        encode_picture(picture, output, overwrite=overwrite)
    return Report(pair, stages.seconds, output)


def _runtime(recipe: Recipe) -> Runtime:
    choose = choose_adapting_runtime if recipe.adapt else choose_runtime
    return choose(recipe.backend, recipe.device, recipe.precision)


def _fuse(
    scene: AlignedPair | SingleFrame, model: Model, runtime: Runtime, recipe: Recipe, stages: Stages
) -> tuple[Fused, int, Adaptation | None]:
    """The restored photo and its tiles' side; if asked for, by a network adapted to it."""
    module = find_reblur_module(recipe.reblur_module, model) if recipe.adapt else None
    with stages.run("fuse"):
        fused, tile = fuse(scene, model, runtime, tile=recipe.tile, progress=stages.progress)
    if module is None:
        return fused, tile, None
    with stages.run("adapt"):
        fused, adaptation = adapt(
            scene,
            fused,
            model,
            module,
            runtime,
            steps=recipe.adapt,
            tile=tile,
            progress=stages.progress,
        )
    return fused, tile, adaptation


def _chosen_model(recipe: Recipe, photos: int) -> Model | None:
    """The model asked for, able to restore from so many photos; None for the default."""
    if recipe.model is None:
        if photos < len(ROLES):
            raise PairError(
                "the default model needs a long and a short exposure, only one photo is given",
                "give both, or a --model that restores from one",
            )
        return None
    model = find_model(recipe.model)
    check_model(model, photos)
    return model


def _decode(
    long: Path, short: Path | None, model: Model | None, settings: DevelopSettings
) -> tuple[Frame, ...]:
    """The photos in one domain: where one is raw and one a picture, the raw is developed first."""
    domain: Literal["auto", "srgb"] = "srgb" if model and model.domain == "srgb" else "auto"
    paths = [path for path in (long, short) if path is not None]
    frames = tuple(decode(path, domain, settings) for path in paths)
    if len({frame.domain for frame in frames}) > 1:
        frames = tuple(decode(path, "srgb", settings) for path in paths)
    return frames


def _check_mosaic(is_mosaic: bool, output: Path, reference: Frame) -> None:  # noqa: FBT001
    if is_mosaic and reference.bayer is None:
        raise OutputError(
            f"{output}: a DNG needs raw photos under a Bayer filter, and a raw model",
            "write a .tif or .png",
        )


def _scene(
    frames: tuple[Frame, ...], model: Model | None, recipe: Recipe, stages: Stages
) -> AlignedPair | SingleFrame:
    if model and len(frames) == 1:
        (role,) = model.roles
        return SingleFrame(frames[0], role, planes_from_frame(frames[0]))
    pair = _aligned_pair(frames[0], frames[1], recipe.align, stages)
    if recipe.keep_row_noise:
        return pair
    with stages.run("clean"):
        return remove_row_noise(pair)


def _aligned_pair(long: Frame, short: Frame, mode: AlignmentMode, stages: Stages) -> AlignedPair:
    with stages.run("match"):
        matched = match_exposure(long, short)
    with stages.run("align"):
        return align(matched, mode)
