"""What a network takes from a scene, assembled from the names of its inputs.

A name is a photo's role, that of its noise map, or one of the *extra planes* that are computed from
the scene. A further kind of extra planes is one function, and one entry of `EXTRA_PLANES`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from pairfix.image import ROLES, Domain, Planes, Role, Scene
from pairfix.light import encode_planes
from pairfix.noise import Curve, noise_curve, noise_planes, stated_noise

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

NOISE_MAPS: Mapping[str, Role] = {f"{role}_noise": role for role in ROLES}
"""The inputs that tell a network how noisy the photos are, and which photo each is of."""

EXTRA_PLANES: Mapping[str, ExtraPlanes] = {}
"""Others, by the names that `pairfix.networks.Graph.inputs` has for them."""


@dataclass(frozen=True, slots=True)
class NetworkInputs:
    """A network's inputs by name, all of one size."""

    planes: Mapping[str, Planes]
    """What they are made of: photos in linear light, and these again for their noise maps; extra
    planes as the network takes them."""
    curves: Mapping[str, Curve]
    """The photos' noise, by the noise maps' names."""
    domain: Domain

    def encode(self, name: str, piece: Planes) -> Planes:
        """Convert a piece of the named input's planes into the network's range.

        Extra planes and outputs of other graphs are in it already.
        """
        if name in EXTRA_PLANES or name not in self.planes:
            return piece
        encoded = encode_planes(piece, self.domain)
        return noise_planes(encoded, self.curves[name]) if name in self.curves else encoded

    def encoded(self) -> dict[str, Planes]:
        """All of them in the network's range."""
        return {name: self.encode(name, planes) for name, planes in self.planes.items()}


def network_inputs(
    scene: Scene, names: Collection[str], domain: Domain, noise_factor: float = 1.0
) -> NetworkInputs:
    """Assemble what a network takes from a scene.

    Photos stay in linear light, to be encoded piece by piece, as their noise maps are made, so that
    memory holds neither a second copy of them nor a noise map.

    Args:
        scene: An aligned pair, or a single frame.
        names: Of the inputs; those of graphs' outputs are left to whoever runs the graphs.
        domain: The network's.
        noise_factor: Factor on the noise maps, at least 0: how noisy the photos are said to be
            over how noisy they are.
    """
    planes: dict[str, Planes] = {str(role): each for role, each in scene.sources.items()}
    extra = [name for name in EXTRA_PLANES if name in names]
    mapped = {name: role for name, role in NOISE_MAPS.items() if name in names}
    measured = any(stated_noise(scene, role) is None for role in mapped.values())
    encoded: dict[str, Planes] = {}
    if extra or measured:
        encoded = {name: encode_planes(each, domain) for name, each in planes.items()}
    curves = {
        name: noise_curve(scene, encoded, domain, role=role) * np.float32(noise_factor)
        for name, role in mapped.items()
    }
    planes |= {name: EXTRA_PLANES[name](scene, encoded, domain) for name in extra}
    planes |= {name: scene.sources[role] for name, role in mapped.items()}
    return NetworkInputs(planes, curves, domain)
