"""Make model folders: load weights strictly, export the graphs, write everything or nothing."""

import dataclasses
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from pairfix.errors import ModelError, OutputError
from pairfix.export.graphs import check_graphs, require_torch
from pairfix.export.int8 import Activations, int8_graph
from pairfix.formats.atomic import appearing
from pairfix.image import Domain
from pairfix.model import CONFIG, WEIGHTS, Model, check_tensors, find_model, graph_file
from pairfix.model.config import FORMAT, config_text
from pairfix.model.measured import MEASURED
from pairfix.model.storage import pack
from pairfix.networks import NETWORKS, Graph, Network
from pairfix.networks.spec import Shapes
from pairfix.paths import reaching

if TYPE_CHECKING:
    from torch import nn

__all__ = ["CALIBRATION", "State", "build_model", "check_folder", "load_strictly"]

CALIBRATION = "calibration.json"
"""File of a tuned model's folder with the camera's noise (`pairfix.calibration`)."""


@dataclass(frozen=True, slots=True)
class State:
    """The weights of one graph."""

    source: str
    """Where they come from, for messages."""
    tensors: Mapping[str, NDArray[np.floating]]
    """By name, without the graph's prefix."""


def build_model(
    folder: Path,
    network: Network,
    config: Any,  # noqa: ANN401
    domain: Domain,
    states: Mapping[str, State],
    card: str,
    *,
    start: Model | None = None,
    reblur_module: str | None = None,
    int8_weights: bool = False,
    activations: Mapping[str, Activations] | None = None,
    overwrite: bool = False,
) -> Model:
    """Make a model folder; it appears complete or not at all.

    Args:
        folder: The new folder; its parent exists.
        network: The network.
        config: Instance of ``network.config``.
        domain: What the weights were trained for.
        states: The weights by graph name, kept in their own float type unless stored as int8.
        card: Content of README.md; what UTF-8 cannot hold of names is escaped.
        start: The model that the weights were trained from. If its configuration is the same, so
            are its graphs, which are copied: exporting takes much longer.
        reblur_module: Name of the shipped module that learnt to reblur what the model restores.
        int8_weights: Store the convolutions' weights as int8 (`pairfix.model.storage.pack`).
        activations: For a model that may run in int8, of the convolutions that then multiply
            integers, by the name of the weight (`pairfix.export.int8`).
        overwrite: Replace an existing model folder.

    Raises:
        MissingExtraError: PyTorch is not installed.
        ModelError: The weights do not fit the network, or the exported graphs differ from PyTorch.
        OutputError: The folder exists or cannot be written.
    """
    require_torch()
    from pairfix.export.onnx import export_graphs  # noqa: PLC0415

    modules = dict(network.modules(config))
    tensors: dict[str, NDArray[np.floating]] = {}
    transposed: set[str] = set()
    for graph in network.graphs(config):
        state, module = states[graph.name], modules[graph.name]
        load_strictly(module, state)
        tensors |= {graph.prefix + key: value for key, value in state.tensors.items()}
        transposed |= {graph.prefix + key for key in _transposed(module)}
    stored = pack(tensors, transposed) if int8_weights else tensors
    with appearing(folder, partial(check_folder, folder, overwrite=overwrite)) as beside:
        if same := _same_graphs(start, network, config):
            for path in same:
                shutil.copyfile(path, beside / path.name)
        else:
            export_graphs(network, config, modules, beside)
        _write_weights(beside / WEIGHTS, stored)
        if activations is not None:
            _write_int8(beside, network.graphs(config), tensors, activations)
        shapes = {name: value.shape for name, value in tensors.items()}
        _write_config(beside, network, config, domain, shapes, reblur_module)
        try:
            check_graphs(find_model(beside))
        except ModelError as error:
            raise ModelError(error.message.replace(str(beside), str(folder)), error.hint) from error
        (beside / "README.md").write_bytes(card.encode(errors="backslashreplace"))
    return find_model(folder)


def load_strictly(module: "nn.Module", state: State) -> None:
    """Load weights into a module that has exactly these parameters.

    Raises:
        ModelError: One is missing, extra, of another shape, or not finite.
    """
    import torch  # noqa: PLC0415

    tensors = state.tensors
    expected = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    check_tensors(state.source, tensors, expected)
    module.load_state_dict({key: torch.from_numpy(value).float() for key, value in tensors.items()})


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Check that a model folder can be written, without writing it.

    Raises:
        OutputError: It exists and may not be overwritten, is not a model folder, or its parent
            does not exist or is not writable.
    """
    with reaching(folder, OutputError):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise OutputError(f"{folder} is not a folder", "choose another name")
        if folder.is_dir():
            if not overwrite:
                raise OutputError(
                    f"{folder} exists already", "choose another name or pass --overwrite"
                )
            if strange := sorted(path.name for path in folder.iterdir() if not _belongs(path)):
                raise OutputError(
                    f"{folder} holds {strange[0]}, which is not part of a model",
                    "choose another name",
                )
            if any(folder.iterdir()) and not (folder / CONFIG).is_file():
                raise OutputError(f"{folder} is not a model folder", "choose another name")
        parent = folder.absolute().parent
        if not parent.is_dir():
            raise OutputError(f"the folder {folder.parent} does not exist", "create it first")
        if not os.access(parent, os.W_OK):
            raise OutputError(
                f"no permission to write into {folder.parent}", "choose another folder"
            )


def _same_graphs(start: Model | None, network: Network, config: Any) -> list[Path]:  # noqa: ANN401
    """The graphs of a model, if it is whole and of this configuration."""
    if start is None or (start.network, start.config) != (network, config):
        return []
    try:
        return [start.graph_path(graph) for graph in start.graphs]
    except ModelError:
        return []


def _transposed(module: "nn.Module") -> Iterator[str]:
    """The names of the weights of transposed convolutions."""
    from torch import nn  # noqa: PLC0415

    for name, part in module.named_modules():
        if isinstance(part, nn.ConvTranspose2d):
            yield f"{name}.weight"


def _write_weights(path: Path, stored: Mapping[str, NDArray[Any]]) -> None:
    contiguous = {name: np.ascontiguousarray(value) for name, value in stored.items()}
    path.write_bytes(safetensors.numpy.save(contiguous))


def _write_int8(
    folder: Path,
    graphs: Iterable[Graph],
    tensors: Mapping[str, NDArray[np.floating]],
    activations: Mapping[str, Activations],
) -> None:
    """Write the int8 form of the graphs in a folder."""
    floats = {name: value.astype(np.float32) for name, value in tensors.items()}
    for graph in graphs:
        content = (folder / graph_file(graph)).read_bytes()
        rounded = int8_graph(content, floats, activations)
        (folder / graph_file(graph, int8=True)).write_bytes(rounded)


def _write_config(
    folder: Path,
    network: Network,
    config: Any,  # noqa: ANN401
    domain: Domain,
    parameters: Shapes,
    reblur_module: str | None,
) -> None:
    """Write config.json beside the weights and the graphs in a folder."""
    names = [WEIGHTS, *sorted(path.name for path in folder.glob("*.onnx"))]
    content = {
        "format": FORMAT,
        "network": network.name,
        "domain": domain,
        "config": dataclasses.asdict(config),
        "reblur_module": reblur_module,
        "parameters": dict(parameters),
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
        },
    }
    (folder / CONFIG).write_text(config_text(content), encoding="utf-8")


def _belongs(path: Path) -> bool:
    graphs = {graph for network in NETWORKS.values() for graph in network.graphs(network.config())}
    others = {CONFIG, WEIGHTS, "README.md", CALIBRATION, MEASURED}
    files = {graph_file(graph, int8=int8) for graph in graphs for int8 in (False, True)}
    return path.is_file() and path.name in others | files
