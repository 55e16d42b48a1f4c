"""Weights that go into a training, and those that come out of it (torch)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pairfix.errors import ModelError
from pairfix.export.folder import State, load_strictly
from pairfix.image import Domain
from pairfix.model import Model
from pairfix.networks import Graph, Network
from pairfix.networks.layers import fold_norms
from pairfix.train.fusion import Fusion

__all__ = [
    "check_deblurrer",
    "check_start",
    "deployable",
    "initialise",
    "initialise_gaussian",
    "load_fusion",
    "start_from",
    "widened",
]

_CONVOLUTION = 4
"""Dimensions of a convolution's weight: outputs, inputs, rows, columns."""
_DEVIATION = 0.02

_Draw = Callable[[Tensor, torch.Generator], None]


def initialise(module: nn.Module, network: Network, generator: torch.Generator) -> None:
    """Draw a network's first weights as its paper or official release does.

    Args:
        module: The network's modules, in the form that is trained.
        network: Says which distribution; ``"pytorch"`` keeps the weights as they are.
        generator: Source of the weights, on the module's device.
    """
    draw = _DRAWS[network.training.initialisation]
    if draw is not None:
        _fill(module, draw, generator)


def initialise_gaussian(module: nn.Module, generator: torch.Generator) -> None:
    """Draw weights from a normal distribution of mean 0 and standard deviation 0.02.

    Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019
    (Section IV-A). The paper says "all trainable variables"; here the scales of normalisations
    stay at 1 and biases at 0, or the signal would vanish.
    """
    _fill(module, _gaussian, generator)


def load_fusion(model: Model) -> Fusion:
    """A trained network as it is deployed.

    Raises:
        ModelError: The model is damaged.
    """
    fusion = Fusion(model.network, model.config, normalised=False)
    start_from(model, fusion)
    return fusion.eval()


def check_start(model: Model, network: Network, domain: Domain) -> None:
    """Check that a training can start from a model.

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
    """Check that a network can be trained on the results of a model.

    Raises:
        ModelError: The network restores by itself, or the model does not, or is of another domain.
    """
    if network.restores:
        raise ModelError(
            f"{network.title} does not learn from another model", "leave out --deblurrer"
        )
    if not model.network.restores or model.domain != domain:
        raise ModelError(
            f"{model.folder} is {model.network.title} for {model.domain}, "
            f"which restores no {domain} pairs",
            "give a model that fits as --deblurrer",
        )


def start_from(model: Model, fusion: Fusion) -> None:
    """Load a model's weights into the same network, which has no norms.

    A network that takes noise maps can start from one that does not, and ignores them at first.

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
        if _takes_more(graph, model):
            tensors = widened(tensors, shapes)
        load_strictly(module, State(str(model.folder), tensors))


def widened(
    tensors: Mapping[str, NDArray[np.float32]], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float32]]:
    """Weights whose convolutions ignore the inputs that are appended to theirs.

    Args:
        tensors: Weights by name.
        shapes: The shapes wanted; only the number of a convolution's inputs may grow.
    """
    wide = dict(tensors)
    for key, tensor in tensors.items():
        shape = shapes.get(key, ())
        if len(shape) == tensor.ndim == _CONVOLUTION and shape[1] > tensor.shape[1]:
            missing = (shape[0], shape[1] - tensor.shape[1], *shape[2:])
            wide[key] = np.concatenate([tensor, np.zeros(missing, np.float32)], axis=1)
    return wide


def deployable(fusion: Fusion, source: str) -> dict[str, State]:
    """The trained weights by graph name, norms folded in, as float16.

    Args:
        fusion: The network; it stays as it is.
        source: Where they come from, for messages.
    """
    return {
        graph.name: State(source, _halved(fold_norms(fusion.modules_by_graph[graph.name])))
        for graph in fusion.graphs
    }


def _halved(tensors: Mapping[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    return {key: value.cpu().numpy().astype(np.float16) for key, value in tensors.items()}


def _takes_more(graph: Graph, model: Model) -> bool:
    before = next((each.inputs for each in model.graphs if each.name == graph.name), ())
    return before == graph.inputs[: len(before)] and len(before) < len(graph.inputs)


def _fill(module: nn.Module, draw: _Draw, generator: torch.Generator) -> None:
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            if parameter.ndim > 1:
                draw(parameter, generator)
            elif name == "bias":
                nn.init.zeros_(parameter)


def _gaussian(weight: Tensor, generator: torch.Generator) -> None:
    nn.init.normal_(weight, 0, _DEVIATION, generator)


def _glorot(weight: Tensor, generator: torch.Generator) -> None:
    nn.init.xavier_uniform_(weight, generator=generator)


_DRAWS: Mapping[str, _Draw | None] = {"pytorch": None, "glorot": _glorot, "gaussian": _gaussian}
