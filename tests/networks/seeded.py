"""Networks with seeded random weights, so that no test needs trained ones."""

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Domain
from pairfix.modelfolder import State
from pairfix.networks import Graph, Network
from pairfix.weights import CHANNELS

if TYPE_CHECKING:
    from torch import nn

Array = NDArray[np.float32]


def small_config(network: Network, domain: Domain = "raw") -> Any:  # noqa: ANN401
    return network.config(channels=CHANNELS[domain], **network.small)


def weight(key: str, shape: tuple[int, ...]) -> Array:
    """The rule of the golden vectors: normally distributed, features keep their size."""
    rng = np.random.default_rng([20, zlib.crc32(key.encode())])
    scale = 1 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.1
    return rng.standard_normal(shape).astype(np.float32) * np.float32(scale)


def random_state(module: "nn.Module", source: str = "seeded") -> State:
    state = module.state_dict()
    return State(source, {key: weight(key, tuple(value.shape)) for key, value in state.items()})


def random_states(network: Network, config: Any) -> dict[str, State]:  # noqa: ANN401
    return {name: random_state(module) for name, module in network.modules(config).items()}


def photos(graph: Graph, channels: int, size: tuple[int, int], batch: int = 1) -> list[Array]:
    """One ``N x C x H x W`` array for each input, 0 to 1."""
    rng = np.random.default_rng(7)
    return [rng.random((batch, channels, *size), dtype=np.float32) for _ in graph.inputs]
