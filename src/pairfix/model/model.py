"""Models: a folder with trained weights, the graphs that take them, and what they are for.

A folder holds ``config.json``, ``weights.safetensors`` (float16 or float32), one
``<graph>.onnx`` per graph (without weights), and the model card ``README.md``. Whatever is
wrong with one of them is a `ModelError` that names the file.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from pairfix.errors import ModelError
from pairfix.image import ROLES, Domain, Role
from pairfix.model.config import DAMAGED, parse_config, read_config
from pairfix.networks import NETWORKS, Graph, Network
from pairfix.networks.graphfile import parameter_shapes
from pairfix.networks.releases import how_to_get_weights

__all__ = [
    "CHANNELS",
    "CONFIG",
    "WEIGHTS",
    "Model",
    "check_tensors",
    "default_model",
    "default_reblur_module",
    "find_model",
    "shipped_models",
    "untrained_networks",
]

CHANNELS: Mapping[Domain, int] = {"raw": 4, "srgb": 3}
"""Planes per exposure in each domain."""

CONFIG = "config.json"
WEIGHTS = "weights.safetensors"

Tensors = dict[str, NDArray[np.float32]]

_DEFAULTS: Mapping[Domain, str] = {"raw": "selfir-raw", "srgb": "selfir-srgb"}
_REBLUR_MODULES: Mapping[Domain, str] = {"raw": "reblur-raw", "srgb": "reblur-srgb"}
"""Each learnt to reblur what the default model of its domain restores."""
_UNFIT = "weights and network do not belong together"


@dataclass(frozen=True, slots=True)
class Model:
    """A trained network in a folder."""

    name: str
    folder: Path
    network: Network
    config: Any
    """Instance of ``network.config``."""
    domain: Domain
    sha256: Mapping[str, str]
    """Checksums in hexadecimal, by file name."""

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """The network's graphs in the order in which they run."""
        return self.network.graphs(self.config)

    @property
    def roles(self) -> frozenset[Role]:
        """Which exposures it restores from."""
        return frozenset(role for role in ROLES if role in self.inputs)

    @property
    def inputs(self) -> frozenset[str]:
        """Names of all that its graphs take (`pairfix.networks.Graph.inputs`)."""
        return frozenset(name for graph in self.graphs for name in graph.inputs)

    def tensors(self) -> Tensors:
        """All weights by name, each name with its graph's prefix.

        Raises:
            ModelError: The file is missing or damaged, does not hold exactly the parameters of
                the graphs, or holds values that are not finite.
        """
        path = self._verified(WEIGHTS)
        try:
            stored = safetensors.numpy.load_file(path)
        except (safetensors.SafetensorError, KeyError, ValueError) as error:
            raise ModelError(f"{path} cannot be read: {error}", DAMAGED) from error
        tensors = {key: value.astype(np.float32) for key, value in stored.items()}
        self._check(path, tensors)
        return tensors

    def graph_path(self, graph: Graph) -> Path:
        """The ONNX file of one graph, its checksum verified.

        Raises:
            ModelError: The file is missing or damaged.
        """
        return self._verified(f"{graph.name}.onnx")

    def _check(self, path: Path, tensors: Tensors) -> None:
        expected: dict[str, tuple[int, ...]] = {}
        for graph in self.graphs:
            place = self.graph_path(graph)
            try:
                expected |= parameter_shapes(place)
            except ValueError as error:
                raise ModelError(f"{place} is {error}", DAMAGED) from error
        check_tensors(str(path), tensors, expected)

    def _verified(self, name: str) -> Path:
        path = self.folder / name
        if name not in self.sha256:
            raise ModelError(f"{self.folder / CONFIG} gives no sha256 of {name}", DAMAGED)
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError as error:
            raise ModelError(f"{path} is missing", "fetch the model again") from error
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        if digest != self.sha256[name]:
            raise ModelError(f"{path} does not match its sha256", DAMAGED)
        return path


def shipped_models() -> tuple[Model, ...]:
    """The models that come with pairfix, sorted by name.

    Raises:
        ModelError: A model's config.json is damaged.
    """
    folders = sorted(path.parent for path in _shipped_folder().glob(f"*/{CONFIG}"))
    return tuple(_read_model(folder) for folder in folders)


def find_model(name_or_folder: str | Path) -> Model:
    """The shipped model of this name, or the model in this folder.

    Args:
        name_or_folder: Text names a shipped model before it names a folder (``./NAME`` is always
            the folder); a `pathlib.Path` is always a folder.

    Raises:
        ModelError: There is none, or its config.json is damaged.
    """
    if isinstance(name_or_folder, str) and Path(name_or_folder).name == name_or_folder:
        shipped = _shipped_folder() / name_or_folder
        if (shipped / CONFIG).is_file():
            return _read_model(shipped)
    folder = Path(name_or_folder)
    if folder.is_dir():
        return _read_model(folder)
    raise _no_model(str(name_or_folder))


def check_tensors(
    source: str,
    tensors: Mapping[str, NDArray[np.floating]],
    expected: Mapping[str, tuple[int, ...]],
) -> None:
    """Insist on weights of exactly these names and shapes, all of them finite.

    Args:
        source: Where they come from, for messages.
        tensors: The weights by name.
        expected: Shapes by name.

    Raises:
        ModelError: One is missing, too many, of another shape, or not finite.
    """
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ModelError(f"{source} lacks {missing[0]}", _UNFIT)
    if extra := sorted(tensors.keys() - expected.keys()):
        raise ModelError(f"{source} holds {extra[0]}, which the network does not have", _UNFIT)
    for key, value in tensors.items():
        if value.shape != expected[key]:
            raise ModelError(f"{source}: {key} is {value.shape}, not {expected[key]}", _UNFIT)
        if not np.isfinite(value).all():
            raise ModelError(f"{source}: {key} holds values that are not finite", DAMAGED)


def untrained_networks() -> tuple[Network, ...]:
    """The networks that no shipped model has weights for.

    Raises:
        ModelError: A model's config.json is damaged.
    """
    trained = {model.network.name for model in shipped_models()}
    return tuple(network for name, network in NETWORKS.items() if name not in trained)


def default_model(domain: Domain) -> Model:
    """The shipped model for pairs of this domain.

    Raises:
        ModelError: It is missing or damaged.
    """
    return find_model(_DEFAULTS[domain])


def default_reblur_module(domain: Domain) -> Model:
    """The shipped reblurring module for what is restored in this domain.

    Raises:
        ModelError: There is none, or it is damaged.
    """
    name = _REBLUR_MODULES[domain]
    if not (_shipped_folder() / name / CONFIG).is_file():
        raise ModelError(
            f"the reblurring module {name} is not here",
            "'pairfix train reblur-module' makes one; give its folder as --reblur-module",
        )
    return find_model(name)


def _no_model(name: str) -> ModelError:
    shipped = shipped_models()
    own = [model.name for model in shipped if model.network.name == name]
    if name in NETWORKS and not own:
        network = NETWORKS[name]
        return ModelError(
            f"{name} is a network that comes without weights", how_to_get_weights(network)
        )
    names = ", ".join(own or [model.name for model in shipped]) or "none"
    return ModelError(
        f"there is no model {name}", f"take one of {names}, or the folder of a trained one"
    )


def _shipped_folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parents[1] / "models"


def _read_model(folder: Path) -> Model:
    path = folder / CONFIG
    about = read_config(path)
    network = NETWORKS.get(about["network"])
    if network is None:
        known = ", ".join(NETWORKS)
        raise ModelError(f"{path}: unknown network {about['network']!r}", f"known are {known}")
    if about["domain"] not in CHANNELS:
        raise ModelError(f"{path}: the domain must be raw or srgb, not {about['domain']!r}")
    domain = cast("Domain", about["domain"])
    config = parse_config(path, network, about["config"])
    if config.channels != CHANNELS[domain]:
        raise ModelError(
            f"{path}: {config.channels} channels do not fit the domain {domain}",
            f"{domain} has {CHANNELS[domain]}",
        )
    sha256 = {str(key): str(value) for key, value in about["sha256"].items()}
    return Model(folder.resolve().name, folder, network, config, domain, sha256)
