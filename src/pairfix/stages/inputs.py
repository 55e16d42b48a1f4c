"""What a network takes from a scene, assembled from the names of its inputs.

A name is a photo's role, or one of the *extra planes* that are computed from the scene. A further
kind of extra planes is one function, and one entry of `EXTRA_PLANES`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from pairfix.image import ROLES, Domain, Planes, Scene
from pairfix.light import encode_planes
from pairfix.noise import noise_map

__all__ = [
    "EXTRA_PLANES",
    "NOISE_MAPS",
    "ExtraPlanes",
    "NetworkInputs",
    "network_inputs",
]

ExtraPlanes = Callable[[Scene, Mapping[str, Planes], Domain], Planes]
"""Takes the scene, its encoded photos by role, and the network's domain.

Returns ``C x h x w`` in the range that networks work in, as large as the photos.
"""

NOISE_MAPS: Mapping[str, ExtraPlanes] = {
    f"{role}_noise": partial(noise_map, role=role) for role in ROLES
}
"""Those that tell a network how noisy the photos are."""

EXTRA_PLANES: Mapping[str, ExtraPlanes] = {**NOISE_MAPS}
"""By the names that `pairfix.networks.Graph.inputs` has for them."""


@dataclass(frozen=True, slots=True)
class NetworkInputs:
    """A network's inputs by name, all of one size."""

    planes: Mapping[str, Planes]
    """Photos in linear light, extra planes as the network takes them."""
    domain: Domain

    def encode(self, name: str, piece: Planes) -> Planes:
        """Convert a piece of the named input into the network's range."""
        return encode_planes(piece, self.domain) if name in ROLES else piece

    def encoded(self) -> dict[str, Planes]:
        """All of them in the network's range."""
        return {name: self.encode(name, planes) for name, planes in self.planes.items()}


def network_inputs(
    scene: Scene, names: Collection[str], domain: Domain, strength: float = 1.0
) -> NetworkInputs:
    """Assemble what a network takes from a scene.

    Photos stay in linear light, to be encoded piece by piece, so that memory holds no second copy
    of them.

    Args:
        scene: An aligned pair, or a single frame.
        names: Of the inputs; those of graphs' outputs are left to whoever runs the graphs.
        domain: The network's.
        strength: Factor on the noise maps, at least 0: how noisy the photos are said to be over
            how noisy they are.
    """
    sources: dict[str, Planes] = {str(role): planes for role, planes in scene.sources.items()}
    wanted = [name for name in EXTRA_PLANES if name in names]
    if wanted:
        encoded = {role: encode_planes(planes, domain) for role, planes in sources.items()}
        extra = {name: EXTRA_PLANES[name](scene, encoded, domain) for name in wanted}
        for name in NOISE_MAPS.keys() & extra.keys():
            extra[name] *= np.float32(strength)
        sources |= extra
    return NetworkInputs(sources, domain)
