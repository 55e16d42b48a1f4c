"""The registry of noise models; importing it does not load torch.

`pairfix.synth.noise.models` draws their noise, `pairfix.synth.noise.calibrated` that of a camera.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from pairfix.image import Domain

if TYPE_CHECKING:  # the command line's --help needs the names only
    from torch import Tensor

    from pairfix.synth.draw import Draw
    from pairfix.synth.noise.models import PairNoise
    from pairfix.synth.synth_recipe import SynthRecipe

    DrawNoise = Callable[[Tensor, Tensor, SynthRecipe, Draw], PairNoise]

__all__ = ["CALIBRATED", "GAUSSIAN", "NOISES", "NoiseModel", "noises_for"]

CALIBRATED = "calibrated"
"""Name of the model that is made from a recipe's own profile; not in `NOISES`."""
GAUSSIAN = "gaussian"
"""Name of the model whose strength a recipe can choose."""


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """How pairs become noisy.

    A model of the stage ``"sensor"`` acts on mosaics before white balance, where 1 is the level
    of saturation; one of the stage ``"display"`` on sRGB-encoded values, as its paper has it.
    """

    title: str
    source: str
    stage: Literal["sensor", "display"]
    draw: "DrawNoise"
    """Draws the noise of N pairs, given the clean short frames (``N x C x H x W``), the exposure
    ratios of long over short (``N x 1 x 1 x 1``), the recipe, and the random numbers."""

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The domains whose pairs it can make: what happens on a sensor shows in both."""
        return ("raw", "srgb") if self.stage == "sensor" else ("srgb",)


def _drawn_by(name: str) -> "DrawNoise":
    """A function of `pairfix.synth.noise.models`, imported when it is first called."""

    def draw_noise(
        clean: "Tensor", ratio: "Tensor", recipe: "SynthRecipe", draw: "Draw"
    ) -> "PairNoise":
        function: DrawNoise = getattr(import_module(f"{__name__}.models"), name)
        return function(clean, ratio, recipe, draw)

    return draw_noise


NOISES: Mapping[str, NoiseModel] = {
    "sensor": NoiseModel(
        title="shot and read noise of a sensor",
        source="Brooks et al. 2019, Section 3.5; as in SelfIR",
        stage="sensor",
        draw=_drawn_by("sensor_noise"),
    ),
    "physical": NoiseModel(
        title="a phone's calibrated photon counts and heavy-tailed read noise",
        source="D2HNet, Section 4.3 (Wei et al. 2020), and its released code",
        stage="sensor",
        draw=_drawn_by("physical_noise"),
    ),
    GAUSSIAN: NoiseModel(
        title="white noise of any strength on display values",
        source="SelfIR, Section 4.1",
        stage="display",
        draw=_drawn_by("gaussian_noise"),
    ),
    "poisson": NoiseModel(
        title="Poisson noise on display values",
        source="SelfIR, Section 4.1",
        stage="display",
        draw=_drawn_by("poisson_noise"),
    ),
    "gopro2": NoiseModel(
        title="shot noise in dark frames, readout noise in others, brightened",
        source="DeblurMerger, Section III-C, Eq. 8",
        stage="display",
        draw=_drawn_by("gopro2_noise"),
    ),
}
"""The models that `pairfix.synth.synth_recipe.SynthRecipe.noise` and ``--noise`` can name."""


def noises_for(domain: Domain) -> tuple[str, ...]:
    """Names of the models that can make pairs of a domain."""
    return tuple(name for name, model in NOISES.items() if domain in model.domains)
