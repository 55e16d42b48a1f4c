"""What a noise model is: how strong it is in both frames of a pair, and how it is distributed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from pairfix.image import Domain
from pairfix.synth.draw import Draw

__all__ = ["FrameNoise", "NoiseModel", "PairNoise"]

Sampler = Callable[[Tensor, Tensor, Tensor, Draw], Tensor]
"""From a clean frame, shot and read noise to a noisy frame; neither is clipped."""


@dataclass(frozen=True, slots=True)
class FrameNoise:
    """Noise of N frames: a level x of 0 to 1 has variance ``shot x + read``.

    `shot` and `read` are ``N x 1 x 1 x 1``, or ``N x C x 1 x 1`` where channels differ.
    """

    shot: Tensor
    read: Tensor
    sampler: Sampler
    told: tuple[Tensor, Tensor] | None = None
    """Shot and read noise that networks are told instead: what a camera's files state of it."""

    def add(self, clean: Tensor, draw: Draw) -> Tensor:
        """A noisy version of ``N x C x H x W``, which may exceed 1; nothing is clipped."""
        return self.sampler(clean, self.shot, self.read, draw)


@dataclass(frozen=True, slots=True)
class PairNoise:
    """Noise of N pairs, both frames at the brightness that exposure matching gives them."""

    short: FrameNoise
    long: FrameNoise
    brightening: Tensor
    """``N x 1 x 1 x 1``: factor, 1 or more, by which the short frame is stored too dark."""


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """How pairs become noisy.

    A model of the stage ``"sensor"`` acts on mosaics before white balance, where 1 is the level
    of saturation; one of the stage ``"display"`` on sRGB-encoded values, as its paper has it.
    """

    title: str
    source: str
    stage: Literal["sensor", "display"]
    draw: Callable[[Tensor, Tensor, Draw], PairNoise]
    """From the clean short frames, ``N x C x H x W``, the exposure ratios of long over short,
    ``N x 1 x 1 x 1``, and what draws."""

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The domains whose pairs it can make: what happens on a sensor shows in both."""
        return ("raw", "srgb") if self.stage == "sensor" else ("srgb",)
