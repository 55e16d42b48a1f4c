"""Make a model folder from trained weights: graphs, weights (kept as float16), config.json."""

import argparse
import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray

from pairfix.image import Domain
from pairfix.networks import NETWORKS, Network
from pairfix.networks.export import export_graphs
from pairfix.networks.official import drop_unused
from pairfix.weights import CHANNELS, Model, write_model

Array = NDArray[np.floating]

_CARD = """# {name}

{title} ({source}), {domain} domain, {parameters:,} parameters.

## Data

## Training

## Quality

## Limits

## Licence
"""


def main() -> None:
    arguments = _parse()
    network = NETWORKS[arguments.network]
    config = network.config(channels=CHANNELS[arguments.domain], **dict(arguments.set))
    tensors = safetensors.numpy.load_file(arguments.weights)
    model = make_model(arguments.output, network, config, arguments.domain, tensors)
    print(f"{model.folder}: {sum(path.stat().st_size for path in model.folder.iterdir()):,} bytes")


def make_model(
    folder: Path,
    network: Network,
    config: Any,  # noqa: ANN401
    domain: Domain,
    tensors: Mapping[str, Array],
) -> Model:
    """Load the tensors strictly into the network, export its graphs, write the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = network.modules(config)
    kept: dict[str, Array] = {}
    known = set()
    for graph in network.graphs(config):
        own = {
            k.removeprefix(graph.prefix): v
            for k, v in tensors.items()
            if k.startswith(graph.prefix)
        }
        known |= {graph.prefix + key for key in own}
        used = drop_unused(own, graph)
        modules[graph.name].load_state_dict(
            {key: torch.from_numpy(value).float() for key, value in used.items()}
        )
        kept |= {graph.prefix + key: value.astype(np.float16) for key, value in used.items()}
    if stray := sorted(tensors.keys() - known):
        raise SystemExit(f"no graph of {network.name} takes {', '.join(stray)}")
    export_graphs(network, config, modules, folder)
    model = write_model(folder, network, config, domain, kept)
    card = folder / "README.md"
    if not card.exists():
        parameters = sum(value.size for value in kept.values())
        card.write_text(
            _CARD.format(
                name=folder.name,
                title=network.title,
                source=network.source,
                domain=domain,
                parameters=parameters,
            ),
            encoding="utf-8",
        )
    return model


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--weights", type=Path, required=True, metavar="FILE.safetensors")
    parser.add_argument("--domain", choices=CHANNELS, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="models/NAME")
    parser.add_argument(
        "--set",
        type=_assignment,
        nargs="*",
        action="extend",
        default=[],
        metavar="FIELD=VALUE",
        help="a field of the network's configuration, such as width=16",
    )
    return parser.parse_args()


def _assignment(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, ast.literal_eval(value)


if __name__ == "__main__":
    main()
