"""Models: a folder with trained weights, the graphs that take them, and what they are for.

A folder holds ``config.json``, ``weights.safetensors`` (floats, or int8 with scales:
`pairfix.model.storage`), one ``<graph>.onnx`` per graph (without weights), and the model card
``README.md``. A model that may run in int8 also has one ``<graph>.int8.onnx`` per graph, weights
included. An error in any of them is a `ModelError` that names the file.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from pairfix.errors import ModelError
from pairfix.image import ROLES, Domain, Role
from pairfix.model.config import DAMAGED, parse_config, read_config
from pairfix.model.storage import unpack
from pairfix.networks import NETWORKS, Graph, Network
from pairfix.networks.spec import Shapes
from pairfix.paths import reaching, real, regular

__all__ = [
    "CHANNELS",
    "CONFIG",
    "WEIGHTS",
    "Model",
    "check_tensors",
    "default_model",
    "default_reblur_module",
    "find_model",
    "graph_file",
    "is_default",
    "shipped_models",
    "untrained_networks",
]

CHANNELS: Mapping[Domain, int] = {"raw": 4, "srgb": 3}
"""Planes per exposure in each domain."""

CONFIG = "config.json"
WEIGHTS = "weights.safetensors"

Tensors = dict[str, NDArray[np.float32]]

_DEFAULTS: Mapping[Domain, str] = {"raw": "selfir-raw", "srgb": "selfir-srgb"}
_LARGEST = 1 << 30
"""Bytes of a file; d2hnet at its full width takes 0.3 of it."""
_COARSEST = 1024
"""Largest `Graph.multiple`; the networks' own are 64 and less."""
_UNREADABLE = (
    *(safetensors.SafetensorError, KeyError, ValueError),
    *(AttributeError, TypeError),  # types that numpy lacks
)
_UNFIT = "weights and network do not fit each other"


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
    reblur_module: str | None = None
    """Name of the shipped module that learnt to reblur what this model restores, if any."""
    parameters: Shapes | None = None
    """Shapes of the weights by name; None in folders of format 1, which do not record them."""

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

    @property
    def weights_sha256(self) -> str:
        """Checksum of the weights, as config.json states it; empty if it does not."""
        return self.sha256.get(WEIGHTS, "")

    def tensors(self) -> Tensors:
        """All weights by name, each name with its graph's prefix, whatever type they are stored as.

        Raises:
            ModelError: The file is missing or damaged, does not hold exactly the parameters that
                config.json records, or holds values that are not finite. If it records none, the
                library that runs the network finds what does not fit.
        """
        path = self._verified(WEIGHTS)
        try:
            stored = safetensors.numpy.load_file(path)
        except _UNREADABLE as error:
            raise ModelError(f"{path} cannot be read: {error}", DAMAGED) from error
        tensors = unpack(str(path), stored)
        check_tensors(str(path), tensors, self.parameters)
        return tensors

    @property
    def runs_in_int8(self) -> bool:
        """Whether it has a file of each graph's int8 form."""
        return all(graph_file(graph, int8=True) in self.sha256 for graph in self.graphs)

    def graph_path(self, graph: Graph, *, int8: bool = False) -> Path:
        """The ONNX file of one graph, its checksum verified.

        Args:
            graph: One of the network's graphs.
            int8: The file of its int8 form.

        Raises:
            ModelError: The file is missing or damaged.
        """
        return self._verified(graph_file(graph, int8=int8))

    def _verified(self, name: str) -> Path:
        path = self.folder / name
        if name not in self.sha256:
            raise ModelError(f"{self.folder / CONFIG} gives no sha256 of {name}", DAMAGED)
        try:
            with regular(path).open("rb") as file:
                if os.fstat(file.fileno()).st_size > _LARGEST:
                    raise ModelError(f"{path} is larger than any network's", DAMAGED)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise ModelError(f"{path} is missing", "fetch the model again") from error
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        if digest != self.sha256[name]:
            raise ModelError(f"{path} does not match its sha256", DAMAGED)
        return path


def graph_file(graph: Graph, *, int8: bool = False) -> str:
    """The name of a graph's ONNX file, or of that of its int8 form."""
    return f"{graph.name}.int8.onnx" if int8 else f"{graph.name}.onnx"


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
        with reaching(shipped, ModelError):
            if (shipped / CONFIG).is_file():
                return _read_model(shipped)
    folder = Path(name_or_folder)
    with reaching(folder, ModelError):
        if folder.is_dir():
            return _read_model(folder)
    raise _no_model(str(name_or_folder))


def check_tensors(
    source: str, tensors: Mapping[str, NDArray[np.floating]], expected: Shapes | None
) -> None:
    """Require weights of exactly these names and shapes, all of them finite.

    Args:
        source: Where they come from, for messages.
        tensors: The weights by name.
        expected: Shapes by name; None: any.

    Raises:
        ModelError: One is missing, extra, of another shape, or not finite.
    """
    if expected is not None:
        _check_shapes(source, tensors, expected)
    for key, value in tensors.items():
        if not np.isfinite(value).all():
            raise ModelError(f"{source}: {key} holds values that are not finite", DAMAGED)


def _check_shapes(
    source: str, tensors: Mapping[str, NDArray[np.floating]], expected: Shapes
) -> None:
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ModelError(f"{source} lacks {missing[0]}", _UNFIT)
    if extra := sorted(tensors.keys() - expected.keys()):
        raise ModelError(f"{source} holds {extra[0]}, which the network does not have", _UNFIT)
    for key, value in tensors.items():
        if value.shape != expected[key]:
            raise ModelError(f"{source}: {key} is {value.shape}, not {expected[key]}", _UNFIT)


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


def is_default(model: Model) -> bool:
    """Whether pairs of the model's domain are restored by it unless asked otherwise."""
    return model.folder == _shipped_folder() / _DEFAULTS[model.domain]


def default_reblur_module(model: Model) -> Model:
    """The shipped module that learnt to reblur what a model restores.

    Raises:
        ModelError: There is none, or it is damaged.
    """
    hint = (
        "'pairfix train reblur-module PHOTOS --deblurrer MODEL -o FOLDER' makes one; "
        "give its folder as --reblur-module"
    )
    name = model.reblur_module
    if name is None:
        raise ModelError(f"no reblurring module ships for the model {model.name}", hint)
    if not (_shipped_folder() / name / CONFIG).is_file():
        raise ModelError(f"the reblurring module {name} is missing", hint)
    return find_model(name)


def _no_model(name: str) -> ModelError:
    shipped = shipped_models()
    own = [model.name for model in shipped if model.network.name == name]
    if name in NETWORKS and not own:
        network = NETWORKS[name]
        return ModelError(
            f"{name} is a network that comes without weights", network.how_to_get_weights()
        )
    names = ", ".join(own or [model.name for model in shipped]) or "none"
    return ModelError(
        f"there is no model {name}", f"use one of {names}, or the folder of a trained one"
    )


def _shipped_folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parents[1] / "models"


def _read_model(folder: Path) -> Model:
    path = folder / CONFIG
    stored = read_config(path)
    network = NETWORKS.get(stored["network"])
    if network is None:
        known = ", ".join(NETWORKS)
        raise ModelError(f"{path}: unknown network {stored['network']!r}", f"known are {known}")
    if stored["domain"] not in CHANNELS:
        raise ModelError(f"{path}: the domain must be raw or srgb, not {stored['domain']!r}")
    domain = cast("Domain", stored["domain"])
    config = parse_config(path, network, stored["config"])
    if config.channels != CHANNELS[domain]:
        raise ModelError(
            f"{path}: {config.channels} channels do not fit the domain {domain}",
            f"{domain} has {CHANNELS[domain]}",
        )
    if any(graph.multiple > _COARSEST for graph in network.graphs(config)):
        raise ModelError(f"{path}: such a network takes no photo", DAMAGED)
    model = Model(real(folder).name, folder, network, config, domain, stored["sha256"])
    if "parameters" not in stored:
        return replace(model, reblur_module=_reblur_module(network, domain))
    parameters = {name: tuple(shape) for name, shape in stored["parameters"].items()}
    return replace(model, reblur_module=stored["reblur_module"], parameters=parameters)


def _reblur_module(network: Network, domain: Domain) -> str | None:
    """For folders of format 1, which name none: the default model's, for the same network."""
    for model in shipped_models():
        if (model.name, model.network) == (_DEFAULTS[domain], network):
            return model.reblur_module
    return None
