"""Networks with seeded random weights, so that no test needs trained ones."""

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pairfix.export.folder import State, load_strictly
from pairfix.image import Domain
from pairfix.model import CHANNELS
from pairfix.networks import NETWORKS, Graph, Network

if TYPE_CHECKING:
    from torch import nn

Array = NDArray[np.float32]


_VARIANTS: dict[str, dict[str, Any]] = {
    "selfir-short": {"inputs": ("short",)},
    "selfir-long": {"inputs": ("long",)},
    "selfir-noise": {"noise": True},
    "selfir-short-noise": {"inputs": ("short",), "noise": True},
}
NETWORKS_AND_VARIANTS: dict[str, Network] = {
    **NETWORKS,
    **{
        name: replace(NETWORKS["selfir"], small={"width": 8, **fields})
        for name, fields in _VARIANTS.items()
    },
}
"""Every network, SelfIR's single-frame baselines, and those with noise maps."""


def small_config(network: Network, domain: Domain = "raw") -> Any:  # noqa: ANN401
    return network.config(channels=CHANNELS[domain], **network.small)


def weight(key: str, shape: tuple[int, ...]) -> Array:
    """The rule of the golden vectors: normally distributed, features keep their size."""
    rng = np.random.default_rng([20, zlib.crc32(key.encode())])
    scale = 1 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.1
    return rng.standard_normal(shape).astype(np.float32) * np.float32(scale)


def seeded_modules(network: Network, config: Any) -> dict[str, "nn.Module"]:  # noqa: ANN401
    """Modules ready to run, whose convolutions return features of at most unit variance."""
    modules = dict(network.modules(config))
    for graph in network.graphs(config):
        module = modules[graph.name].eval()
        load_strictly(module, random_state(module))
        _normalise(module, photos(graph, config.channels, (graph.multiple * 4,) * 2))
    return modules


def random_state(module: "nn.Module") -> State:
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    return State("seeded", {key: weight(key, shape) for key, shape in shapes.items()})


def state_of(module: "nn.Module") -> State:
    return State("seeded", {key: value.numpy() for key, value in module.state_dict().items()})


def _normalise(module: "nn.Module", inputs: list[Array]) -> None:
    """Layer-sequential unit variance (Mishkin and Matas, 2016)."""
    import torch  # noqa: PLC0415

    done = set()

    def rescale(part: "nn.Module", _inputs: object, output: "torch.Tensor") -> "torch.Tensor":
        if part in done:
            return output
        done.add(part)
        spread = output.std().clamp(min=1)
        for parameter in part.parameters(recurse=False):
            parameter.div_(spread)
        return output / spread

    convolutions = [part for part in module.modules() if hasattr(part, "weight")]
    hooks = [part.register_forward_hook(rescale) for part in convolutions]
    with torch.inference_mode():
        module(*map(torch.from_numpy, inputs))
    for hook in hooks:
        hook.remove()


def photos(graph: Graph, channels: int, size: tuple[int, int], batch: int = 1) -> list[Array]:
    """One ``N x C x H x W`` array for each input, 0 to 1."""
    rng = np.random.default_rng(7)
    return [rng.random((batch, channels, *size), dtype=np.float32) for _ in graph.inputs]
