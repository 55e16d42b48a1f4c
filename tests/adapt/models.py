"""Small networks with seeded weights, in memory: no folder, no graphs to export."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.image import Domain
from pairfix.model import Model
from pairfix.networks import NETWORKS
from tests.networks.seeded import seeded_modules, small_config


@dataclass(frozen=True, slots=True)
class SmallModel(Model):
    """A model without a folder."""

    weights: Mapping[str, NDArray[np.float32]] = field(kw_only=True)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        return {key: value.copy() for key, value in self.weights.items()}


def small_model(name: str, domain: Domain, **fields: Any) -> Model:  # noqa: ANN401
    """A network of the registry, as small as for other tests."""
    network = NETWORKS[name]
    config = replace(small_config(network, domain), **fields)
    modules = seeded_modules(network, config)
    weights = {
        graph.prefix + key: value.numpy().copy()
        for graph in network.graphs(config)
        for key, value in modules[graph.name].state_dict().items()
    }
    return SmallModel(name, Path(name), network, config, domain, {}, weights=weights)
