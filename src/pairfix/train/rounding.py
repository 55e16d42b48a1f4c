"""Activations rounded to 8 bits in training, as they are where a network runs in int8 (torch).

Rounding has no gradient; that of the value before is taken in its place (Jacob et al., Quantization
and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, 2018, Section 3).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional

from pairfix.export.int8 import LEVELS, Activations, Range
from pairfix.synth.batch import PairBatch
from pairfix.train.fusion import Fusion

__all__ = ["measure_activations", "round_activations", "round_to_levels"]

_TAIL = 1e-4
"""Share of the values beyond each end of a range, which become the end."""
_SAMPLE = 1 << 16
"""Values of a tensor, about, from which its range is measured."""


def measure_activations(fusion: Fusion, batches: Iterable[PairBatch]) -> dict[str, Activations]:
    """The ranges of the activations of a network's convolutions, by the weight's name.

    Those that stay float (`pairfix.networks.Graph.fine`), or that a network computes by itself as
    its exact output layer, have none.

    Args:
        fusion: The network.
        batches: What it is run on; the widest range counts.
    """
    found: dict[str, Activations] = {}
    with _watched(fusion, found), torch.no_grad():
        for batch in batches:
            fusion(batch.sources)
    return found


def round_activations(fusion: Fusion, activations: Mapping[str, Activations]) -> None:
    """Round what every convolution takes and gives from now on, also in copies of the network.

    Args:
        fusion: The network.
        activations: By the weight's name; other convolutions are left as they are.
    """
    for name, conv in _convolutions(fusion):
        if name in activations:
            conv.register_forward_pre_hook(_RoundInput(activations[name].input))
            conv.register_forward_hook(_RoundOutput(activations[name].output))


def _convolutions(fusion: Fusion) -> Iterator[tuple[str, nn.Conv2d]]:
    """Those to round, by the names that their weights have in a model's file."""
    for graph in fusion.graphs:
        fine = re.compile(graph.fine)
        for name, module in fusion.modules_by_graph[graph.name].named_modules():
            if isinstance(module, nn.Conv2d) and not fine.fullmatch(name):
                yield f"{graph.prefix}{name}.weight", module


@dataclass(frozen=True, slots=True)
class _RoundInput:
    range: Range

    def __call__(self, conv: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        del conv
        return (round_to_levels(inputs[0], self.range),)


@dataclass(frozen=True, slots=True)
class _RoundOutput:
    range: Range

    def __call__(self, conv: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        del conv, inputs
        return round_to_levels(output, self.range)


def round_to_levels(x: Tensor, limits: Range) -> Tensor:
    """Round to the levels of 8 bits over a range; beyond its ends there is no gradient.

    Several times as fast as PyTorch's fake quantisation, and in the type that `x` has.

    Args:
        x: Of any shape.
        limits: The range; one of the levels is 0.
    """
    low, high = limits
    scale = (high - low) / (LEVELS - 1)
    lowest = -round(-low / scale)
    inside = functional.hardtanh(x, lowest * scale, (lowest + LEVELS - 1) * scale)
    rounded: Tensor = _Round.apply(inside, scale)
    return rounded


class _Round(Function):
    """Round to multiples of a scale, with a gradient as if nothing were rounded."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: float) -> Tensor:  # noqa: ANN401
        """Round, as PyTorch does when it quantises."""
        del ctx
        return (x * (1 / scale)).round_().mul_(scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        """Pass the gradient on."""
        del ctx
        return gradient, None


@contextmanager
def _watched(fusion: Fusion, found: dict[str, Activations]) -> Iterator[None]:
    """Within, note the ranges of what the convolutions take and give."""

    def watch(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def note(conv: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            del conv
            seen = Activations(_range(inputs[0]), _range(output))
            before = found.get(name, seen)
            found[name] = Activations(
                _widest(before.input, seen.input), _widest(before.output, seen.output)
            )

        return note

    handles = [conv.register_forward_hook(watch(name)) for name, conv in _convolutions(fusion)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _range(x: Tensor) -> Range:
    values = x.detach().float().flatten()
    stride = len(values) // _SAMPLE | 1  # odd, so as not to stay in some columns
    values = values[::stride].sort().values
    beyond = int(_TAIL * len(values))
    low, high = min(float(values[beyond]), 0.0), max(float(values[-1 - beyond]), 0.0)
    return (low, high) if low < high else (0.0, 1.0)


def _widest(a: Range, b: Range) -> Range:
    return min(a[0], b[0]), max(a[1], b[1])
