"""From files to files: one pair restored, or its long exposure aligned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pairfix.formats import check_writable, encode_picture
from pairfix.image import AlignedPair, AlignmentMode, DevelopSettings
from pairfix.output.provenance import described
from pairfix.output.report import Report, Restoration, SceneFacts, unused_settings
from pairfix.output.results import WRITE, check_distinct, check_targets, dng_kind, write_results
from pairfix.pipeline.restored import Restored
from pairfix.pipeline.restorer import Restorer
from pairfix.progress import Progress, Timeline, no_progress
from pairfix.recipe import Recipe
from pairfix.stages.develop import DEVELOP, develop
from pairfix.stages.prepare import Preparation, decode_photos, prepare_pair

__all__ = ["align_pair", "restore"]


def restore(
    long: Path,
    short: Path | None,
    output: Path,
    recipe: Recipe | None = None,
    progress: Progress | None = None,
) -> Restoration:
    """Restore one photo from a long and a short exposure, and write it: a `Restorer` for one pair.

    Args:
        long: The long exposure (clean, blurred); or the only photo, if the recipe's model takes
            just one.
        short: The short exposure (sharp, noisy); its geometry is the result's. None for models
            that take one photo.
        output: The result; its extension names the format.
        recipe: What differs from the defaults.
        progress: Called with a stage, the steps done and the steps in all.

    Returns:
        What was done: exposures, alignment, model, device, seconds per stage.

    Raises:
        PairfixError: One of its kinds, each with a message for the user. Files appear at the very
            end, each whole or not at all.
    """
    recipe = recipe or Recipe()
    timeline = Timeline(progress or no_progress)
    paths = [path for path in (long, short) if path is not None]
    check_targets(paths, output, recipe)
    restored = _restore_once(paths, output, recipe, timeline)
    reference = restored.scene.reference
    unused = unused_settings(recipe.develop, reference, dng_kind(reference, output, recipe.dng))
    facts = replace(restored.facts, output=output, remarks=restored.facts.remarks + unused)
    fused, compared = restored.fused, recipe.preview is not None or recipe.report is not None
    sources = restored.scene.sources if compared else {}
    del restored  # developing needs the memory
    return write_results(fused, sources, output, facts, recipe, timeline)


def _restore_once(
    paths: Sequence[Path], output: Path, recipe: Recipe, timeline: Timeline
) -> Restored:
    """Restore with a model that is open no longer than it runs: what follows needs the memory."""
    restorer = Restorer(recipe, keep_open=False)
    restorer.check_photos(len(paths))
    frames = decode_photos(paths, restorer.preparation, timeline)
    kind = dng_kind(frames[-1], output, recipe.dng)  # refuses before the photos are aligned
    scene = restorer.prepare(frames, timeline)
    del frames  # which hold the pixels that the scene may give up
    if kind is None and isinstance(scene, AlignedPair):  # a DNG states how noisy the photo was
        scene = replace(scene, short=scene.short.without_pixels(), long=scene.long.without_pixels())
    return restorer.restore_scene(scene, timeline)


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
    timeline = Timeline(progress or no_progress)
    check_writable(output, overwrite=overwrite, mosaic=False)
    check_distinct([long, short], [output])
    preparation = Preparation(align=mode, keep_row_noise=True, keep_flicker=True)
    pair = prepare_pair(long, short, preparation, timeline)
    how = f"long photo {pair.long.path.name}, aligned to {pair.short.path.name}"
    told, notes = described(pair.long, how, datetime.now(UTC))
    with timeline.run(DEVELOP):
        planes = pair.long_planes / np.float32(pair.match.long_gain)
        frame = replace(
            pair.short,
            exif=told.exif,
            description=told.description,
            baseline_exposure=pair.long.baseline_exposure,
        )
        picture = develop(planes, frame, DevelopSettings())
    with timeline.run(WRITE):
        encode_picture(picture, output, overwrite=overwrite)
    return Report(SceneFacts.of(pair), timeline.seconds, output, notes)
