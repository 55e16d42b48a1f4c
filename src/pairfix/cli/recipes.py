"""What pairs are to be like, as the user says it; refused in words where it makes no sense."""

import math

import typer

from pairfix.image import Domain
from pairfix.synth.recipe import SynthRecipe

__all__ = ["check_range", "make_recipe"]


def make_recipe(
    domain: Domain, noise: str, ratio: tuple[float, float], blur: tuple[float, float]
) -> SynthRecipe:
    """The recipe of synthetic pairs; needs PyTorch.

    Args:
        domain: What the pairs are.
        noise: Names of noise models, comma between.
        ratio: Lowest and highest exposure of the long frame over the short one's.
        blur: Shortest and longest path of the camera, in pixels.

    Raises:
        typer.BadParameter: A model is unknown or of the other domain, or a range is none.
    """
    from pairfix.synth.noise import noises_for  # noqa: PLC0415  (keeps --help quick)

    names, known = tuple(noise.split(",")), noises_for(domain)
    if unknown := [name for name in names if name not in known]:
        raise typer.BadParameter(
            f"'{unknown[0]}' is not one of {', '.join(known)}", param_hint="--noise"
        )
    check_range(ratio, 1, "--ratio")
    check_range(blur, 0, "--blur")
    return SynthRecipe(domain=domain, noise=names, ratio=ratio, blur=blur)


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
