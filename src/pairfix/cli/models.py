"""`pairfix models`: list, show, import and export models."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from pairfix.cli.console import Talk, print_json
from pairfix.cli.help import Command, Group
from pairfix.cli.options import Json, Overwrite, Quiet
from pairfix.cli.paths import path_argument, path_option
from pairfix.errors import printable
from pairfix.image import Domain
from pairfix.model import Model, find_model, is_default, shipped_models, untrained_networks
from pairfix.model.measured import read_measured
from pairfix.networks import NETWORKS, Network

__all__ = ["app"]

app = typer.Typer(help="List, show, import and export models.", cls=Group, no_args_is_help=True)

_RELEASED = [name for name, network in NETWORKS.items() if network.release]

_CARD = 1 << 14
"""Characters of a card that are shown; some Markdown takes time that grows with their square."""

Name = Annotated[str, typer.Argument(help="A model's name or folder.", metavar="NAME|FOLDER")]


@app.command("list", cls=Command)
def list_models(json: Json = False) -> None:
    """List the models that come with pairfix, and the networks without weights."""
    models, networks = shipped_models(), untrained_networks()
    if json:
        print_json([*map(_facts, models), *map(_facts_untrained, networks)])
        return
    console = Console()
    whole = partial(Column, no_wrap=True)
    longest_word = max(len(word) for model in models for word in model.network.title.split())
    titles = Column("Network", min_width=longest_word)
    table = Table(whole("Name"), titles, "Domain", whole("Size"), whole("PSNR"), "12 MP")
    for model in models:
        size = f"{_size(model) / 1e6:.1f} MB"
        default = " (default)" if is_default(model) else ""
        found = read_measured(model.folder)
        measured = found.summary() if found else ("", "")
        table.add_row(model.name, model.network.title, model.domain + default, size, *measured)
    console.print(table)
    typer.echo("PSNR: mean of three sample pairs; 12 MP: seconds and memory on two CPU cores")
    if networks:
        table = Table("Network without weights", "Title")
        for network in networks:
            table.add_row(network.name, network.title)
        console.print(table)
        for network in networks:
            typer.echo(f"{network.name}: {network.how_to_get_weights()}")


@app.command(cls=Command)
def show(model: Name, json: Json = False) -> None:
    """Show a model's card: data, licence, quality, limits."""
    found = find_model(model)
    card = found.folder / "README.md"
    if json:
        print_json(_facts(found))
    elif card.is_file():
        from rich.markdown import Markdown  # noqa: PLC0415  (keeps other commands quick)

        with card.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_CARD).splitlines()
        Console().print(Markdown("\n".join(map(printable, lines))))
    else:
        name = printable(found.name)
        typer.echo(f"{name}: {found.network.title}, {found.domain} (no model card)")


@app.command("import", cls=Command)
def import_(
    network: Annotated[
        str,
        typer.Argument(help=f"{' or '.join(_RELEASED)}.", metavar="NETWORK", show_default=False),
    ],
    files: Annotated[
        list[Path],
        path_argument(help="The official checkpoints (.pth, .pkl), in any order.", metavar="FILE"),
    ],
    output: Annotated[
        Path, path_option("--output", "-o", help="The new model folder.", metavar="FOLDER")
    ],
    domain: Annotated[
        Domain | None,
        typer.Option(help="What the weights were trained for; by default the channels decide."),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Make a model folder from the checkpoints of a network's official release.

    Afterwards: pairfix restore LONG SHORT -o OUTPUT --model FOLDER. Needs PyTorch.
    """
    talk = Talk(quiet=quiet, verbose=False)
    from pairfix.export.importing import import_checkpoint  # noqa: PLC0415  (keeps --help quick)

    model = import_checkpoint(network, files, output, domain=domain, overwrite=overwrite)
    talk.say(f"{model.folder}: {model.network.title}, {model.domain}, {_size(model) / 1e6:.1f} MB")
    place = model.folder if model.folder.parent != Path() else f"./{model.folder}"
    talk.say(f"use it with: pairfix restore ... --model {place}")


@app.command(cls=Command)
def export(
    model: Name,
    output: Annotated[
        Path, path_option("--output", "-o", help="The graph: model.onnx.", metavar="FILE.onnx")
    ],
    with_weights: Annotated[
        bool, typer.Option("--with-weights", help="Put the weights into the file.")
    ] = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Write a model's graph as an ONNX file, after comparing it with PyTorch at two sizes.

    A model of several graphs becomes as many files: -o model.onnx gives model-<graph>.onnx each.
    Inputs are 1 x C x H x W in the network's own range, H and W any multiples of the number shown.
    Needs PyTorch.
    """
    talk = Talk(quiet=quiet, verbose=False)
    from pairfix.export.graphs import TOLERANCE, export_model  # noqa: PLC0415  (keeps --help quick)

    found = find_model(model)
    paths = export_model(found, output, with_weights=with_weights, overwrite=overwrite)
    for graph, path in zip(found.graphs, paths, strict=True):
        takes = ", ".join(graph.inputs)
        talk.say(f"{path}: takes {takes}; height and width are multiples of {graph.multiple}")
    talk.say(f"equal to PyTorch within {TOLERANCE:g} of the greatest value, at two sizes")
    if not with_weights:
        talk.say(
            f"without weights: pass those of {found.folder / 'weights.safetensors'} as float32 "
            "(int8 times its scale) to "
            "onnxruntime.SessionOptions.add_external_initializers, or use --with-weights"
        )


def _facts(model: Model) -> dict[str, Any]:
    measured = read_measured(model.folder)
    return {
        "name": model.name,
        "network": model.network.name,
        "source": model.network.source,
        "trained": True,
        "default": is_default(model),
        "domain": model.domain,
        "folder": str(model.folder),
        "bytes": _size(model),
        "sha256": dict(model.sha256),
        "measured": asdict(measured) if measured else None,
    }


def _facts_untrained(network: Network) -> dict[str, Any]:
    return {
        "name": network.name,
        "network": network.name,
        "source": network.source,
        "trained": False,
        "default": False,
        "domain": None,
        "folder": None,
        "bytes": 0,
        "sha256": {},
        "measured": None,
    }


def _size(model: Model) -> int:
    return sum(path.stat().st_size for path in model.folder.iterdir() if path.is_file())
