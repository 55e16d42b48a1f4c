"""States that modules are put into for a while (torch)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

__all__ = ["evaluating", "frozen"]


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Let gradients pass through what a module computes meanwhile, but not into its parameters."""
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
    """Compute as in use: without dropout, normalised by running statistics, and no gradients."""
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        module.train(training)
