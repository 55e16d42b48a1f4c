"""The models that ship, those in other folders, and which of them is the default."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from pairfix.errors import ModelError
from pairfix.image import Domain
from pairfix.model.config import DAMAGED, parse_config, read_config
from pairfix.model.folder import CONFIG, Model
from pairfix.networks import NETWORKS, Network
from pairfix.paths import reaching, real

__all__ = [
    "CHANNELS",
    "default_model",
    "default_reblur_module",
    "find_model",
    "is_default",
    "shipped_models",
    "untrained_networks",
]

CHANNELS: Mapping[Domain, int] = {"raw": 4, "srgb": 3}
"""Planes per exposure in each domain."""

_DEFAULTS: Mapping[Domain, str] = {"raw": "selfir-raw", "srgb": "selfir-srgb"}
_COARSEST = 1024
"""Largest `Graph.multiple`; the networks' own are 64 and less."""


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
    stored = read_config(_shipped_folder() / _DEFAULTS[domain] / CONFIG)
    same = stored["network"] == network.name
    return cast("str | None", stored["reblur_module"]) if same else None
