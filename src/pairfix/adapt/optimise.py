"""The loop of Algorithm 1 (torch)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pairfix.adapt.choose import ADAPT
from pairfix.adapt.tiles import Tile
from pairfix.backends.spec import translate_memory_errors
from pairfix.errors import AdaptationError
from pairfix.model import Model
from pairfix.progress import Progress
from pairfix.train.fusion import Fusion
from pairfix.train.losses import l1
from pairfix.train.modes import frozen
from pairfix.train.transfer import load_fusion

__all__ = ["LEARNING_RATE", "AdaptedWeights", "adapt_weights"]

LEARNING_RATE = 3e-6
"""Algorithm 1, line 2."""


@dataclass(frozen=True, slots=True)
class AdaptedWeights:
    """The outcome of the loop."""

    tensors: Mapping[str, NDArray[np.float32]]
    """All weights by the names that the model's file has for them."""
    loss_before: float
    """Reblurring loss of the weights as they were."""
    loss_after: float


def adapt_weights(
    model: Model, module: Model, tiles: Sequence[Tile], steps: int, device: str, progress: Progress
) -> AdaptedWeights:
    """Adapt a copy of a network to tiles of one photo (Nah et al., Algorithm 1, lines 2 to 8).

    Each step minimises ``||M_R(L) - L*||`` (Equation 7) with ``L = M_D(B)``, L* being L without
    its gradient, M_D the copy and M_R the module, which stays as it is. The norm is the mean of
    absolute differences and the optimiser Adam (Section S1). Where the paper takes one whole
    frame B, gradients are summed over the tiles, one tile at a time in memory.

    Args:
        model: The network M_D; its files stay as they are.
        module: The reblurring module M_R, of the same domain.
        tiles: The network's inputs, all of one size.
        steps: N, at least 1.
        device: PyTorch's name of where to compute.
        progress: Called with `ADAPT`, the steps done and the steps in all.

    Raises:
        AdaptationError: A loss is not finite.
        ModelError: The network or the module is damaged.
        MemoryExhaustedError: Memory ran out.
    """
    with translate_memory_errors():
        network, reblur = (load_fusion(each).to(device) for each in (model, module))
        batches = [_batch(tile, device) for tile in tiles]
        optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        losses: list[float] = []
        with frozen(reblur):
            for step in range(steps):
                optimiser.zero_grad()
                losses.append(_accumulate(network, reblur, batches))
                optimiser.step()
                progress(ADAPT, step + 1, steps)
            with torch.no_grad():
                after = _checked(sum(map(float, _losses(network, reblur, batches))))
        return AdaptedWeights(_tensors(network), losses[0], after)


def _accumulate(network: Fusion, reblur: Fusion, batches: Sequence[Mapping[str, Tensor]]) -> float:
    """Add up the gradients of the tiles; the loss of all."""
    total = 0.0
    for loss in _losses(network, reblur, batches):
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return _checked(total)


def _losses(
    network: Fusion, reblur: Fusion, batches: Sequence[Mapping[str, Tensor]]
) -> Iterator[Tensor]:
    """Equation 7 on each tile, in parts of the loss of all."""
    for batch in batches:
        restored = network(batch)
        yield l1(reblur({"long": restored}), restored.detach()) / len(batches)


def _checked(loss: float) -> float:
    if not math.isfinite(loss):
        raise AdaptationError(
            "adapting the network diverged: the reblurring loss is not finite",
            "leave out --adapt, or use fewer steps",
        )
    return loss


def _batch(tile: Tile, device: str) -> dict[str, Tensor]:
    return {name: torch.from_numpy(planes[None]).to(device) for name, planes in tile.items()}


def _tensors(network: Fusion) -> dict[str, NDArray[np.float32]]:
    return {
        graph.prefix + key: value.cpu().numpy()
        for graph in network.graphs
        for key, value in network.modules_by_graph[graph.name].state_dict().items()
    }
