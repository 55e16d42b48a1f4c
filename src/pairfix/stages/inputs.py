"""What a network takes from a scene, assembled from the names of its inputs.

A name is a photo's role, that of a noise map, or one of the *extra planes* that are computed from
the scene. A further kind of extra planes is one function, and one entry of `EXTRA_PLANES`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.image import ROLES, Domain, Planes, Role, Scene
from pairfix.light import encode_planes
from pairfix.noise import NoiseMap, noise_map, stated_noise

__all__ = [
    "EXTRA_PLANES",
    "NOISE_MAPS",
    "ExtraPlanes",
    "Kept",
    "NetworkInputs",
    "network_inputs",
]

Kept = Planes | NDArray[np.uint16]
"""A network's input as it waits for the network, ``C x h x w``."""

ExtraPlanes = Callable[[Scene, Mapping[str, Planes], Domain], Planes]
"""Takes the scene, its encoded photos by role, and the network's domain.

Returns ``C x h x w`` in the range that networks work in, as large as the photos.
"""

NOISE_MAPS: Mapping[str, Role] = {f"{role}_noise": role for role in ROLES}
"""The inputs that tell a network how noisy the photos are, and which photo each is of."""

EXTRA_PLANES: Mapping[str, ExtraPlanes] = {}
"""Others, by the names that `pairfix.networks.Graph.inputs` has for them."""


@dataclass(frozen=True, slots=True)
class NetworkInputs:
    """A network's inputs by name, all of one size."""

    planes: Mapping[str, Kept]
    """Photos in linear light, noise maps as places in their tables, extra planes as the network
    takes them."""
    noise: Mapping[str, NoiseMap]
    """Of the noise maps' names."""
    domain: Domain

    def encode(self, name: str, piece: NDArray[Any]) -> Planes:
        """Convert a piece of the named input's planes into the network's range."""
        if name in self.noise:
            return self.noise[name].deviations(piece)
        return encode_planes(piece, self.domain) if name in ROLES else piece

    def encoded(self) -> dict[str, Planes]:
        """All of them in the network's range."""
        return {name: self.encode(name, planes) for name, planes in self.planes.items()}


def network_inputs(
    scene: Scene, names: Collection[str], domain: Domain, strength: float = 1.0
) -> NetworkInputs:
    """Assemble what a network takes from a scene.

    Photos and noise maps stay as they are, to be encoded piece by piece, so that memory holds no
    second copy of them.

    Args:
        scene: An aligned pair, or a single frame.
        names: Of the inputs; those of graphs' outputs are left to whoever runs the graphs.
        domain: The network's.
        strength: Factor on the noise maps, at least 0: how noisy the photos are said to be over
            how noisy they are.
    """
    planes: dict[str, Kept] = {str(role): each for role, each in scene.sources.items()}
    extra = [name for name in EXTRA_PLANES if name in names]
    mapped = {name: role for name, role in NOISE_MAPS.items() if name in names}
    measured = any(stated_noise(scene, role) is None for role in mapped.values())
    encoded = _encoded(scene, domain) if extra or measured else {}
    planes |= {name: EXTRA_PLANES[name](scene, encoded, domain) for name in extra}
    noise = {}
    for name, role in mapped.items():
        found = noise_map(scene, encoded, domain, role=role)
        noise[name] = replace(found, table=found.table * np.float32(strength))
        planes[name] = found.places
    return NetworkInputs(planes, noise, domain)


def _encoded(scene: Scene, domain: Domain) -> dict[str, Planes]:
    return {str(role): encode_planes(planes, domain) for role, planes in scene.sources.items()}
