"""Both frames as a sensor records them (torch)."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from pairfix.synth.camera import Camera
from pairfix.synth.draw import Draw
from pairfix.synth.mosaic import Readout, filter_colours, packed_gains
from pairfix.synth.noise import NoiseModel
from pairfix.synth.noise.models import PairNoise
from pairfix.synth.optics import Exposed
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["Shots", "shoot"]

_MISMATCH = 0.05
"""Standard deviation in stops of the brightness difference that exposure matching leaves."""
_LONG_HEAT = (0.1, 1.0)
"""Hot pixels of the long frame over the short one's: at lower ISO they stand out less."""


@dataclass(frozen=True, slots=True)
class Shots:
    """Both frames as the sensor recorded them, in white-balanced light of equal brightness."""

    camera: Camera
    readout: Readout
    noise: PairNoise
    """As a fraction of saturation, before white balance."""
    gains: Tensor
    """``N x 4 x 1 x 1``."""
    sharp: Tensor
    """``N x 3 x H x W``: colours that the short frame would have without noise; not clipped."""
    blurred: Tensor
    """The same of the long frame."""
    short: Tensor
    """``N x 4 x h x w`` as sampled: the mosaic of half the size, or cells; not clipped to the
    encoding's range."""
    long: Tensor


def shoot(
    exposed: Exposed,
    model: NoiseModel,
    recipe: SynthRecipe,
    draw: Draw,
    *,
    sample: Callable[[Tensor], Tensor] = filter_colours,
) -> Shots:
    """Record both exposures on sensors of their own.

    Args:
        exposed: Light of the long and the short exposure, H and W even.
        model: A noise model of the stage ``"sensor"``.
        recipe: What the pairs are like.
        draw: Randomness.
        sample: From colours to the planes that the sensor records.
    """
    shape = (len(exposed.sharp), 1, 1, 1)
    balances = recipe.profile.white_balances if recipe.profile else ()
    camera = Camera.draw(len(exposed.sharp), draw, balances)
    readout = Readout.draw(len(exposed.sharp), recipe, draw)
    ratio = draw.log_uniform(*shape, low=recipe.ratio[0], high=recipe.ratio[1])
    heat = draw.uniform(*shape, low=_LONG_HEAT[0], high=_LONG_HEAT[1])
    mismatch = 2 ** draw.normal(*shape, deviation=_MISMATCH)
    sharp, blurred = camera.see(exposed.sharp), camera.see(exposed.long) * mismatch
    gains = packed_gains(camera.gains)
    short, long = sample(sharp) / gains, sample(blurred) / gains
    noise = model.draw(short, ratio, recipe, draw)
    white = noise.brightening
    return Shots(
        camera=camera,
        readout=readout,
        noise=noise,
        gains=gains,
        sharp=sharp,
        blurred=blurred,
        short=gains * readout.read(short, noise.short, draw, saturation=white),
        long=gains * readout.read(long, noise.long, draw, heat=heat),
    )
