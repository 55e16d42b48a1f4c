"""Options of `pairfix synth`, and the recipe that its options and those of `train` add up to."""

import math
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from pairfix.cli.paths import path_argument, path_option
from pairfix.formats import FORMATS
from pairfix.image import Domain
from pairfix.synth.noise import GAUSSIAN, NOISES, noises_for
from pairfix.synth.synth_recipe import AUGMENTATIONS, Part, SynthRecipe

__all__ = [
    "Count",
    "Displacement",
    "FileFormat",
    "Frames",
    "FromVideo",
    "GapFrames",
    "PairDomain",
    "Pairs",
    "PhotosOf",
    "Seed",
    "Size",
    "Source",
    "check_finite",
    "check_range",
    "make_recipe",
    "reconciled",
]

_MOTION = "Motion"
_FORMATS = {
    suffix.removeprefix("."): chosen for suffix, chosen in FORMATS.items() if chosen.readable
}


def _usual(domain: Domain) -> str:
    """Extension of the first format that holds pairs of a domain."""
    return next(suffix for suffix, each in FORMATS.items() if each.mosaic == (domain == "raw"))


Source = Annotated[
    Path,
    path_argument(
        help="A folder of sharp photos; with --from-video a video or a folder of its frames.",
        metavar="PHOTOS",
    ),
]
Pairs = Annotated[
    Path, path_option("--output", "-o", help="Where the pairs' folders go.", metavar="PAIRS")
]
Count = Annotated[
    int | None,
    typer.Option(
        help="Number of pairs. Default: one of each photo, or all that the video allows.", min=1
    ),
]
Size = Annotated[
    str | None,
    typer.Option(help="Size of the pairs in pixels. Default: the largest possible.", metavar="WxH"),
]
PhotosOf = Annotated[
    Literal["all", Part],
    typer.Option("--part", help="Which of the photos to use, as training splits them."),
]
PairDomain = Annotated[
    Domain | None, typer.Option(help="Raw or developed. Default: what the format holds.")
]
FileFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        help=f"Else {_usual('raw')[1:]} for raw, {_usual('srgb')[1:]} for srgb.",
        metavar=f"<{'|'.join(_FORMATS)}>",
    ),
]
Displacement = Annotated[
    float,
    typer.Option(
        help="How far the camera moves from photo to photo, in pixels.",
        min=0,
        rich_help_panel=_MOTION,
    ),
]
FromVideo = Annotated[
    bool,
    typer.Option(
        "--from-video", help="Average the frames of high-speed video.", rich_help_panel=_MOTION
    ),
]
Frames = Annotated[
    tuple[int, int],
    typer.Option(
        help="Range of frames that are averaged from a video.",
        metavar="MIN MAX",
        rich_help_panel=_MOTION,
    ),
]
GapFrames = Annotated[
    tuple[int, int],
    typer.Option(
        help="Range of a video's frames skipped between the two exposures.",
        metavar="MIN MAX",
        rich_help_panel=_MOTION,
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of all random choices.", min=0)]


def make_recipe(
    domain: Domain,
    noise: str,
    ratio: tuple[float, float],
    blur: tuple[float, float],
    *,
    sigma: tuple[float, float] | None = None,
    processing: float = 0.0,
    jpeg: float = 0.0,
    augment: str = "",
) -> SynthRecipe:
    """The recipe of synthetic pairs that the user's options describe.

    Args:
        domain: What the pairs are.
        noise: Names of `pairfix.synth.noise.NOISES`, separated by commas.
        ratio: Lowest and highest exposure of the long frame over the short one's.
        blur: Shortest and longest path of the camera, in pixels.
        sigma: Least and greatest standard deviation of Gaussian noise in 8-bit levels, if chosen.
        processing: Share of pairs that a camera processed.
        jpeg: Share of pairs that were JPEG-compressed.
        augment: Names of `AUGMENTATIONS`, separated by commas; may be empty.

    Raises:
        typer.BadParameter: A name is unknown, an option does not fit the domain, or a range is
            invalid.
    """
    names = _chosen(noise, NOISES, "--noise")
    if other := [name for name in names if domain not in NOISES[name].domains]:
        raise typer.BadParameter(
            f"{other[0]} makes no {domain} pairs, only {', '.join(noises_for(domain))} do; "
            "see --domain",
            param_hint="--noise",
        )
    augmentations = _chosen(augment, AUGMENTATIONS, "--augment") if augment else ()
    check_range(ratio, 1, "--ratio")
    check_range(blur, 0, "--blur")
    if jpeg and domain == "raw":
        raise typer.BadParameter("raw photos are never JPEGs", param_hint="--jpeg")
    if processing and domain == "raw":
        raise typer.BadParameter("raw photos are not processed", param_hint="--processing")
    recipe = SynthRecipe(
        domain=domain, noise=names, ratio=ratio, blur=blur, processing=processing, jpeg=jpeg
    )
    if sigma is not None:
        recipe = replace(recipe, sigma=_gaussian_sigma(sigma, names))
    return replace(recipe, **{name: AUGMENTATIONS[name] for name in augmentations})


def reconciled(domain: Domain | None, file_format: str | None) -> tuple[Domain, str]:
    """The pairs' domain and their files' extension, where the user chose one, both or neither.

    Raises:
        typer.BadParameter: The format is unknown, or does not hold pairs of the domain.
    """
    if file_format is None:
        domain = domain or "raw"
        return domain, _usual(domain)
    _check_known(file_format, _FORMATS, "--format")
    chosen = _FORMATS[file_format]
    held: Domain = "raw" if chosen.mosaic else "srgb"
    if domain not in (None, held):
        raise typer.BadParameter(f"{file_format} holds no {domain} pairs", param_hint="--format")
    return held, next(suffix for suffix, each in FORMATS.items() if each.name == chosen.name)


def check_range(bounds: tuple[float, float], least: float, option: str) -> None:
    """Check that a range is one, and begins at `least` or above.

    Raises:
        typer.BadParameter: It does not.
    """
    low, high = bounds
    if not (least <= low <= high and math.isfinite(high)):
        raise typer.BadParameter(
            f"{low:g} to {high:g} is not a range from {least:g} upwards", param_hint=option
        )


def check_finite(value: float, option: str) -> None:
    """Check that a number is finite: typer's limits let infinity pass.

    Raises:
        typer.BadParameter: It is not.
    """
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value:g} is not finite", param_hint=option)


def _gaussian_sigma(sigma: tuple[float, float], noises: Collection[str]) -> tuple[float, float]:
    """8-bit levels as display values; refused where there is no Gaussian noise."""
    check_range(sigma, 0, "--sigma")
    if GAUSSIAN not in noises:
        raise typer.BadParameter(f"it applies to --noise {GAUSSIAN} only", param_hint="--sigma")
    low, high = sigma
    return low / 255, high / 255


def _chosen(text: str, known: Collection[str], option: str) -> tuple[str, ...]:
    """Names that were given separated by commas."""
    names = tuple(text.split(","))
    for name in names:
        _check_known(name, known, option)
    return names


def _check_known(name: str, known: Collection[str], option: str) -> None:
    if name not in known:
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(known)}", param_hint=option)
