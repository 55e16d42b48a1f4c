"""Random states: seeded for a training, kept in its checkpoints (torch)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["random_state", "restore_random_state", "seeded"]


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global random state, which initialisation and dropout draw from, for a while."""
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        yield


def random_state(generator: torch.Generator) -> dict[str, Any]:
    """The state of a generator, and of the global ones of the host and the generator's device."""
    state = {"generator": generator.get_state(), "host": torch.get_rng_state()}
    if generator.device.type == "cuda":
        state["device"] = torch.cuda.get_rng_state(generator.device)
    return state


def restore_random_state(generator: torch.Generator, state: dict[str, Any]) -> None:
    """Undo whatever was drawn since `random_state`."""
    generator.set_state(state["generator"].cpu())
    torch.set_rng_state(state["host"].cpu())
    if generator.device.type == "cuda":
        torch.cuda.set_rng_state(state["device"].cpu(), generator.device)
