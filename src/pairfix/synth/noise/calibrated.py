"""Noise as it was measured in a camera's own pairs (torch; `pairfix.calibration`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pairfix.calibration import CameraProfile, FrameFit, Setting
from pairfix.image import Role
from pairfix.synth.draw import Draw
from pairfix.synth.light import linear_to_srgb, srgb_to_linear
from pairfix.synth.noise import NoiseModel
from pairfix.synth.noise.models import FrameNoise, PairNoise
from pairfix.synth.synth_recipe import SynthRecipe

__all__ = ["LinearNoise", "Pattern", "calibrated"]

Doubles = NDArray[np.float64]

_TORUS = 32
"""Side of the square on which a correlation becomes a kernel."""
_KERNEL = 9
"""Side of the kernel."""
_SPREAD = 0.1
"""Deviation of the strength from the measured one, in logarithms."""


def calibrated(profile: CameraProfile) -> NoiseModel:
    """The noise model of one camera.

    Pairs draw a setting as often as it was measured. The strength varies a little, since no
    measurement is exact.

    Args:
        profile: The camera's.
    """
    settings = profile.settings
    weights = torch.tensor([float(each.pairs) for each in settings])
    raw = profile.domain == "raw"

    def draw_noise(clean: Tensor, _ratio: Tensor, _recipe: SynthRecipe, draw: Draw) -> PairNoise:
        count = len(clean)
        chosen = torch.multinomial(
            weights.to(clean.device), count, replacement=True, generator=draw.generator
        )
        scale = draw.normal(count, 1, 1, 1, deviation=_SPREAD).exp()
        brightening = _gather([(each.brightening,) for each in settings], chosen)
        same = torch.ones_like(brightening)
        return PairNoise(
            short=LinearNoise.of(settings, "short", chosen, brightening, scale).as_frame_noise(
                encoded=not raw
            ),
            long=LinearNoise.of(settings, "long", chosen, same, scale).as_frame_noise(
                encoded=not raw
            ),
            brightening=brightening if raw else same,
        )

    return NoiseModel(
        title="what was measured in a camera's own pairs",
        source="pairfix.calibration",
        stage="sensor" if raw else "display",
        draw=draw_noise,
    )


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the noise of N frames is correlated; of standard deviation 1 but for rows and columns."""

    kernels: Tensor
    """``N x 1 x k x k``: white noise filtered by it has the correlation measured."""
    mixture: Tensor
    """``N x C x C`` of the channels (C = 1: a mosaic)."""
    rows: Tensor
    """``N x 1 x 1 x 1``: standard deviation of an offset common to a row."""
    columns: Tensor

    @classmethod
    def of(cls, fits: Sequence[FrameFit], chosen: Tensor, brightening: Tensor) -> "Pattern":
        """The patterns of chosen settings, brightened."""
        kernels = np.stack([_kernel(np.array(each.correlation)) for each in fits])
        mixture = np.stack([_root(np.array(each.channels)) for each in fits])

        def gathered(values: Doubles) -> Tensor:
            return torch.from_numpy(values.astype(np.float32)).to(chosen.device)[chosen]

        return cls(
            kernels=gathered(kernels)[:, None],
            mixture=gathered(mixture),
            rows=brightening * _gather([(each.rows,) for each in fits], chosen),
            columns=brightening * _gather([(each.columns,) for each in fits], chosen),
        )

    def draw(self, deviation: Tensor, draw: Draw) -> Tensor:
        """Noise of a given standard deviation, and offsets of rows and columns.

        Args:
            deviation: ``N x C x h x w``; a mosaic's planes count as one picture.
            draw: Randomness.
        """
        channels = self.mixture.shape[-1]
        mosaic = channels == 1
        count, _, height, width = deviation.shape
        if mosaic:
            height, width = 2 * height, 2 * width
        white = draw.normal(count, channels, height, width)
        edge = self.kernels.shape[-1] // 2
        padded = functional.pad(white, (edge,) * 4, mode="circular").flatten(0, 1)[None]
        kernels = self.kernels.repeat_interleave(channels, dim=0)
        shaped = functional.conv2d(padded, kernels, groups=len(kernels))
        shaped = torch.einsum("ncd,ndhw->nchw", self.mixture, shaped.view_as(white))
        lines = self.rows * draw.normal(count, 1, height, 1)
        lines = (lines + self.columns * draw.normal(count, 1, 1, width)).expand_as(white)
        if mosaic:
            shaped, lines = (functional.pixel_unshuffle(each, 2) for each in (shaped, lines))
        return shaped * deviation + lines


@dataclass(frozen=True, slots=True)
class LinearNoise:
    """The noise of N frames in linear light, as measured, before white balance."""

    shot: Tensor
    """``N x C x 1 x 1``: variance per unit of light."""
    read: Tensor
    offset: Tensor
    """``N x C x 1 x 1``: black over the long frame's."""
    pattern: Pattern
    stated: tuple[Tensor, Tensor]
    """Shot and read noise for the noise maps."""

    @classmethod
    def of(
        cls,
        settings: Sequence[Setting],
        role: Role,
        chosen: Tensor,
        brightening: Tensor,
        scale: Tensor | float = 1.0,
    ) -> "LinearNoise":
        """The noise of chosen settings.

        Args:
            settings: Of one camera.
            role: Which exposure.
            chosen: ``N``, index of each frame's setting.
            brightening: ``N x 1 x 1 x 1``, factor on each frame.
            scale: ``N x 1 x 1 x 1``, factor on the variance.
        """
        fits: list[FrameFit] = [getattr(each, role) for each in settings]
        dark = [each.offset if role == "short" else (0.0,) * len(each.offset) for each in settings]
        by_shot, by_read = scale * brightening, scale * brightening**2
        return cls(
            shot=by_shot * _gather([each.shot for each in fits], chosen),
            read=by_read * _gather([each.read for each in fits], chosen),
            offset=brightening * _gather(dark, chosen),
            pattern=Pattern.of(fits, chosen, brightening),
            stated=(
                by_shot * _gather([each.told_shot for each in fits], chosen),
                by_read * _gather([each.told_read for each in fits], chosen),
            ),
        )

    def variance(self, light: Tensor) -> Tensor:
        """Variance at every pixel, that of rows and columns included."""
        common = self.pattern.rows**2 + self.pattern.columns**2
        return self.shot * light.clamp_min(0) + self.read + common

    def draw(self, light: Tensor, draw: Draw) -> Tensor:
        """Noise alone, of mean 0, for frames of this light, ``N x C x h x w``."""
        return self.pattern.draw((self.shot * light.clamp_min(0) + self.read).sqrt(), draw)

    def as_frame_noise(self, *, encoded: bool) -> FrameNoise:
        """The same noise for the synthesis, on linear light or on display values."""

        def sample(clean: Tensor, _shot: Tensor, _read: Tensor, draw: Draw) -> Tensor:
            light = srgb_to_linear(clean.clamp(0, 1)) if encoded else clean
            noisy = light + self.offset + self.draw(light, draw)
            return linear_to_srgb(noisy.clamp(0, 1)) if encoded else noisy

        return FrameNoise(self.shot, self.read, sample, self.stated)


def _gather(values: Sequence[Sequence[float]], chosen: Tensor) -> Tensor:
    """The values of the chosen settings, ``N x C x 1 x 1``."""
    return torch.tensor(values, device=chosen.device, dtype=torch.float32)[chosen][..., None, None]


def _kernel(correlation: Doubles) -> Doubles:
    """The symmetric kernel whose autocorrelation comes nearest to the one given."""
    reach = len(correlation) // 2
    torus = np.zeros((_TORUS, _TORUS))
    torus[: 2 * reach + 1, : 2 * reach + 1] = correlation
    power = np.fft.fft2(np.roll(torus, (-reach, -reach), axis=(0, 1))).real
    field = np.fft.ifft2(np.sqrt(power.clip(min=0))).real
    edge = _KERNEL // 2
    kernel = np.roll(field, (edge, edge), axis=(0, 1))[:_KERNEL, :_KERNEL]
    return kernel / np.linalg.norm(kernel)


def _root(covariance: Doubles) -> Doubles:
    """A matrix that gives white noise this covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(values.clip(min=0))
