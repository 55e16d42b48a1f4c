"""What a batch of training pairs holds (torch)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from torch import Tensor

__all__ = ["PairBatch"]


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pairs of one domain, in the range that networks work in (`pairfix.light.encode_planes`).

    Each is ``N x C x H x W`` float32 on the training device, C = 4 (raw) or 3 (srgb). The short
    frame and the truth share their geometry; the long frame is aligned to them but for a rest.
    """

    short: Tensor
    """Noisy, brightened to the long frame's exposure."""
    long: Tensor
    """Blurry, nearly clean."""
    truth: Tensor
    """What the short frame shows, without noise; NaN where nobody knows it."""
    short_noise: Tensor
    """Standard deviation of the short frame's noise, as told to networks that ask for it."""
    long_noise: Tensor
    """The same of the long frame."""

    @property
    def sources(self) -> Mapping[str, Tensor]:
        """What a network can take, by the names of `pairfix.networks.Graph.inputs`."""
        return {
            each.name: getattr(self, each.name) for each in fields(self) if each.name != "truth"
        }
