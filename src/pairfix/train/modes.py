"""Temporary modes of modules, and states of the random generators (torch)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["evaluating", "frozen", "random_state", "restore_random_state", "seeded"]


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Within, gradients pass through a module's computations, but not into its parameters."""
    trained = [each for each in module.parameters() if each.requires_grad]
    for parameter in trained:
        parameter.requires_grad = False
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad = True


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Within, compute as deployed: no dropout, running statistics for norms, no gradients."""
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(training)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Within, seed torch's global random state, from which initialisation and dropout draw."""
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        yield


def random_state(generator: torch.Generator) -> dict[str, Any]:
    """The states of a generator, and of the global ones on the host and the generator's device."""
    state = {"generator": generator.get_state(), "host": torch.get_rng_state()}
    if generator.device.type == "cuda":
        state["device"] = torch.cuda.get_rng_state(generator.device)
    return state


def restore_random_state(generator: torch.Generator, state: dict[str, Any]) -> None:
    """Go back to the states that `random_state` returned."""
    generator.set_state(state["generator"].cpu())
    torch.set_rng_state(state["host"].cpu())
    if generator.device.type == "cuda":
        torch.cuda.set_rng_state(state["device"].cpu(), generator.device)
