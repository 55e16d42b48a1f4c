"""Weights that go into a training, and those that come out of it (torch)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pairfix.errors import ModelError
from pairfix.export.folder import State, load_strictly
from pairfix.image import Domain
from pairfix.model.model import Model
from pairfix.networks import Graph, Network
from pairfix.networks.norms import fold_norms
from pairfix.train.fusion import Fusion

__all__ = ["check_deblurrer", "check_start", "deployable", "load_fusion", "start_from", "widened"]

_CONVOLUTION = 4
"""Dimensions of a convolution's weight: outputs, inputs, rows, columns."""


def load_fusion(model: Model) -> Fusion:
    """A trained network as it is deployed.

    Raises:
        ModelError: The model is damaged.
    """
    fusion = Fusion(model.network, model.config, normalised=False)
    start_from(model, fusion)
    return fusion.eval()


def check_start(model: Model, network: Network, domain: Domain) -> None:
    """See to it that a training can start from a model.

    Raises:
        ModelError: It is of another network or domain.
    """
    if (model.network.name, model.domain) != (network.name, domain):
        raise ModelError(
            f"{model.folder} is {model.network.title} for {model.domain}, "
            f"not {network.title} for {domain}",
            "start from a model that fits",
        )


def check_deblurrer(model: Model, network: Network, domain: Domain) -> None:
    """See to it that a network can be trained with the results of a model.

    Raises:
        ModelError: The network restores by itself, or the model does not, or is of another domain.
    """
    if network.restores:
        raise ModelError(f"{network.title} learns from no other network", "leave out --deblurrer")
    if not model.network.restores or model.domain != domain:
        raise ModelError(
            f"{model.folder} is {model.network.title} for {model.domain}, "
            f"which restores no {domain} pairs",
            "give a model that fits as --deblurrer",
        )


def start_from(model: Model, fusion: Fusion) -> None:
    """Load a model's weights into the same network, which has no norms.

    A network that is told the noise takes those of one that is not, and computes the same at first.

    Raises:
        ModelError: They are of another configuration.
    """
    stored = model.tensors()
    for graph in fusion.graphs:
        module = fusion.modules_by_graph[graph.name]
        shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
        tensors = {
            key.removeprefix(graph.prefix): value
            for key, value in stored.items()
            if key.startswith(graph.prefix)
        }
        if _is_told_more(graph, model):
            tensors = widened(tensors, shapes)
        load_strictly(module, State(str(model.folder), tensors))


def widened(
    tensors: Mapping[str, NDArray[np.float32]], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float32]]:
    """Weights whose convolutions ignore the further inputs that they get at the end.

    Args:
        tensors: Weights by name.
        shapes: What their shapes are to be; only a convolution's inputs may become more.
    """
    wide = dict(tensors)
    for key, tensor in tensors.items():
        shape = shapes.get(key, ())
        if len(shape) == tensor.ndim == _CONVOLUTION and shape[1] > tensor.shape[1]:
            missing = (shape[0], shape[1] - tensor.shape[1], *shape[2:])
            wide[key] = np.concatenate([tensor, np.zeros(missing, np.float32)], axis=1)
    return wide


def deployable(fusion: Fusion, source: str) -> dict[str, State]:
    """The trained weights by graph name, norms folded away, as float16.

    Args:
        fusion: The network; it stays as it is.
        source: What to call them in messages.
    """
    return {
        graph.name: State(source, _halved(fold_norms(fusion.modules_by_graph[graph.name])))
        for graph in fusion.graphs
    }


def _halved(tensors: Mapping[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    return {key: value.cpu().numpy().astype(np.float16) for key, value in tensors.items()}


def _is_told_more(graph: Graph, model: Model) -> bool:
    before = next((each.inputs for each in model.graphs if each.name == graph.name), ())
    return before == graph.inputs[: len(before)] and len(before) < len(graph.inputs)
