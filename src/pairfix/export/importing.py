"""Turn checkpoints of the official releases into model folders."""

import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairfix.errors import ModelError
from pairfix.export.folder import State, build_model, check_folder
from pairfix.export.graphs import require_torch
from pairfix.image import Domain
from pairfix.model import CHANNELS, Model
from pairfix.networks import NETWORKS, Graph, Network
from pairfix.networks.spec import Release
from pairfix.paths import regular

__all__ = ["drop_unused", "fold_spectral_norm", "import_checkpoint"]

Tensors = dict[str, NDArray[np.float32]]

_DEPTH = 3
"""How deep a state dict may be nested in a checkpoint."""
_SHOWN = 3
"""How many of a file's keys a message shows."""
_BAR = ".module.weight_bar"

_CARD = """# {name}

{title} ({source}), {domain} domain, {parameters:,} parameters, stored as float32.

Configuration: {config}.

## Origin

Made by `pairfix models import` from checkpoints of the official release:

{files}

## Licence and limits

{remarks}"""


def import_checkpoint(
    network: str,
    files: Sequence[Path],
    folder: Path,
    *,
    domain: Domain | None = None,
    overwrite: bool = False,
) -> Model:
    """Make a model folder from the files of an official release.

    A file may hold a state dict, possibly nested in dictionaries, with or without the prefix
    ``module.``. Code that it may contain is not run.

    Args:
        network: Key of `NETWORKS`, of one with a release.
        files: The checkpoints, in any order.
        folder: The new model folder.
        domain: What the weights were trained for; None: according to the number of channels.
        overwrite: Replace an existing model folder.

    Raises:
        MissingExtraError: PyTorch is not installed.
        ModelError: There is no such release, or the files do not contain it.
        OutputError: The folder exists or cannot be written.
    """
    known, release = _released(network)
    check_folder(folder, overwrite=overwrite)
    require_torch()
    states = _gather(known, release, files)
    config = _configure(known, release, states)
    fitting = next(name for name, channels in CHANNELS.items() if channels == config.channels)
    if domain not in (None, fitting):
        raise ModelError(
            f"the weights take {config.channels} channels, not the {CHANNELS[domain]} of {domain}",
            f"pass --domain {fitting}, or nothing",
        )
    card = _card(folder, known, release, config, fitting, states)
    return build_model(folder, known, config, fitting, states, card, overwrite=overwrite)


def drop_unused(tensors: Mapping[str, NDArray[np.float32]], graph: Graph) -> Tensors:
    """Leave out the parameters that `graph.unused` names; keys come without `graph.prefix`."""
    unused = re.compile(graph.unused)
    return {key: value for key, value in tensors.items() if not unused.fullmatch(key)}


def fold_spectral_norm(tensors: Mapping[str, NDArray[np.float32]]) -> Tensors:
    """Replace spectrally normalised weights by the equivalent plain ones.

    ``X.module.weight_bar`` becomes ``X.weight`` = W / sigma, ``X.module.bias`` becomes ``X.bias``;
    the vectors ``weight_u`` and ``weight_v`` are dropped. Sigma comes from one power iteration
    from the stored u, as in a forward pass (Miyato et al., 2018, Algorithm 1): with W of
    shape outputs x fan, ``v = W^T u / |W^T u|``, ``u = W v / |W v|``, ``sigma = u^T W v``.
    """
    folded: Tensors = {}
    for key, value in tensors.items():
        if key.endswith(_BAR):
            name = key.removesuffix(_BAR)
            folded[f"{name}.weight"] = value / _sigma(value, tensors[f"{name}.module.weight_u"])
        elif key.endswith(".module.bias"):
            folded[key.replace(".module.bias", ".bias")] = value
        elif not key.endswith((".module.weight_u", ".module.weight_v")):
            folded[key] = value
    return folded


def _released(name: str) -> tuple[Network, Release]:
    network = NETWORKS.get(name)
    if network is None or network.release is None:
        known = ", ".join(name for name, each in NETWORKS.items() if each.release)
        raise ModelError(
            f"there are no official weights for a network {name}", f"there are some for {known}"
        )
    return network, network.release


def _gather(network: Network, release: Release, files: Sequence[Path]) -> dict[str, State]:
    """The state dict of each graph, identified by its keys."""
    graphs = {graph.name: graph for graph in network.graphs(network.config())}
    states: dict[str, State] = {}
    for path in files:
        found = _read(path)
        parts = [part for tensors in found for part in _identify(tensors, graphs, release)]
        if not parts:
            raise ModelError(
                f"{path} holds no weights of {network.title}", _contrast(release, found)
            )
        for name, tensors in parts:
            if name in states:
                title = _title(network, graphs[name])
                raise ModelError(
                    f"{path} holds a second {title}; the first is in {states[name].source}",
                    "pass only one, in a file that holds one state dict",
                )
            states[name] = State(str(path), drop_unused(_fold(path, tensors), graphs[name]))
    for name, graph in graphs.items():
        if name not in states:
            raise ModelError(
                f"{', '.join(map(str, files))}: no {_title(network, graph)}",
                f"pass {release.files}",
            )
    return states


def _read(path: Path) -> list[Tensors]:
    """All state dicts of a file, without running code that it may contain."""
    import torch  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(
                _state_dicts(torch.load(regular(path), map_location="cpu", weights_only=True))
            )
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # the unpickler can raise anything on a damaged file
        if kind := re.search(r"GLOBAL (\S+)", str(error)):
            raise ModelError(
                f"{path} is refused: it holds {kind[1]} besides tensors, which could run code",
                "save only the network's state_dict()",
            ) from error
        raise ModelError(
            f"{path} is damaged, or is not a PyTorch checkpoint", "fetch it again"
        ) from error


def _state_dicts(content: object, depth: int = 0) -> Iterator[Tensors]:
    import torch  # noqa: PLC0415

    if not isinstance(content, Mapping) or depth > _DEPTH:
        return
    tensors = {
        key: value.detach().to(torch.float32).numpy()
        for key, value in content.items()
        if isinstance(key, str) and isinstance(value, torch.Tensor)
    }
    if tensors:
        yield _without_prefix(tensors, "module.")
    for value in content.values():
        yield from _state_dicts(value, depth + 1)


def _without_prefix(tensors: Tensors, prefix: str) -> Tensors:
    while all(key.startswith(prefix) for key in tensors):
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors


def _identify(
    tensors: Tensors, graphs: Mapping[str, Graph], release: Release
) -> Iterator[tuple[str, Tensors]]:
    for name, marker in release.markers.items():
        prefix = graphs[name].prefix
        if prefix and any(key.startswith(prefix + marker) for key in tensors):
            own = {key for key in tensors if key.startswith(prefix)}
            yield name, {key.removeprefix(prefix): tensors[key] for key in own}
        elif any(key.startswith(marker) for key in tensors):
            yield name, tensors


def _contrast(release: Release, found: Sequence[Tensors]) -> str:
    expected = " or ".join(f"{marker}..." for marker in release.markers.values())
    keys = [key for tensors in found for key in tensors]
    shown = ", ".join(keys[:_SHOWN]) + ("..." if len(keys) > _SHOWN else "")
    return f"expected keys {expected}, found {shown or 'no tensors'}"


def _title(network: Network, graph: Graph) -> str:
    return graph.prefix.rstrip(".") or network.title


def _fold(path: Path, tensors: Tensors) -> Tensors:
    for key, value in tensors.items():
        vector = tensors.get(key.replace(".weight_bar", ".weight_u"))
        if key.endswith(".weight_bar") and (vector is None or vector.shape != value.shape[:1]):
            raise ModelError(f"{path}: {key} has no fitting weight_u", "fetch the file again")
    return fold_spectral_norm(tensors)


def _configure(network: Network, release: Release, states: Mapping[str, State]) -> Any:  # noqa: ANN401
    prefixes = {graph.name: graph.prefix for graph in network.graphs(network.config())}
    shapes = {
        prefixes[name] + key: value.shape
        for name, state in states.items()
        for key, value in state.tensors.items()
    }
    sources = ", ".join(dict.fromkeys(state.source for state in states.values()))
    try:
        return network.config(**release.configure(shapes))
    except KeyError as error:
        raise ModelError(f"{sources}: no {error.args[0]}", "fetch the file again") from error
    except (IndexError, ValueError) as error:
        raise ModelError(f"{sources}: not the shapes of {network.title}: {error}") from error


def _card(
    folder: Path,
    network: Network,
    release: Release,
    config: Any,  # noqa: ANN401
    domain: Domain,
    states: Mapping[str, State],
) -> str:
    paths = dict.fromkeys(Path(state.source) for state in states.values())
    lines = [
        f"- `{path.name}`, sha256 `{hashlib.sha256(path.read_bytes()).hexdigest()}`"
        for path in paths
    ]
    return _CARD.format(
        name=folder.absolute().name,
        title=network.title,
        source=network.source,
        domain=domain,
        parameters=sum(value.size for state in states.values() for value in state.tensors.values()),
        config=config,
        files="\n".join(lines),
        remarks=release.remarks,
    )


def _sigma(weight: NDArray[np.float32], u: NDArray[np.float32]) -> np.float32:
    matrix = weight.reshape(weight.shape[0], -1)
    v = _normalise(matrix.T @ u)
    u = _normalise(matrix @ v)
    return np.float32(u @ matrix @ v)


def _normalise(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector / np.float32(np.linalg.norm(vector) + 1e-12)
