"""Make a model folder from trained weights: graphs, weights (float16 or int8), config.json."""

import argparse
import ast
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from torch import nn

from pairfix.export.folder import State, build_model
from pairfix.export.importing import drop_unused
from pairfix.model import CHANNELS
from pairfix.networks import NETWORKS, Graph
from pairfix.networks.layers import add_norms, fold_norms

Array = NDArray[Any]

_CARD = """# {name}

{title} ({source}), {domain} domain, {parameters:,} parameters.

Configuration: {configuration}.

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
    states = _states(arguments.weights, network.graphs(config), network.modules(config))
    card = arguments.output / "README.md"
    text = (
        card.read_text(encoding="utf-8")
        if card.exists()
        else _CARD.format(
            name=arguments.output.name,
            title=network.title,
            source=network.source,
            domain=arguments.domain,
            configuration=", ".join(f"{k} {v}" for k, v in dataclasses.asdict(config).items()),
            parameters=sum(
                each.size for state in states.values() for each in state.tensors.values()
            ),
        )
    )
    model = build_model(
        arguments.output,
        network,
        config,
        arguments.domain,
        states,
        text,
        reblur_module=arguments.reblur_module,
        int8_weights=arguments.int8,
        overwrite=True,
    )
    print(f"{model.folder}: {sum(path.stat().st_size for path in model.folder.iterdir()):,} bytes")


def _states(
    path: Path, graphs: Sequence[Graph], modules: Mapping[str, nn.Module]
) -> dict[str, State]:
    """The weights of each graph as float16, in the plain form."""
    tensors = safetensors.numpy.load_file(path)
    states = {}
    for graph in graphs:
        keys = [key for key in tensors if key.startswith(graph.prefix)]
        own = {key.removeprefix(graph.prefix): tensors.pop(key) for key in keys}
        used = drop_unused(_folded(modules[graph.name], own), graph)
        states[graph.name] = State(
            str(path), {key: value.astype(np.float16) for key, value in used.items()}
        )
    if tensors:
        raise SystemExit(f"{path}: no graph has the parameters {', '.join(sorted(tensors))}")
    return states


def _folded(plain: nn.Module, tensors: dict[str, Array]) -> dict[str, Array]:
    """The plain form's weights, with the norms of a trained form folded in."""
    if not any(".parametrizations." in key for key in tensors):
        return tensors
    trained = add_norms(plain)
    trained.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})
    return {key: value.numpy() for key, value in fold_norms(trained).items()}


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
    parser.add_argument(
        "--reblur-module",
        metavar="NAME",
        help="the shipped module that learnt to reblur what this model restores",
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="store the convolutions' weights as int8, in half the space of float16",
    )
    return parser.parse_args()


def _assignment(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, ast.literal_eval(value)


if __name__ == "__main__":
    main()
