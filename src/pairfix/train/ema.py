"""The weights' moving average, which is smoother than any step's weights (torch)."""

import copy
from typing import Any, Generic, TypeVar

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

__all__ = ["Ema"]

M = TypeVar("M", bound=nn.Module)


class Ema(Generic[M]):
    """A copy of a network that follows it slowly; buffers it takes over as they are."""

    def __init__(self, network: M, decay: float) -> None:
        """Start from the network's weights.

        Args:
            network: What to follow.
            decay: Share of the average that each update keeps.
        """
        self.network: M = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, network: M) -> None:
        """Move a step towards the network's weights.

        Early on the steps are longer, so that the start is soon forgotten (as in TensorFlow's
        ExponentialMovingAverage: the decay is at most (1 + n) / (10 + n) after n updates).
        """
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average(list(self.network.parameters()), list(network.parameters()), self.updates)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.network.load_state_dict(state["network"])
        self.updates = state["updates"]
