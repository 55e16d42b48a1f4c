"""Folders of synthetic pairs from sharp photos or from high-speed video (torch)."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count as counting
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pairfix._version import __version__
from pairfix.errors import InputError, OutputError, PairfixError
from pairfix.formats.atomic import appearing
from pairfix.image import Pixels
from pairfix.progress import Progress, Stage, no_progress
from pairfix.synth.draw import Draw, one_pair
from pairfix.synth.noise import NOISES
from pairfix.synth.optics import Exposed, expose_photo, largest_size
from pairfix.synth.photos import LONGEST, list_photos, read_photo
from pairfix.synth.sensor import file_pictures
from pairfix.synth.shots import shoot
from pairfix.synth.synth_recipe import PairSettings, Part, SynthRecipe, VideoRecipe
from pairfix.synth.video import Shot, shots
from pairfix.synth.write import (
    PATTERNS,
    check_pair_folder,
    write_pictures,
    write_raws,
)

__all__ = ["RENDER", "pairs_from_photos", "pairs_from_video"]

_log = logging.getLogger(__name__)

RENDER = Stage("pairs", "Rendering pairs")

_SHUTTER = (1 / 250, 1 / 30)
"""Exposure times of the short photo, in seconds."""
_PHASE = 2
"""Pixels by which frames are rendered larger, so that a mosaic can begin with any filter."""
_SMALLEST = 64
"""Side of the smallest pair worth writing."""
_SMALLER = "use a smaller --size, --blur or --displacement"


@dataclass(frozen=True, slots=True)
class _Scene:
    """The light of one pair, and its origin."""

    exposed: Exposed
    about: dict[str, Any]


def pairs_from_photos(
    photos: Path,
    output: Path,
    settings: PairSettings,
    part: Part | None = None,
    progress: Progress = no_progress,
) -> list[dict[str, Any]]:
    """Render pairs from a folder of sharp photos, each in a folder of its own.

    Every pair depends only on the seed, its number and its photo.

    Args:
        photos: The folder; its subfolders count too.
        output: Where the pairs' folders 0000, 0001, ... go; created if it is missing.
        settings: What to render, and how to write it.
        part: Which part of training's split of the photos; None for both.
        progress: Called with `RENDER`.

    Returns:
        What was drawn for each pair, as in its pair.json.

    Raises:
        InputError: There are no photos, or all are damaged or too small.
        OutputError: A pair's folder exists, or cannot be written.
    """
    paths = list_photos(photos, part)
    total = len(paths) if settings.count is None else settings.count
    for number in range(total):
        check_pair_folder(_folder(output, number), overwrite=settings.overwrite)
    pixels = _shuffled(paths, settings)
    found = []
    progress(RENDER, 0, total)
    for number in range(total):
        draw, recipe = one_pair(settings.recipe, settings.seed, number)
        scene = _from_photo(*next(pixels), settings, recipe, draw)
        found.append(_write(scene, output, number, settings, recipe, draw))
        progress(RENDER, number + 1, total)
    return found


def pairs_from_video(
    video: Path,
    output: Path,
    settings: PairSettings,
    frames: VideoRecipe,
    progress: Progress = no_progress,
) -> list[dict[str, Any]]:
    """Render pairs from high-speed video, one after the other; the motion is the video's.

    Args:
        video: A file or a folder of frames; see `pairfix.synth.video.shots`.
        output: Where the pairs' folders go; created if it is missing.
        settings: What to render, and how to write it. Blur, gap, objects, lights and displacement
            do not apply.
        frames: Ranges of the frames that make a pair.
        progress: Called with `RENDER`; an unknown total is one more than the pairs done.

    Returns:
        What was drawn for each pair, as in its pair.json.

    Raises:
        InputError: The video is missing, damaged, too short, or smaller than the pairs.
        OutputError: A pair's folder exists, or cannot be written.
    """
    found = []
    progress(RENDER, 0, settings.count or 1)
    rng = np.random.default_rng(settings.seed)
    numbers = counting() if settings.count is None else range(settings.count)
    for number, shot in zip(numbers, shots(video, frames, rng), strict=False):
        draw, recipe = one_pair(settings.recipe, settings.seed, number)
        scene = _from_video(video, shot, settings)
        found.append(_write(scene, output, number, settings, recipe, draw))
        progress(RENDER, number + 1, settings.count or number + 2)
    if settings.count is not None and len(found) < settings.count:
        _log.warning("%s gives %d pairs, not %d", video, len(found), settings.count)
    return found


def _shuffled(paths: list[Path], settings: PairSettings) -> Iterator[tuple[Path, Pixels]]:
    """The usable photos in random order, again and again."""
    smallest = settings.size or (_SMALLEST, _SMALLEST)
    rng = np.random.default_rng(settings.seed)
    usable = [paths[index] for index in rng.permutation(len(paths))]
    while usable:
        for path in [*usable]:
            try:
                pixels = read_photo(path, 1, max(LONGEST, 2 * max(smallest)))
                if min(np.subtract(_largest(pixels, settings), smallest)) < 0:
                    raise InputError(f"{path} is too small for its pair", _SMALLER)
            except PairfixError as error:
                _log.warning("left out: %s", error)
                usable.remove(path)
            else:
                yield path, pixels
    raise InputError("no photo is large enough and undamaged", f"give larger ones, or {_SMALLER}")


def _largest(pixels: Pixels, settings: PairSettings) -> tuple[int, int]:
    height, width = largest_size(pixels.shape[:2], settings.recipe, settings.displacement)
    return height - _PHASE, width - _PHASE


def _from_photo(
    path: Path, pixels: Pixels, settings: PairSettings, recipe: SynthRecipe, draw: Draw
) -> _Scene:
    height, width = settings.size or _largest(pixels, settings)
    moved = expose_photo(
        pixels, (height + _PHASE, width + _PHASE), recipe, settings.displacement, draw.generator
    )
    about = {
        "photo": path.name,
        "blur": recipe.blur[0],
        "gap": recipe.gap[0],
        "moments": recipe.samples,
        "object": bool(recipe.objects),
        "lights": bool(recipe.lights),
        "alignment": moved.matrix.tolist(),
    }
    return _Scene(moved.exposed, about)


def _from_video(video: Path, shot: Shot, settings: PairSettings) -> _Scene:
    height, width = (side // 2 * 2 for side in shot.sharp.shape[1:])
    if settings.size is not None:
        wanted = (settings.size[0] + _PHASE, settings.size[1] + _PHASE)
        if min(height - wanted[0], width - wanted[1]) < 0:
            raise InputError(f"{video} is smaller than the pairs", "use a smaller --size")
        height, width = wanted
    top, left = (
        (there - side) // 2
        for there, side in zip(shot.sharp.shape[1:], (height, width), strict=True)
    )
    piece = (slice(None), slice(top, top + height), slice(left, left + width))
    long, sharp = (torch.from_numpy(light[piece])[None] for light in (shot.long, shot.sharp))
    about = {
        "video": video.name,
        "first_frame": shot.first,
        "frames": shot.frames,
        "gap_frames": shot.gap,
    }
    return _Scene(Exposed(long=long, sharp=sharp), about)


def _write(
    scene: _Scene,
    output: Path,
    number: int,
    settings: PairSettings,
    recipe: SynthRecipe,
    draw: Draw,
) -> dict[str, Any]:
    folder = _folder(output, number)
    check = partial(check_pair_folder, folder, overwrite=settings.overwrite)
    _make(output)
    with torch.no_grad(), appearing(folder, check) as beside:
        about = {
            "pairfix": __version__,
            "seed": settings.seed,
            "number": number,
            **scene.about,
            "domain": recipe.domain,
            "noise": recipe.noise[0],
            **_capture(scene.exposed, beside, number, settings, recipe, draw),
        }
        text = json.dumps(about, indent=2) + "\n"
        (beside / "pair.json").write_text(text, encoding="utf-8")
    return {"folder": str(folder), **about}


def _capture(
    exposed: Exposed,
    folder: Path,
    number: int,
    settings: PairSettings,
    recipe: SynthRecipe,
    draw: Draw,
) -> dict[str, Any]:
    height, width = (side - _PHASE for side in exposed.sharp.shape[2:])
    if recipe.domain == "srgb":
        inner = Exposed(*(light[..., :height, :width] for light in (exposed.long, exposed.sharp)))
        filed = file_pictures(inner, recipe, draw.generator)
        return write_pictures(filed, folder, settings.pictures)
    pattern = PATTERNS[int(draw.uniform().item() * len(PATTERNS))]
    shutter = draw.log_uniform(low=_SHUTTER[0], high=_SHUTTER[1]).item()
    taken = shoot(exposed, NOISES[recipe.noise[0]], recipe, draw)
    return write_raws(taken, pattern, (height, width), shutter, folder, number)


def _folder(output: Path, number: int) -> Path:
    return output / f"{number:04}"


def _make(output: Path) -> None:
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {output} cannot be created: {error.strerror}", "choose another one"
        ) from error
