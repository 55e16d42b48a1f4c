"""Noise models by name (torch)."""

from collections.abc import Mapping

from pairfix.image import Domain
from pairfix.synth.noise import display, sensor
from pairfix.synth.noise.calibrated import LinearNoise, calibrated
from pairfix.synth.noise.display import gaussian_noise
from pairfix.synth.noise.model import FrameNoise, NoiseModel, PairNoise
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = [
    "CALIBRATED",
    "GAUSSIAN",
    "NOISES",
    "FrameNoise",
    "LinearNoise",
    "NoiseModel",
    "PairNoise",
    "calibrated",
    "gaussian_noise",
    "noises_for",
]

CALIBRATED = "calibrated"
"""Name of the model that a recipe's own profile makes."""

GAUSSIAN = "gaussian"
"""Name of the model whose strength a recipe can choose."""

NOISES: Mapping[str, NoiseModel] = {
    "sensor": NoiseModel(
        title="shot and read noise of a sensor",
        source="Brooks et al. 2019, Section 3.5; as in SelfIR",
        stage="sensor",
        draw=sensor.sensor_noise,
    ),
    "physical": NoiseModel(
        title="a phone's calibrated photon counts and heavy-tailed read noise",
        source="D2HNet, Section 4.3 (Wei et al. 2020), and its released code",
        stage="sensor",
        draw=sensor.physical_noise,
    ),
    GAUSSIAN: gaussian_noise(*SynthRecipe().sigma),
    "poisson": NoiseModel(
        title="Poisson noise on display values",
        source="SelfIR, Section 4.1",
        stage="display",
        draw=display.poisson_noise,
    ),
    "gopro2": NoiseModel(
        title="shot noise in dark frames, readout noise in others, brightened",
        source="DeblurMerger, Section III-C, Eq. 8",
        stage="display",
        draw=display.gopro2_noise,
    ),
}
"""What `pairfix.synth.synth_recipe.SynthRecipe.noise` can name."""


def noises_for(domain: Domain) -> tuple[str, ...]:
    """Names of the models that can make pairs of a domain."""
    return tuple(name for name, model in NOISES.items() if domain in model.domains)
