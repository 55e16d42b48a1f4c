"""`pairfix models`: what can restore."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from pairfix.cli.console import print_json
from pairfix.cli.options import Json
from pairfix.weights import Model, find_model, shipped_models

__all__ = ["app"]

app = typer.Typer(help="List the models that can restore, and show their cards.")

Name = Annotated[str, typer.Argument(help="A model's name or folder.", metavar="NAME|FOLDER")]


@app.command("list")
def list_models(json: Json = False) -> None:
    """List the models that come with pairfix."""
    models = shipped_models()
    if json:
        print_json([_facts(model) for model in models])
        return
    table = Table("Name", "Network", "Domain", "Size")
    for model in models:
        facts = _facts(model)
        table.add_row(
            model.name, model.network.title, model.domain, f"{facts['bytes'] / 1e6:.1f} MB"
        )
    Console().print(table)


@app.command()
def show(model: Name, json: Json = False) -> None:
    """Show a model's card: data, licence, quality, limits."""
    found = find_model(model)
    card = found.folder / "README.md"
    if json:
        print_json(_facts(found))
    elif card.is_file():
        Console().print(Markdown(card.read_text(encoding="utf-8")))
    else:
        typer.echo(f"{found.name}: {found.network.title}, {found.domain} (no model card)")


def _facts(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "network": model.network.name,
        "source": model.network.source,
        "domain": model.domain,
        "folder": str(model.folder),
        "bytes": sum(path.stat().st_size for path in model.folder.iterdir()),
        "sha256": dict(model.sha256),
    }
