"""Crops of real pairs, from which a network learns without any truth (torch)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from pairfix.calibration.load import load_pairs
from pairfix.errors import PairError
from pairfix.image import AlignedPair, Domain, Planes
from pairfix.pairs import FoundPair, LeftOut
from pairfix.progress import Progress
from pairfix.stages.inputs import network_inputs
from pairfix.stages.prepare import DECODE
from pairfix.synth.batch import PairBatch

__all__ = ["CropCollector", "RealCrops"]

_CROPS = 64
"""Crops in memory, of all pairs together, and pairs that they come from at most."""
_SIDE = 256
"""Of a crop in memory, in the planes' pixels: twice that of the largest crop in training."""
_INPUTS = tuple(each.name for each in fields(PairBatch) if each.name != "truth")


class CropCollector:
    """Cuts pieces evenly from one pair after another, at random places.

    How much memory they take depends on their size alone, not on the photos'.
    """

    def __init__(self, expected: int, domain: Domain, seed: int) -> None:
        """Begin with none.

        Args:
            expected: How many pairs will come.
            domain: The network's.
            seed: Of the places.
        """
        self._every = -(-expected // _CROPS)
        self._each = -(-_CROPS // -(-expected // self._every))
        self._domain: Domain = domain
        self._rng = np.random.default_rng(seed)
        self._passed = 0
        self._pieces: dict[str, list[Planes]] = {}

    def add(self, pair: AlignedPair) -> None:
        """Cut pieces from a pair."""
        self._passed += 1
        if (self._passed - 1) % self._every:
            return
        sources = network_inputs(pair, _INPUTS, self._domain).encoded()
        for piece in _cut(sources, self._each, self._rng):
            for name, planes in piece.items():
                self._pieces.setdefault(name, []).append(planes)

    def crops(self, count: int, side: int, device: torch.device) -> "RealCrops":
        """The pieces, to cut batches from.

        Args:
            count: Crops to a batch.
            side: Of a crop in training.
            device: Where training takes place.

        Raises:
            PairError: The photos are too small.
        """
        smallest = min(min(planes.shape[1:]) for planes in self._pieces["short"])
        if smallest < side:
            raise PairError("the photos are too small", "give the camera's photos uncropped")
        pieces = {
            name: torch.from_numpy(np.stack([planes[:, :smallest, :smallest] for planes in cut]))
            for name, cut in self._pieces.items()
        }
        return RealCrops({name: each.to(device) for name, each in pieces.items()}, count, side)

    @classmethod
    def over(
        cls, pairs: Sequence[FoundPair], domain: Domain, seed: int, progress: Progress
    ) -> "CropCollector":
        """Read pairs, and cut pieces from them.

        Raises:
            PairError: No pair can be used.
        """
        collector = cls(len(pairs), domain, seed)
        left_out: list[LeftOut] = []
        for loaded in load_pairs(pairs, domain, left_out, progress, DECODE):
            collector.add(loaded.pair)
        if not collector._pieces:
            raise PairError(f"no pair can be used: {left_out[0].reason}", "give other pairs")
        return collector


@dataclass(frozen=True, slots=True)
class RealCrops:
    """Pieces of pairs on the training device, from which smaller ones are cut at random."""

    pieces: Mapping[str, Tensor]
    """``n x C x s x s`` by the names of a network's inputs; there is no truth."""
    count: int
    """Crops to a batch."""
    side: int
    """Of a crop in training, in the planes' pixels."""

    def render(self, generator: torch.Generator) -> PairBatch:
        """A batch of crops; the truth is unknown, and NaN."""
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
        return PairBatch(**cut, truth=torch.full_like(cut["short"], torch.nan))


def _cut(
    sources: Mapping[str, Planes], count: int, rng: np.random.Generator
) -> list[dict[str, Planes]]:
    _, height, width = sources["short"].shape
    side = min(_SIDE, height, width)
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
