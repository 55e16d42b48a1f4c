"""The optimiser Muon for convolutions (torch)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Muon", "takes"]

_MOMENTUM = 0.95
_ITERATIONS = 5
_COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of the quintic Newton-Schulz iteration (Jordan et al.): its slope at zero is the steepest."""
_SCALE = 0.2
"""Root mean square of Adam's updates (Liu et al., Section 2.2), whose learning rates then suit."""
_SMALLEST = 16
"""Smaller matrices, as of first and last layers, have too few directions to balance."""


def takes(weight: Tensor) -> bool:
    """Whether Muon suits a weight: it belongs to a convolution and makes a matrix, not a strip."""
    return weight.ndim == 4 and min(_matrix(weight).shape) >= _SMALLEST  # noqa: PLR2004


class Muon(torch.optim.Optimizer):
    """Steps along the momentum after its singular values have been made about equal.

    A convolution's weight is a matrix with a row for each output channel. `torch.optim.Muon` takes
    no other weights than matrices, and always multiplies in bfloat16, which takes many times longer
    on CPUs without it. As in torch's fused optimisers, the attribute `found_inf` says whether to
    leave a step out, so that nothing waits for the device.

    Sources: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024);
    J. Liu et al., "Muon is scalable for LLM training" (2025), for the size of the update.
    """

    _step_supports_amp_scaling = True
    found_inf: Tensor | None = None
    """One if the gradients are not finite, else zero."""

    def __init__(self, weights: Iterable[nn.Parameter]) -> None:
        """Take weights that `takes` accepts; their learning rate starts at zero."""
        super().__init__(weights, {"lr": 0.0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ANN401, ARG002
        """Move the weights against their gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group["lr"])

    def _move(self, weight: Tensor, gradient: Tensor, rate: float) -> None:
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        momentum: Tensor = state["momentum"]
        sound: Tensor | float = 1.0
        if self.found_inf is not None:
            sound = 1 - self.found_inf.to(weight.device)
            gradient = torch.where(sound > 0, gradient, momentum)
        momentum.lerp_(gradient, 1 - _MOMENTUM)
        update = _orthogonal(_matrix(gradient.lerp(momentum, _MOMENTUM)))
        size = rate * _SCALE * max(update.shape) ** 0.5
        weight -= size * sound * update.view_as(weight)


def _matrix(weight: Tensor) -> Tensor:
    return weight.flatten(1)


def _orthogonal(matrix: Tensor) -> Tensor:
    """U V^T, about, of the singular value decomposition U S V^T."""
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
