"""Crops of real pairs, from which a network learns without any truth (torch)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pairfix.calibration.load import load_pairs
from pairfix.errors import PairError
from pairfix.image import AlignedPair, Domain, Planes, Progress
from pairfix.light import encode_planes
from pairfix.noise import describe_noise
from pairfix.pairs import FoundPair, LeftOut
from pairfix.synth.batch import PairBatch

__all__ = ["RealCrops"]

_CROPS = 64
"""Crops in memory, of all pairs together, and pairs that they come from at most."""
_ROOM = 2
"""Side of a crop in memory over that of a crop in training."""


@dataclass(frozen=True, slots=True)
class RealCrops:
    """Pieces of pairs on the training device, from which smaller ones are cut at random.

    How much memory they take depends on their size alone, not on the photos'.
    """

    pieces: Mapping[str, Tensor]
    """``n x C x s x s`` by the names of `PairBatch`; there is no truth."""
    count: int
    """Crops to a batch."""
    side: int
    """Of a crop in training, in the planes' pixels."""

    @classmethod
    def load(
        cls,
        pairs: Sequence[FoundPair],
        domain: Domain,
        *,
        count: int,
        side: int,
        seed: int,
        device: torch.device,
        progress: Progress,
    ) -> "RealCrops":
        """Cut the pieces, evenly from all pairs, at random places.

        Args:
            pairs: To learn from.
            domain: The network's.
            count: Crops to a batch.
            side: Of a crop in training.
            seed: Of the places.
            device: Where training takes place.
            progress: Called with ``"decode"``.

        Raises:
            PairError: No pair can be used.
        """
        rng = np.random.default_rng(seed)
        left_out: list[LeftOut] = []
        found: dict[str, list[Planes]] = {}
        chosen = pairs[:: -(-len(pairs) // _CROPS)]
        each = -(-_CROPS // len(chosen))
        for loaded in load_pairs(chosen, domain, left_out, progress, "decode"):
            sources = _sources(loaded.pair, domain)
            for piece in _cut(sources, _ROOM * side, each, rng):
                for name, planes in piece.items():
                    found.setdefault(name, []).append(planes)
        if not found:
            raise PairError(f"no pair can be used: {left_out[0].reason}", "give other pairs")
        smallest = min(planes.shape[1] for planes in found["short"])
        if smallest < side:
            raise PairError("the photos are too small", "give the camera's photos uncropped")
        pieces = {
            name: torch.from_numpy(np.stack([planes[:, :smallest, :smallest] for planes in cut]))
            for name, cut in found.items()
        }
        return cls({name: tensor.to(device) for name, tensor in pieces.items()}, count, side)

    def render(self, generator: torch.Generator) -> PairBatch:
        """A batch of crops; the truth in it is the short frame, which no objective may look at."""
        pieces, _, room, _ = self.pieces["short"].shape
        device = generator.device
        chosen = torch.randint(pieces, (self.count,), generator=generator, device=device).tolist()
        corners = torch.randint(
            room - self.side + 1, (self.count, 2), generator=generator, device=device
        ).tolist()
        cut = {
            name: torch.stack(
                [
                    tensor[index, :, top : top + self.side, left : left + self.side]
                    for index, (top, left) in zip(chosen, corners, strict=True)
                ]
            )
            for name, tensor in self.pieces.items()
        }
        return PairBatch(**cut, truth=cut["short"])


def _sources(pair: AlignedPair, domain: Domain) -> dict[str, Planes]:
    encoded = {str(role): encode_planes(planes, domain) for role, planes in pair.sources.items()}
    return encoded | dict(describe_noise(pair, domain))


def _cut(
    sources: Mapping[str, Planes], side: int, count: int, rng: np.random.Generator
) -> list[dict[str, Planes]]:
    _, height, width = sources["short"].shape
    side = min(side, height, width)
    corners = zip(
        rng.integers(height - side + 1, size=count),
        rng.integers(width - side + 1, size=count),
        strict=True,
    )
    return [
        {
            name: planes[:, top : top + side, left : left + side].copy()
            for name, planes in sources.items()
        }
        for top, left in corners
    ]
