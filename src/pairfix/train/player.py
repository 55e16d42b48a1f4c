"""One network that is trained, and its optimiser (torch)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from pairfix.train.distributed import Workers
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["Player", "Reading"]

_FIRST_SCALE = 2.0**10
"""Of fp16's losses: near the end of what it will be, so that few steps are lost in finding it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What happened since the last look."""

    losses: Mapping[str, float]
    """Mean of each weighted term over the steps that counted."""
    skipped: int
    """Steps left out because something was not finite."""
    streak: int
    """How many of these came last in a row, those before the last look included."""


class Player:
    """Minimises its losses with Adam; nothing here waits for the device but `read`."""

    def __init__(
        self,
        module: nn.Module,
        betas: tuple[float, float],
        recipe: TrainRecipe,
        device: torch.device,
    ) -> None:
        """Take in the parameters that want gradients.

        Args:
            module: What is trained, on `device`.
            betas: Adam's decays.
            recipe: Precision and limit of the gradient.
            device: Where it is trained.
        """
        self.module = module
        self.parameters = [each for each in module.parameters() if each.requires_grad]
        self.optimiser = torch.optim.Adam(self.parameters, lr=0.0, betas=betas, fused=True)
        self.scaler = torch.amp.GradScaler(
            device.type, init_scale=_FIRST_SCALE, enabled=recipe.precision == "fp16"
        )
        self._clip = recipe.clip
        self._sums: dict[str, Tensor] = {}
        self._counted, self._skipped, self._streak = torch.zeros(3, device=device)

    def step(self, losses: Mapping[str, Tensor], rate: float, workers: Workers) -> None:
        """Take a step down the sum of the losses; none if it or its gradient is not finite.

        Args:
            losses: Weighted terms by name.
            rate: The learning rate.
            workers: Whose gradients are averaged.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.stack([each.float() for each in losses.values()]).sum()
        torch.autograd.backward(self.scaler.scale(total))
        workers.average_gradients(self.parameters)
        self.scaler.unscale_(self.optimiser)
        norm = nn.utils.clip_grad_norm_(self.parameters, self._clip)
        sound = torch.isfinite(norm)
        if not self.scaler.is_enabled():
            self.optimiser.found_inf = (~sound).float()  # type: ignore[attr-defined]
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self._note(losses, sound)

    def read(self) -> Reading:
        """Wait for the device, and tell what happened since the last time."""
        names = list(self._sums)
        tensors = [self._counted, self._skipped, self._streak, *self._sums.values()]
        counted, skipped, streak, *sums = torch.stack(tensors).tolist()
        self._sums.clear()
        self._counted, self._skipped = torch.zeros_like(tensors[0]), torch.zeros_like(tensors[0])
        means = {name: value / counted for name, value in zip(names, sums, strict=True) if counted}
        return Reading(means, int(skipped), int(streak))

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs beside the module's weights."""
        return {"optimiser": self.optimiser.state_dict(), "scaler": self.scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])

    def _note(self, losses: Mapping[str, Tensor], sound: Tensor) -> None:
        for name, value in losses.items():
            noted = torch.where(sound, value.detach().float(), 0.0)
            self._sums[name] = self._sums[name] + noted if name in self._sums else noted
        self._counted = self._counted + sound
        self._skipped = self._skipped + ~sound
        self._streak = torch.where(sound, 0.0, self._streak + 1)
