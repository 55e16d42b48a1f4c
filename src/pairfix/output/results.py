"""What a restoration leaves behind: the photo, and if asked for a comparison and a page."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from pairfix.errors import OutputError
from pairfix.formats import check_writable, encode_dng, encode_picture, output_format
from pairfix.formats.atomic import replacing
from pairfix.image import AlignedPair, DevelopSettings, Fused, Picture, Planes, SingleFrame
from pairfix.output.html import (
    RESULT,
    Score,
    check_page,
    check_scoring,
    render_page,
    score_pictures,
)
from pairfix.output.preview import compare
from pairfix.output.report import Restoration
from pairfix.progress import Stages
from pairfix.recipe import Recipe
from pairfix.stages.develop import develop, source_mosaic

__all__ = ["check_distinct", "check_targets", "write_results"]


def check_targets(inputs: list[Path | None], output: Path, recipe: Recipe) -> bool:
    """Refuse what cannot be written, or would destroy something, before any work is done.

    Returns:
        Whether the output holds a mosaic.

    Raises:
        OutputError: A target exists, is an input, has no fitting name, or its folder is closed.
        MissingExtraError: Scores are asked for, and pyiqa is not installed.
    """
    chosen = check_writable(output, bits=recipe.bits, overwrite=recipe.overwrite)
    targets = [output]
    if recipe.preview:
        check_writable(recipe.preview, overwrite=recipe.overwrite, mosaic=False)
        targets.append(recipe.preview)
    if recipe.report:
        check_page(recipe.report, overwrite=recipe.overwrite)
        targets.append(recipe.report)
        if recipe.report_scores:
            check_scoring()
    check_distinct(inputs, targets)
    return chosen.mosaic


def check_distinct(inputs: list[Path | None], targets: list[Path]) -> None:
    """Refuse a target that is an input, or another target.

    Raises:
        OutputError: One of them is.
    """
    taken = [path.resolve() for path in inputs if path is not None]
    for target in targets:
        if target.resolve() in taken:
            raise OutputError(
                f"{target} is also an input or another result", "give it a name of its own"
            )
        taken.append(target.resolve())


def write_results(fused: Fused, restoration: Restoration, recipe: Recipe, stages: Stages) -> None:
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
        scores: list[Score] = []
        if recipe.report_scores:
            with stages.run("score"):
                scores = score_pictures(pictures)
        with stages.run("report"):
            page = render_page(pictures, restoration, scores)
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
