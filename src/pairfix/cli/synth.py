"""`pairfix synth`: long and short exposures, and the truth, from sharp photos or video."""

import time
from pathlib import Path
from typing import Any

import typer

from pairfix.cli import options, synth_options, train_options
from pairfix.cli.console import Talk, print_json
from pairfix.cli.synth_options import check_finite, check_range, make_recipe, reconciled
from pairfix.export.graphs import require_torch
from pairfix.formats.registry import FORMATS, depth_of
from pairfix.synth.synth_recipe import PairSettings, Part, PictureFormat, SynthRecipe, VideoRecipe

__all__ = ["synth"]

_RECIPE = SynthRecipe()
_SETTINGS = PairSettings(_RECIPE)
_VIDEO = VideoRecipe()
_NOISE = ",".join(_RECIPE.noise)


def synth(
    photos: synth_options.Source,
    output: synth_options.Pairs,
    count: synth_options.Count = _SETTINGS.count,
    size: synth_options.Size = None,
    part: synth_options.PhotosOf = "all",
    domain: synth_options.PairDomain = None,
    noise: train_options.Noise = _NOISE,
    sigma: train_options.Sigma = None,
    ratio: train_options.Ratio = _RECIPE.ratio,
    blur: train_options.Blur = _RECIPE.blur,
    processing: train_options.Processing = _RECIPE.processing,
    displacement: synth_options.Displacement = _SETTINGS.displacement,
    from_video: synth_options.FromVideo = False,
    frames: synth_options.Frames = _VIDEO.frames,
    gap_frames: synth_options.GapFrames = _VIDEO.gap,
    file_format: synth_options.FileFormat = None,
    bits: options.Bits = None,
    quality: options.Quality = _SETTINGS.pictures.quality,
    seed: synth_options.Seed = _SETTINGS.seed,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Make pairs of a long and a short exposure from sharp PHOTOS, with the truth beside them.

    Each pair is a folder with long.*, short.*, gt.* and pair.json, which records what was drawn
    for it. Then: pairfix restore PAIRS/0000/long.dng PAIRS/0000/short.dng -o OUTPUT. Needs PyTorch.
    """
    domain, suffix = reconciled(domain, file_format)
    wanted = None if size is None else _size(size)
    check_finite(displacement, "--displacement")
    check_range(frames, 1, "--frames")
    check_range(gap_frames, 0, "--gap-frames")
    if domain == "srgb":
        depth_of(output / f"long{suffix}", FORMATS[suffix], bits)
    talk = Talk(quiet=quiet, verbose=verbose)
    require_torch()
    settings = PairSettings(
        recipe=make_recipe(domain, noise, ratio, blur, sigma=sigma, processing=processing),
        count=count,
        size=wanted,
        displacement=displacement,
        seed=seed,
        pictures=PictureFormat(suffix, bits, quality),
        overwrite=overwrite,
    )
    video = VideoRecipe(frames, gap_frames) if from_video else None
    start = time.perf_counter()
    pairs = _render(photos, output, settings, None if part == "all" else part, video, talk)
    seconds = time.perf_counter() - start
    written = f"{len(pairs)} pair{'s' if len(pairs) != 1 else ''} written"
    talk.say(f"{output}: {written} in {seconds:.1f} s")
    if json:
        print_json({"pairs": pairs, "seconds": round(seconds, 3)})


def _render(
    photos: Path,
    output: Path,
    settings: PairSettings,
    part: Part | None,
    video: VideoRecipe | None,
    talk: Talk,
) -> list[dict[str, Any]]:
    from pairfix.synth.folders import (  # noqa: PLC0415  (keeps --help quick)
        pairs_from_photos,
        pairs_from_video,
    )

    with talk.progress() as progress:
        if video is not None:
            return pairs_from_video(photos, output, settings, video, progress)
        return pairs_from_photos(photos, output, settings, part, progress)


def _size(text: str) -> tuple[int, int]:
    """Height and width of ``WxH``."""
    width, cross, height = text.lower().partition("x")
    sides = [int(side) for side in (height, width) if side.isdecimal()]
    if not cross or len(sides) != 2 or any(side < 2 or side % 2 for side in sides):  # noqa: PLR2004
        raise typer.BadParameter(
            f"'{text}' is not a width and height such as 1536x1152, both even", param_hint="--size"
        )
    return sides[0], sides[1]
