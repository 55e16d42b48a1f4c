"""What a network takes from a scene, assembled from the names of its inputs.

A name is a photo's role, that of its noise map, or one of the *extra planes* that are computed from
the scene. A further kind of extra planes is one function, and one entry of `EXTRA_PLANES`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pairfix.image import ROLES, Domain, Planes, Role, Scene
from pairfix.light import encode_planes
from pairfix.noise import Curve, noise_curve, noise_planes, stated_noise
from pairfix.threads import in_threads

__all__ = [
    "EXTRA_PLANES",
    "NOISE_MAPS",
    "ExtraPlanes",
    "NetworkInputs",
    "made_of",
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


def made_of(name: str) -> str:
    """The name of the planes that an input is made of: those of its photo, for a noise map."""
    return NOISE_MAPS.get(name, name)


@dataclass(frozen=True, slots=True)
class NetworkInputs:
    """A network's inputs, or what they are made of; all of one size."""

    planes: Mapping[str, Planes]
    """By name: photos in linear light, and extra planes as the network takes them."""
    curves: Mapping[str, Curve]
    """The photos' noise, by the noise maps' names."""
    domain: Domain

    def encode(self, pieces: Mapping[str, Planes], names: Sequence[str]) -> list[Planes]:
        """Make inputs in the network's range of pieces of the planes.

        Args:
            pieces: The same piece of all that they are made of (`made_of`), by name. Extra planes
                and outputs of other graphs are in the network's range already.
            names: Of the inputs.
        """

        def in_range(name: str) -> Planes:
            photo = name in self.planes and name not in EXTRA_PLANES
            return encode_planes(pieces[name], self.domain) if photo else pieces[name]

        def made(name: str) -> Planes:
            source = encoded[made_of(name)]
            return noise_planes(source, self.curves[name]) if name in self.curves else source

        photos = list({made_of(name) for name in names})
        encoded = dict(zip(photos, in_threads(in_range, photos), strict=True))
        return in_threads(made, names)

    def encoded(self) -> dict[str, Planes]:
        """All of them in the network's range."""
        names = [*self.planes, *self.curves]
        return dict(zip(names, self.encode(self.planes, names), strict=True))


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
    return NetworkInputs(planes, curves, domain)
