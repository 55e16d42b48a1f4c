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
from pairfix.formats import check_writable, decode, encode_dng, encode_picture
from pairfix.fuse import fuse
from pairfix.image import (
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
from pairfix.report import Report
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


def restore(
    long: Path,
    short: Path | None,
    output: Path,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Report:
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
        PairfixError: One of its kinds, each with a message for the user; nothing is written then.
    """
    recipe = recipe or Recipe()
    stages = _Stages(progress or _ignore)
    _check_targets([long, short], output, recipe)
    runtime = choose_runtime(recipe.backend, recipe.device, recipe.precision)
    model = find_model(recipe.model) if recipe.model else None
    if short is None:
        scene: AlignedPair | SingleFrame = _single_frame(long, model, stages)
    else:
        scene = _aligned_pair(long, short, recipe.align, model, stages)
    _check_format(output, scene.reference)
    if isinstance(scene, AlignedPair) and not recipe.keep_row_noise:
        with stages.run("clean"):
            scene = remove_row_noise(scene)
    model = model or default_model(scene.reference.domain)
    with stages.run("fuse"):
        fused, tile = fuse(scene, model, runtime, tile=recipe.tile, progress=stages.progress)
    _write(fused, scene, output, recipe, stages)
    return Report(scene, model, runtime, tile, stages.seconds, output)


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
    _check_targets([long, short], output, Recipe(overwrite=overwrite))
    pair = _aligned_pair(long, short, mode, None, stages)
    matched = pair.matched
    with stages.run("develop"):
        planes = pair.long_planes / np.float32(matched.long_gain)
        source = replace(matched.short, exif=matched.long.exif)
        picture = develop(planes, source, DevelopSettings())
    with stages.run("write"):
        encode_picture(picture, output, overwrite=overwrite)
    return Report(pair, None, None, None, stages.seconds, output)


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


def _check_targets(inputs: list[Path | None], output: Path, recipe: Recipe) -> None:
    """Refuse what cannot be written, or would destroy something, before any work is done."""
    check_writable(output, bits=recipe.bits, overwrite=recipe.overwrite)
    targets = [output]
    if recipe.preview:
        check_writable(recipe.preview, overwrite=recipe.overwrite)
        targets.append(recipe.preview)
    taken = [path.resolve() for path in inputs if path is not None]
    for target in targets:
        if target.resolve() in taken:
            raise OutputError(f"{target} is named twice", "give the result a name of its own")
        taken.append(target.resolve())


def _single_frame(path: Path, model: Model | None, stages: _Stages) -> SingleFrame:
    if model is None or len(model.roles) > 1:
        asked = "this model" if model else "the default model"
        raise PairError(
            f"{asked} needs a long and a short exposure, only {path} is given",
            "give both, or a --model that restores from one",
        )
    (role,) = model.roles
    with stages.run("decode"):
        frame = decode(path, model.domain)
        return SingleFrame(frame, role, planes_from_frame(frame))


def _aligned_pair(
    long: Path, short: Path, mode: AlignmentMode, model: Model | None, stages: _Stages
) -> AlignedPair:
    with stages.run("decode"):
        frames = _decode_alike(long, short, "srgb" if model and model.domain == "srgb" else "auto")
    with stages.run("match"):
        matched = match_exposure(*frames)
    with stages.run("align"):
        return align(matched, mode)


def _decode_alike(long: Path, short: Path, domain: Literal["auto", "srgb"]) -> tuple[Frame, Frame]:
    """Both frames in one domain: a raw beside a picture is developed first."""
    first, second = decode(long, domain), decode(short, domain)
    if first.domain == second.domain:
        return first, second
    return decode(long, "srgb"), decode(short, "srgb")


def _check_format(output: Path, reference: Frame) -> None:
    if _is_dng(output) and reference.bayer is None:
        raise OutputError(
            f"{output}: a DNG needs raw photos under a Bayer filter, and a raw model",
            "write a .tif or .png",
        )


def _is_dng(path: Path) -> bool:
    return path.suffix.lower() == ".dng"


def _write(
    fused: Fused,
    scene: AlignedPair | SingleFrame,
    output: Path,
    recipe: Recipe,
    stages: _Stages,
) -> None:
    def developed(planes: Planes) -> Picture:
        return develop(planes, fused.reference, recipe.develop)

    picture = None
    if recipe.preview or not _is_dng(output):
        with stages.run("develop"):
            picture = developed(fused.planes)
    with stages.run("write"):
        if picture is None or _is_dng(output):
            exposure = float(np.log2(fused.gain)) + recipe.develop.exposure
            mosaic = source_mosaic(fused)
            encode_dng(fused.reference, mosaic, exposure, output, overwrite=recipe.overwrite)
        else:
            _encode(picture, output, recipe)
    if recipe.preview and picture:
        with stages.run("preview"):
            sources = {str(role): developed(planes) for role, planes in scene.sources.items()}
            sheet = compare(sources | {"result": picture})
            _encode(sheet, recipe.preview, replace(recipe, bits=None))


def _encode(picture: Picture, path: Path, recipe: Recipe) -> None:
    encode_picture(
        picture, path, bits=recipe.bits, quality=recipe.quality, overwrite=recipe.overwrite
    )
