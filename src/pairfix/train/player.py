"""A network that is trained, with its optimiser, and the moving average of its weights (torch)."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from pairfix.train.distributed import Workers
from pairfix.train.muon import Muon, takes
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["Ema", "Player", "Reading"]

M = TypeVar("M", bound=nn.Module)

_FIRST_SCALE = 2.0**10
"""First loss scale in fp16: close to its final value, so that few steps are lost in finding it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What happened since the last reading."""

    losses: Mapping[str, float]
    """Mean of each weighted term over the steps that were taken."""
    skipped: int
    """Steps skipped because a loss or gradient was not finite."""
    streak: int
    """Length of the current run of skipped steps, also those before the last reading."""


class Player:
    """Minimises its losses with Adam, or Muon beside it; only `read` waits for the device."""

    def __init__(
        self,
        module: nn.Module,
        betas: tuple[float, float],
        recipe: TrainRecipe,
        device: torch.device,
    ) -> None:
        """Take the parameters that require gradients.

        Args:
            module: The network to train, on `device`.
            betas: Adam's decay rates.
            recipe: Optimiser, precision, and the limit of the gradient's norm.
            device: Where it is trained.
        """
        self.module = module
        self.parameters = [each for each in module.parameters() if each.requires_grad]
        self.optimisers = _optimisers(self.parameters, betas, recipe)
        self.scaler = torch.amp.GradScaler(
            device.type, init_scale=_FIRST_SCALE, enabled=recipe.precision == "fp16"
        )
        self._clip = recipe.clip
        self._sums: dict[str, Tensor] = {}
        self._counted, self._skipped, self._streak = torch.zeros(3, device=device)

    def step(self, losses: Mapping[str, Tensor], rate: float, workers: Workers) -> None:
        """Take a step down the sum of the losses, unless its gradient is not finite.

        Args:
            losses: Weighted terms by name.
            rate: The learning rate.
            workers: The processes whose gradients are averaged.
        """
        self.module.zero_grad(set_to_none=True)
        total = torch.stack([each.float() for each in losses.values()]).sum()
        torch.autograd.backward(self.scaler.scale(total))
        workers.average_gradients(self.parameters)
        for optimiser in self.optimisers:
            self.scaler.unscale_(optimiser)
        norm = nn.utils.clip_grad_norm_(self.parameters, self._clip)
        sound = torch.isfinite(norm)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.found_inf = (~sound).float()  # type: ignore[attr-defined]
            optimiser.step()
        self.scaler.update()
        self._note(losses, sound)

    def read(self) -> Reading:
        """Wait for the device, and return what happened since the last call."""
        names = list(self._sums)
        tensors = [self._counted, self._skipped, self._streak, *self._sums.values()]
        counted, skipped, streak, *sums = torch.stack(tensors).tolist()
        self._sums.clear()
        self._counted, self._skipped = torch.zeros_like(tensors[0]), torch.zeros_like(tensors[0])
        means = {name: value / counted for name, value in zip(names, sums, strict=True) if counted}
        return Reading(means, int(skipped), int(streak))

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint, besides the module's weights."""
        optimisers = [each.state_dict() for each in self.optimisers]
        return {"optimisers": optimisers, "scaler": self.scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        for optimiser, each in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(each)
        self.scaler.load_state_dict(state["scaler"])

    def _note(self, losses: Mapping[str, Tensor], sound: Tensor) -> None:
        for name, value in losses.items():
            noted = torch.where(sound, value.detach().float(), 0.0)
            self._sums[name] = self._sums[name] + noted if name in self._sums else noted
        self._counted = self._counted + sound
        self._skipped = self._skipped + ~sound
        self._streak = torch.where(sound, 0.0, self._streak + 1)


def _optimisers(
    parameters: list[nn.Parameter], betas: tuple[float, float], recipe: TrainRecipe
) -> list[torch.optim.Optimizer]:
    chosen = [each for each in parameters if recipe.optimiser == "muon" and takes(each)]
    others = [each for each in parameters if not any(each is one for one in chosen)]
    optimisers: list[torch.optim.Optimizer] = [Muon(chosen)] if chosen else []
    if others:
        optimisers.append(torch.optim.Adam(others, lr=0.0, betas=betas, fused=True))
    return optimisers


class Ema(Generic[M]):
    """A copy of a network that follows it slowly, smoother than any step; buffers are copied."""

    def __init__(self, network: M, decay: float) -> None:
        """Start from the network's weights.

        Args:
            network: The network to follow.
            decay: Share of the average that each update keeps.
        """
        self.network: M = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, network: M) -> None:
        """Move a step towards the network's weights.

        Early steps are longer, so that the start is soon forgotten (as in TensorFlow's
        ExponentialMovingAverage: the decay is at most (1 + n) / (10 + n) after n updates).
        """
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average(list(self.network.parameters()), list(network.parameters()), self.updates)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)

    def state_dict(self) -> dict[str, Any]:
        """State for a checkpoint."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.network.load_state_dict(state["network"])
        self.updates = state["updates"]
