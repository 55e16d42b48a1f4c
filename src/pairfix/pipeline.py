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
from pairfix.errors import OutputError
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
)
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
    short: Path,
    output: Path,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Report:
    """Restore one photo from a long and a short exposure, and write it.

    Args:
        long: The long exposure (clean, blurred).
        short: The short exposure (sharp, noisy); its geometry is the result's.
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
    check_writable(output, bits=recipe.bits, overwrite=recipe.overwrite)
    if recipe.preview:
        check_writable(recipe.preview, overwrite=recipe.overwrite)
    runtime = choose_runtime(recipe.backend, recipe.device, recipe.precision)
    model = find_model(recipe.model) if recipe.model else None

    pair = _aligned_pair(long, short, recipe.align, model, stages)
    model = model or default_model(pair.matched.short.domain)
    _check_format(output, pair.matched.short)
    if not recipe.keep_row_noise:
        with stages.run("clean"):
            pair = remove_row_noise(pair)
    with stages.run("fuse"):
        fused, tile = fuse(pair, model, runtime, tile=recipe.tile, progress=stages.progress)
    _write(fused, pair, output, recipe, stages)
    return Report(pair, model, runtime, tile, stages.seconds, output)


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
    check_writable(output, overwrite=overwrite)
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


def _check_format(output: Path, short: Frame) -> None:
    if output.suffix.lower() == ".dng" and short.bayer is None:
        raise OutputError(
            f"{output}: a DNG needs a raw pair under a Bayer filter, and a raw model",
            "write a .tif or .png",
        )


def _write(fused: Fused, pair: AlignedPair, output: Path, recipe: Recipe, stages: _Stages) -> None:
    is_dng = output.suffix.lower() == ".dng"

    def developed(planes: Planes) -> Picture:
        return develop(planes, fused.short, recipe.develop)

    picture = None
    if not is_dng or recipe.preview:
        with stages.run("develop"):
            picture = developed(fused.planes)
    with stages.run("write"):
        if is_dng:
            exposure = float(np.log2(fused.gain)) + recipe.develop.exposure
            mosaic = source_mosaic(fused)
            encode_dng(fused.short, mosaic, exposure, output, overwrite=recipe.overwrite)
        elif picture is not None:
            encode_picture(
                picture,
                output,
                bits=recipe.bits,
                quality=recipe.quality,
                overwrite=recipe.overwrite,
            )
    if recipe.preview and picture is not None:
        with stages.run("preview"):
            sheet = compare(
                developed(pair.matched.short_planes), developed(pair.long_planes), picture
            )
            encode_picture(
                sheet, recipe.preview, quality=recipe.quality, overwrite=recipe.overwrite
            )
