"""A network's graphs as one differentiable computation, the same that restores (torch)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pairfix.networks import Graph, Network, Reduction
from pairfix.networks.layers import add_norms

__all__ = ["Fusion", "average_areas"]


class Fusion(nn.Module):
    """The modules of a network, run one after the other as `pairfix.stages.fuse` runs graphs."""

    def __init__(
        self,
        network: Network,
        config: Any,  # noqa: ANN401
        *,
        normalised: bool = True,
    ) -> None:
        """Build the network, freshly initialised from torch's global random state.

        Args:
            network: An entry of the registry.
            config: Instance of ``network.config``.
            normalised: Add the norms that layers have in training; without, the form that is
                deployed is trained.
        """
        super().__init__()
        self.graphs = network.graphs(config)
        modules = network.modules(config)
        if normalised:
            modules = {name: add_norms(module) for name, module in modules.items()}
        self.modules_by_graph = nn.ModuleDict(modules)
        self.train()

    def forward(self, sources: Mapping[str, Tensor]) -> Tensor:
        """Restore a batch.

        Args:
            sources: ``N x C x H x W`` by the name of a graph's input, in the network's range; H
                and W are multiples of `Graph.multiple` of the graphs at full size.

        Returns:
            The last graph's output, ``N x C x H x W`` float32, not clipped.
        """
        known = dict(sources)
        output = next(iter(known.values()))
        for graph in self.graphs:
            output = known[graph.name] = self.run(graph, known)
        return output

    def run(self, graph: Graph, sources: Mapping[str, Tensor]) -> Tensor:
        """Run a single graph.

        Args:
            graph: One of `graphs`.
            sources: Its inputs by name, outputs of earlier graphs included.

        Returns:
            Its output, at the size of the inputs.
        """
        inputs = [sources[name] for name in graph.inputs]
        module = self.modules_by_graph[graph.name]
        if graph.reduction is None:
            output: Tensor = module(*inputs)
            return output
        return _run_reduced(module, inputs, graph.reduction, graph.multiple)


def average_areas(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Shrink ``N x C x H x W`` by averaging over areas, fractions of pixels included.

    Equals OpenCV's ``INTER_AREA``; no side may grow.
    """
    if tuple(x.shape[-2:]) == size:
        return x
    rows, columns = (
        _area_weights(old, new, x.device) for old, new in zip(x.shape[-2:], size, strict=True)
    )
    with torch.autocast(x.device.type, enabled=False):
        return rows @ x.float() @ columns.T


def _area_weights(old: int, new: int, device: torch.device) -> Tensor:
    """``new x old``: the share of each old pixel in each new one."""
    edges = torch.arange(new + 1, device=device, dtype=torch.float32) * (old / new)
    pixels = torch.arange(old, device=device, dtype=torch.float32)
    end = torch.minimum(edges[1:, None], pixels + 1)
    start = torch.maximum(edges[:-1, None], pixels)
    return (end - start).clamp(min=0) * (new / old)


def _run_reduced(
    module: nn.Module, inputs: list[Tensor], reduction: Reduction, multiple: int
) -> Tensor:
    height, width = inputs[0].shape[-2:]
    reduced = reduction.size(height, width)
    missing = (0, -reduced[1] % multiple, 0, -reduced[0] % multiple)
    small = [
        functional.pad(
            average_areas(x, reduced), missing, mode="reflect" if any(missing) else "constant"
        )
        for x in inputs
    ]
    output: Tensor = module(*small)[..., : reduced[0], : reduced[1]]
    return functional.interpolate(output, (height, width), mode="bilinear", align_corners=False)
