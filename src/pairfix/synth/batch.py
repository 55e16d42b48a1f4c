"""A batch of training pairs (torch)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from torch import Tensor

__all__ = ["PairBatch"]


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pairs of one domain, in the range that networks work in (`pairfix.light.encode_planes`).

    Each is ``N x C x H x W`` float32 on the training device, C = 4 (raw) or 3 (srgb). The short
    frame and the truth share their geometry; the long frame is aligned to them, but not exactly.
    """

    short: Tensor
    """Noisy, brightened to the long frame's exposure."""
    long: Tensor
    """Blurry, nearly clean."""
    truth: Tensor
    """What the short frame shows, without noise; NaN where it is unknown."""
    short_noise: Tensor
    """Noise map of the short frame: the noise's standard deviation at every pixel."""
    long_noise: Tensor
    """Noise map of the long frame."""

    @property
    def sources(self) -> Mapping[str, Tensor]:
        """What networks can take, by the names of `pairfix.networks.Graph.inputs`."""
        return {
            each.name: getattr(self, each.name) for each in fields(self) if each.name != "truth"
        }
