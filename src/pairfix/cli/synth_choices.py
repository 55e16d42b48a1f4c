"""What pairs are to be like, as the user says it; refused in words where it makes no sense."""

import math
from collections.abc import Collection
from dataclasses import replace

import typer

from pairfix.image import Domain
from pairfix.synth.noise import GAUSSIAN, noises_for
from pairfix.synth.synth_recipe import AUGMENTATIONS, SynthRecipe

__all__ = ["check_finite", "check_range", "make_recipe"]


def make_recipe(
    domain: Domain,
    noise: str,
    ratio: tuple[float, float],
    blur: tuple[float, float],
    *,
    sigma: tuple[float, float] | None = None,
    jpeg: float = 0.0,
    augment: str = "",
) -> SynthRecipe:
    """The recipe of synthetic pairs.

    Args:
        domain: What the pairs are.
        noise: Names of noise models, comma between.
        ratio: Lowest and highest exposure of the long frame over the short one's.
        blur: Shortest and longest path of the camera, in pixels.
        sigma: Least and greatest standard deviation of Gaussian noise in 8-bit levels, if chosen.
        jpeg: Share of pairs that were JPEG-compressed.
        augment: Names of `pairfix.synth.synth_recipe.AUGMENTATIONS`, comma between; may be empty.

    Raises:
        typer.BadParameter: A name is unknown, something is of the other domain, or a range is none.
    """
    names = _chosen(noise, noises_for(domain), "--noise")
    augmentations = _chosen(augment, AUGMENTATIONS, "--augment") if augment else ()
    check_range(ratio, 1, "--ratio")
    check_range(blur, 0, "--blur")
    if jpeg and domain == "raw":
        raise typer.BadParameter("raw photos are never JPEGs", param_hint="--jpeg")
    recipe = SynthRecipe(domain=domain, noise=names, ratio=ratio, blur=blur, jpeg=jpeg)
    if sigma is not None:
        recipe = replace(recipe, sigma=_gaussian_sigma(sigma, names))
    return replace(recipe, **{name: AUGMENTATIONS[name] for name in augmentations})


def check_range(bounds: tuple[float, float], least: float, option: str) -> None:
    """See to it that a range is one, and begins at `least` or above.

    Raises:
        typer.BadParameter: It does not.
    """
    low, high = bounds
    if not (least <= low <= high and math.isfinite(high)):
        raise typer.BadParameter(
            f"{low:g} to {high:g} is no range from {least:g} upwards", param_hint=option
        )


def check_finite(value: float, option: str) -> None:
    """See to it that a number is finite: typer's limits let infinity pass.

    Raises:
        typer.BadParameter: It is not.
    """
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value:g} is not finite", param_hint=option)


def _gaussian_sigma(sigma: tuple[float, float], noises: Collection[str]) -> tuple[float, float]:
    """8-bit levels as display values, refused where there is no noise of such strength."""
    check_range(sigma, 0, "--sigma")
    if GAUSSIAN not in noises:
        raise typer.BadParameter("it applies to --noise gaussian only", param_hint="--sigma")
    low, high = sigma
    return low / 255, high / 255


def _chosen(text: str, known: Collection[str], option: str) -> tuple[str, ...]:
    """Names that were given with commas between."""
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(
            f"'{unknown[0]}' is not one of {', '.join(known)}", param_hint=option
        )
    return names
