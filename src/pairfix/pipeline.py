"""The stages in order: decode, match the exposure, align, fuse, develop, write."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from pairfix.align import align
from pairfix.backends import DeviceChoice, PrecisionChoice, choose_runtime
from pairfix.defects import remove_row_noise
from pairfix.develop import develop, source_mosaic
from pairfix.errors import OutputError, PairError
from pairfix.exposure import match_exposure
from pairfix.formats import check_writable, decode, encode_dng, encode_picture, output_format
from pairfix.formats.atomic import replacing
from pairfix.fuse import check_model, fuse
from pairfix.htmlreport import RESULT, check_page, render_page
from pairfix.image import (
    ROLES,
    AlignedPair,
    AlignmentMode,
    DevelopSettings,
    Frame,
    Fused,
    Picture,
    Planes,
    Progress,
    SingleFrame,
)
from pairfix.light import planes_from_frame
from pairfix.preview import compare
from pairfix.report import Report, Restoration, unused_photos, unused_settings
from pairfix.weights import Model, default_model, find_model

__all__ = ["Recipe", "align_pair", "restore"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that can be chosen about a restoration; the defaults suit most pairs."""

    model: str | None = None
    """Name of a shipped model, or a model folder; None: the default for the pair's domain."""
    align: AlignmentMode = "auto"
    keep_row_noise: bool = False
    """Hand the short raw's row noise on to the network."""
    backend: str = "auto"
    device: DeviceChoice = "auto"
    precision: PrecisionChoice = "auto"
    tile: int | None = None
    """Longest side of a tile in the network's pixels; None: what suits the network."""
    develop: DevelopSettings = field(default_factory=DevelopSettings)
    bits: int | None = None
    """Bits per channel of the result; None: the format's default."""
    quality: int = 95
    """JPEG quality, 1 to 100."""
    overwrite: bool = False
    preview: Path | None = None
    """Where to write crops of short, long and result side by side."""
    report: Path | None = None
    """Where to write a page about the restoration (`pairfix.htmlreport`)."""


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
    stages = _Stages(progress or _ignore)
    is_mosaic = _check_targets([long, short], output, recipe)
    runtime = choose_runtime(recipe.backend, recipe.device, recipe.precision)
    model = _chosen_model(recipe, photos=1 if short is None else 2)
    with stages.run("decode"):
        frames = _decode(long, short, model, recipe.develop)
    _check_mosaic(is_mosaic, output, frames[-1])
    scene = _scene(frames, model, recipe, stages)
    model = model or default_model(scene.reference.domain)
    with stages.run("fuse"):
        fused, tile = fuse(scene, model, runtime, tile=recipe.tile, progress=stages.progress)
    notes = (
        *unused_photos(scene, model),
        *unused_settings(recipe.develop, scene.reference, is_mosaic=is_mosaic),
    )
    restoration = Restoration(
        scene, stages.seconds, output, notes, model=model, runtime=runtime, tile=tile
    )
    _write(fused, restoration, recipe, stages)
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
    stages = _Stages(progress or _ignore)
    check_writable(output, overwrite=overwrite, mosaic=False)
    _check_distinct([long, short], [output])
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


class _Stages:
    """Announces the stages and keeps their times."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def run(self, name: str) -> Iterator[None]:
        self.progress(name, 0, 1)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        self.progress(name, 1, 1)


def _ignore(_stage: str, _done: int, _total: int) -> None:
    pass


def _check_targets(inputs: list[Path | None], output: Path, recipe: Recipe) -> bool:
    """Refuse what cannot be written, or would destroy something, before any work is done.

    Returns:
        Whether the output holds a mosaic.
    """
    chosen = check_writable(output, bits=recipe.bits, overwrite=recipe.overwrite)
    targets = [output]
    if recipe.preview:
        check_writable(recipe.preview, overwrite=recipe.overwrite, mosaic=False)
        targets.append(recipe.preview)
    if recipe.report:
        check_page(recipe.report, overwrite=recipe.overwrite)
        targets.append(recipe.report)
    _check_distinct(inputs, targets)
    return chosen.mosaic


def _check_distinct(inputs: list[Path | None], targets: list[Path]) -> None:
    taken = [path.resolve() for path in inputs if path is not None]
    for target in targets:
        if target.resolve() in taken:
            raise OutputError(
                f"{target} is also an input or another result", "give it a name of its own"
            )
        taken.append(target.resolve())


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
    frames: tuple[Frame, ...], model: Model | None, recipe: Recipe, stages: _Stages
) -> AlignedPair | SingleFrame:
    if model and len(frames) == 1:
        (role,) = model.roles
        return SingleFrame(frames[0], role, planes_from_frame(frames[0]))
    pair = _aligned_pair(frames[0], frames[1], recipe.align, stages)
    if recipe.keep_row_noise:
        return pair
    with stages.run("clean"):
        return remove_row_noise(pair)


def _aligned_pair(long: Frame, short: Frame, mode: AlignmentMode, stages: _Stages) -> AlignedPair:
    with stages.run("match"):
        matched = match_exposure(long, short)
    with stages.run("align"):
        return align(matched, mode)


def _write(fused: Fused, restoration: Restoration, recipe: Recipe, stages: _Stages) -> None:
    """Make everything first, then write: what fails leaves no file behind."""
    output, overwrite = restoration.output, recipe.overwrite
    is_mosaic = output_format(output).mosaic
    pictures: dict[str, Picture] = {}
    sheet = page = None
    if recipe.preview or recipe.report or not is_mosaic:
        with stages.run("develop"):
            compared = recipe.preview is not None or recipe.report is not None
            pictures = _develop(fused, restoration.scene, recipe.develop, sources=compared)
    if recipe.preview:
        with stages.run("preview"):
            sheet = compare(pictures)
    if recipe.report:
        with stages.run("report"):
            page = render_page(pictures, restoration)
    with stages.run("write"):
        if is_mosaic:
            exposure = float(np.log2(fused.gain)) + recipe.develop.exposure
            mosaic = source_mosaic(fused)
            encode_dng(fused.reference, mosaic, exposure, output, overwrite=overwrite)
        else:
            _encode(pictures[RESULT], output, recipe)
        if recipe.preview and sheet:
            _encode(sheet, recipe.preview, replace(recipe, bits=None))
        if recipe.report and page:
            with replacing(recipe.report, overwrite=overwrite) as file:
                file.write(page.encode())


def _develop(
    fused: Fused,
    scene: AlignedPair | SingleFrame,
    settings: DevelopSettings,
    *,
    sources: bool,
) -> dict[str, Picture]:
    """The result as a picture, after the photos that it was made from if they are asked for."""
    planes: dict[str, Planes] = {RESULT: fused.planes}
    if sources:
        planes = {**{str(role): source for role, source in scene.sources.items()}, **planes}
    return {
        name: develop(each, fused.reference, settings, gain=fused.gain)
        for name, each in planes.items()
    }


def _encode(picture: Picture, path: Path, recipe: Recipe) -> None:
    encode_picture(
        picture, path, bits=recipe.bits, quality=recipe.quality, overwrite=recipe.overwrite
    )
