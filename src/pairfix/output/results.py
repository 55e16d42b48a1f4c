"""The files that a restoration writes: the photo, and on request a comparison and a page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pairfix.errors import InputError, OutputError, PairfixError
from pairfix.formats import (
    FORMATS,
    check_writable,
    encode_dng,
    encode_linear_dng,
    encode_picture,
    output_format,
)
from pairfix.formats.atomic import replacing
from pairfix.formats.colour import in_srgb
from pairfix.formats.dng_preview import PREVIEW_PIXELS
from pairfix.image import DevelopSettings, Frame, Fused, Picture, Planes, Role
from pairfix.output.blink import MOVING, blink, check_blinking, is_blinking
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
from pairfix.paths import reaching, real
from pairfix.progress import Stage, Timeline
from pairfix.recipe import DngKind, Recipe
from pairfix.score import SCORE
from pairfix.stages.develop import DEVELOP, develop, source_light, source_mosaic

__all__ = [
    "WRITE",
    "check_distinct",
    "check_format",
    "check_targets",
    "dng_kind",
    "write_results",
]

WRITE = Stage("write", "Writing")
PREVIEW = Stage("preview", "Making the comparison")
REPORT = Stage("report", "Making the page")


def check_targets(inputs: Sequence[Path], output: Path, recipe: Recipe) -> None:
    """Refuse what cannot be written, or would destroy something, before any work is done.

    Raises:
        OutputError: A target exists, is an input, has no fitting name, or its folder is closed.
        MissingExtraError: Scores are asked for, and pyiqa is not installed.
    """
    check_distinct(inputs, [each for each in (output, recipe.preview, recipe.report) if each])
    check_writable(output, bits=recipe.bits, overwrite=recipe.overwrite)
    check_format(output, recipe)
    if recipe.preview:
        _check_preview(recipe.preview, overwrite=recipe.overwrite)
    if recipe.report:
        check_page(recipe.report, overwrite=recipe.overwrite)
        if recipe.report_scores:
            check_scoring()


def _check_preview(path: Path, *, overwrite: bool) -> None:
    if is_blinking(path):
        check_blinking(path, overwrite=overwrite)
    elif path.suffix.lower() in FORMATS:
        check_writable(path, overwrite=overwrite, mosaic=False)
    else:
        pictures = [suffix for suffix, each in FORMATS.items() if not each.mosaic]
        raise OutputError(
            f"{path} does not have the extension of a format for comparisons",
            f"use {', '.join((*pictures, *MOVING))}",
        )


def dng_kind(reference: Frame, output: Path, asked: DngKind | None) -> DngKind | None:
    """What a DNG result will hold; None if the output is none.

    Args:
        reference: The photo whose geometry and colours the result has.
        output: Where the result goes.
        asked: What it shall hold; None: a mosaic where there is one.

    Raises:
        OutputError: The photo is no raw, a mosaic is asked for and there is none, or it was
            developed to other colours than sRGB's.
    """
    if not output_format(output).mosaic:
        return None
    if reference.bayer is not None:
        return asked or "cfa"
    if not reference.developed:
        raise OutputError(f"{output}: a DNG needs raw photos", "write .tif or .png")
    if asked == "cfa":
        message = f"{output}: {reference.path} was developed, so that there is no mosaic"
        raise OutputError(message, "leave --dng cfa out: the DNG will be linear")
    if reference.profile:
        message = f"{output}: a DNG of a developed raw is in sRGB's colours"
        raise OutputError(message, "leave --colour-space out")
    return "linear"


def check_format(output: Path, recipe: Recipe) -> None:
    """Refuse a mosaic of a crop, whose converter would need the whole frame; and `dng` without one.

    Raises:
        OutputError: The recipe asks for it.
    """
    chosen = output_format(output)
    if recipe.dng is not None and not chosen.mosaic:
        raise OutputError(
            f"{output}: {chosen.name} is not DNG, so that --dng does not apply",
            "leave --dng out, or write a .dng",
        )
    if recipe.crop is not None and chosen.mosaic:
        raise OutputError(
            f"{output}: {chosen.name} holds a whole photo, not a crop", "write a .tif or .png"
        )


def check_distinct(inputs: Sequence[Path], targets: Sequence[Path]) -> None:
    """Refuse a target that is an input, or another target.

    Raises:
        OutputError: One of them is.
    """
    taken = [_real(path, InputError) for path in inputs]
    for target in targets:
        if _real(target, OutputError) in taken:
            raise OutputError(
                f"{target} is also an input or another result", "give it a name of its own"
            )
        taken.append(_real(target, OutputError))


def _real(path: Path, kind: type[PairfixError]) -> Path:
    with reaching(path, kind):
        return real(path)


def write_results(
    fused: Fused,
    sources: Mapping[Role, Planes],
    output: Path,
    restoration: Restoration,
    recipe: Recipe,
    timeline: Timeline,
) -> Restoration:
    """Make everything first, then write: each file is whole or absent.

    Args:
        fused: The restored photo.
        sources: The photos that it was restored from, if they are to be compared with it.
        output: Where the photo goes.
        restoration: What the page says about it.
        recipe: What else is written, and how.
        timeline: Records the stages.

    Returns:
        What was done, with the time that this took.

    Raises:
        OutputError: A file cannot be written.
    """
    kind = dng_kind(fused.reference, output, recipe.dng)
    pictures: dict[str, Picture] = {}
    preview: Picture | bytes | None = None
    page = shown_inside = None
    with timeline.run(DEVELOP):
        if recipe.preview or recipe.report or kind is None:
            pictures = _develop(fused, sources, recipe)
        if kind is not None:
            shown_inside = _for_converters(fused, recipe.develop.exposure)
    if recipe.preview:
        with timeline.run(PREVIEW):
            preview = _preview(pictures, recipe.preview, whole=recipe.crop is not None)
    if recipe.report:
        so_far = replace(restoration, seconds=dict(timeline.seconds))
        page = _page(pictures, fused, so_far, recipe, timeline)
    with timeline.run(WRITE):
        if kind is not None:
            _encode_dng(kind, fused, shown_inside, output, recipe)
        else:
            _encode(pictures[RESULT], output, recipe)
        if recipe.preview and isinstance(preview, bytes):
            with replacing(recipe.preview, overwrite=recipe.overwrite) as file:
                file.write(preview)
        elif recipe.preview and isinstance(preview, Picture):
            _encode(preview, recipe.preview, replace(recipe, bits=None))
        if recipe.report and page:
            with replacing(recipe.report, overwrite=recipe.overwrite) as file:
                file.write(page)
    return replace(restoration, seconds=dict(timeline.seconds))


def _preview(pictures: Mapping[str, Picture], path: Path, *, whole: bool) -> Picture | bytes:
    """A moving comparison, or a sheet."""
    if is_blinking(path):
        shown = {name: in_srgb(picture) for name, picture in pictures.items()}
        return blink(shown, path.suffix.lower(), whole=whole)
    return compare(pictures)


def _page(
    pictures: Mapping[str, Picture],
    fused: Fused,
    restoration: Restoration,
    recipe: Recipe,
    timeline: Timeline,
) -> bytes:
    pictures = {name: in_srgb(picture) for name, picture in pictures.items()}
    scores: list[Score] = []
    if recipe.report_scores:
        with timeline.run(SCORE):
            scores = score_pictures(pictures)
    with timeline.run(REPORT):
        return render_page(pictures, restoration, scores, fused.long_share).encode()


def _develop(fused: Fused, sources: Mapping[Role, Planes], recipe: Recipe) -> dict[str, Picture]:
    """The result as a picture, after the photos that it was made from."""
    planes = {**{str(role): source for role, source in sources.items()}, RESULT: fused.planes}
    return {
        name: develop(each, fused.reference, recipe.develop, gain=fused.gain, crop=recipe.crop)
        for name, each in planes.items()
    }


def _encode_dng(
    kind: DngKind, fused: Fused, picture: Picture | None, path: Path, recipe: Recipe
) -> None:
    exposure = float(np.log2(fused.gain)) + recipe.develop.exposure
    reference, overwrite = fused.reference, recipe.overwrite
    if kind == "cfa":
        mosaic = source_mosaic(fused)
        encode_dng(reference, mosaic, exposure, path, picture=picture, overwrite=overwrite)
    else:
        light = source_light(fused, recipe.develop.demosaic)
        encode_linear_dng(reference, light, exposure, path, picture=picture, overwrite=overwrite)


def _for_converters(fused: Fused, exposure: float) -> Picture:
    """The result as converters will show it at first; large ones at half their size, quickly."""
    height, width = fused.reference.size
    return develop(
        fused.planes,
        fused.reference,
        DevelopSettings(exposure=exposure),
        gain=fused.gain,
        half_size=height * width >= 4 * PREVIEW_PIXELS,
    )


def _encode(picture: Picture, path: Path, recipe: Recipe) -> None:
    encode_picture(
        picture, path, bits=recipe.bits, quality=recipe.quality, overwrite=recipe.overwrite
    )
