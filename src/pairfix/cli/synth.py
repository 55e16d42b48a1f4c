"""`pairfix synth`: long and short exposures, and the truth, from sharp photos or video."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pairfix.cli import options, synth_options, train_options
from pairfix.cli.console import Talk, print_json
from pairfix.cli.synth_choices import check_finite, check_range, make_recipe
from pairfix.export.graphs import require_torch
from pairfix.image import Domain
from pairfix.synth.synth_recipe import SynthRecipe

if TYPE_CHECKING:
    from pairfix.synth.folders import PairSettings
    from pairfix.synth.photos import Part
    from pairfix.synth.video import VideoRecipe

__all__ = ["synth"]

_PAIRS = SynthRecipe()
_SUFFIXES: dict[synth_options.FileFormat, str] = {
    "dng": ".dng",
    "png": ".png",
    "tiff": ".tif",
    "jpg": ".jpg",
}


def synth(
    photos: synth_options.Source,
    output: synth_options.Pairs,
    count: synth_options.Count = None,
    size: synth_options.Size = None,
    part: synth_options.PhotosOf = "all",
    domain: synth_options.PairDomain = None,
    noise: train_options.Noise = "sensor",
    sigma: train_options.Sigma = None,
    ratio: train_options.Ratio = _PAIRS.ratio,
    blur: train_options.Blur = _PAIRS.blur,
    displacement: synth_options.Displacement = 8.0,
    from_video: synth_options.FromVideo = False,
    frames: synth_options.Frames = (7, 13),
    gap_frames: synth_options.GapFrames = (0, 2),
    file_format: synth_options.Chosen = None,
    bits: options.Bits = None,
    quality: options.Quality = 95,
    seed: synth_options.Seed = 0,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Make pairs of a long and a short exposure from sharp PHOTOS, with the truth beside them.

    Each pair is a folder of long, short and gt, and of pair.json, which says what was drawn for
    it: pairfix restore PAIRS/0000/long.dng PAIRS/0000/short.dng -o OUTPUT. Needs PyTorch.
    """
    domain, file_format = _reconciled(domain, file_format)
    wanted = None if size is None else _size(size)
    check_finite(displacement, "--displacement")
    check_range(frames, 1, "--frames")
    check_range(gap_frames, 0, "--gap-frames")
    talk = Talk(quiet=quiet, verbose=verbose)
    require_torch()
    from pairfix.synth.folders import PairSettings  # noqa: PLC0415  (keeps --help quick)
    from pairfix.synth.video import VideoRecipe  # noqa: PLC0415
    from pairfix.synth.write import PictureFormat  # noqa: PLC0415

    settings = PairSettings(
        recipe=make_recipe(domain, noise, ratio, blur, sigma=sigma),
        count=count,
        size=wanted,
        displacement=displacement,
        seed=seed,
        pictures=PictureFormat(_SUFFIXES[file_format], bits, quality),
        overwrite=overwrite,
    )
    video = VideoRecipe(frames, gap_frames) if from_video else None
    start = time.perf_counter()
    pairs = _render(photos, output, settings, None if part == "all" else part, video, talk)
    seconds = time.perf_counter() - start
    talk.say(f"{output}: {len(pairs)} pairs written in {seconds:.1f} s")
    if json:
        print_json({"pairs": pairs, "seconds": round(seconds, 3)})


def _render(
    photos: Path,
    output: Path,
    settings: "PairSettings",
    part: "Part | None",
    video: "VideoRecipe | None",
    talk: Talk,
) -> list[dict[str, Any]]:
    from pairfix.synth.folders import pairs_from_photos, pairs_from_video  # noqa: PLC0415

    with talk.progress() as progress:
        if video is not None:
            return pairs_from_video(photos, output, settings, video, progress)
        return pairs_from_photos(photos, output, settings, part, progress)


def _reconciled(
    domain: Domain | None, file_format: synth_options.FileFormat | None
) -> tuple[Domain, synth_options.FileFormat]:
    """What pairs in what files, where the user said one, both or neither."""
    held: Domain = "raw" if file_format in (None, "dng") else "srgb"
    if domain is None:
        domain = held
    if file_format is None:
        file_format = "dng" if domain == "raw" else "png"
    elif domain != held:
        raise typer.BadParameter(f"{file_format} holds no {domain} pairs", param_hint="--format")
    return domain, file_format


def _size(text: str) -> tuple[int, int]:
    """Height and width of ``WxH``."""
    width, cross, height = text.lower().partition("x")
    sides = [int(side) for side in (height, width) if side.isdecimal()]
    if not cross or len(sides) != 2 or any(side < 2 or side % 2 for side in sides):  # noqa: PLR2004
        raise typer.BadParameter(
            f"'{text}' is no width and height such as 1536x1152, both even", param_hint="--size"
        )
    return sides[0], sides[1]
