"""`pairfix score`: quality of photos without a reference."""

import csv as csv_format
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pairfix.cli import options
from pairfix.cli.console import Talk, print_json, show_error
from pairfix.cli.paths import path_argument, path_option
from pairfix.errors import MissingExtraError, PairfixError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pairfix.score import Metric, Scores

__all__ = ["score"]

_NARROWEST = 20
"""Least width of the column of paths."""

Files = Annotated[
    list[Path] | None,
    path_argument(help="Photos of any type that pairfix reads.", metavar="FILES..."),
]
Metrics = Annotated[
    str | None,
    typer.Option(
        "--metric",
        "-m",
        help="Metrics, separated by commas; --list shows them. Default: NIQE, NRQM and PI; NIQE "
        "and PIQE where their weights are missing and cannot be downloaded.",
    ),
]
ListMetrics = Annotated[bool, typer.Option("--list", help="List the metrics and what they need.")]
Against = Annotated[
    Path | None, path_option(help="Also print the differences from this photo's scores.")
]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV on standard output.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network.")]


@dataclass(frozen=True, slots=True)
class _Row:
    """A photo's scores, and those of the photo that it is compared with."""

    file: Path
    scores: "Scores"
    against: "Scores | None"

    def difference(self, name: str) -> float | None:
        value = self.scores.values.get(name)
        other = self.against.values.get(name) if self.against else None
        return None if value is None or other is None else value - other


def score(
    files: Files = None,
    metric: Metrics = None,
    list_: ListMetrics = False,
    against: Against = None,
    offline: Offline = False,
    device: options.Device = "auto",
    json: options.Json = False,
    csv: Csv = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Score photos without a reference; raws are developed first.

    Needs pyiqa (extra score), which downloads a metric's weights on first use.

    pyiqa's licence, PolyForm Noncommercial 1.0.0 (parts: S-Lab License 1.0), forbids commercial
    use. Metrics and weights may have further terms of their own.
    """
    talk = Talk(quiet=quiet, verbose=verbose)
    if json and csv:
        raise typer.BadParameter("--json and --csv cannot be combined", param_hint="--csv")
    if list_:
        if csv:
            raise typer.BadParameter("--list has no CSV form; use --json", param_hint="--csv")
        _list(talk, json=json)
        return
    if not files:
        raise typer.BadParameter("name at least one photo", param_hint="FILES")
    from pairfix.score import find_metric, score_all  # noqa: PLC0415  (keeps --help quick)

    names = _usual(talk, offline=offline) if metric is None else _names(metric)
    metrics = list(dict.fromkeys(find_metric(name) for name in names))
    photos = sorted(dict.fromkeys(files), key=lambda path: (path.name.lower(), str(path)))
    asked = [*photos, against] if against else photos
    with talk.progress() as progress:
        scores = score_all(
            asked,
            [each.name for each in metrics],
            device=device,
            offline=offline,
            progress=progress,
        )
    compared = scores[-1] if against else None
    rows = [_Row(*each, compared) for each in zip(photos, scores, strict=False)]
    if json:
        print_json(_as_json(metrics, rows, against))
    elif csv:
        _print_csv(metrics, rows)
    else:
        _print_table(metrics, rows, against)
    _report_failures(scores)


def _names(metrics: str) -> "Sequence[str]":
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    if not names:
        raise typer.BadParameter("name at least one metric", param_hint="--metric")
    return names


def _usual(talk: Talk, *, offline: bool) -> "Sequence[str]":
    """The default metrics, or those that need no download if weights cannot be had."""
    from pairfix.score import (  # noqa: PLC0415  (keeps --help quick)
        DEFAULT_METRICS,
        OFFLINE_METRICS,
        find_metric,
        weights_are_here,
    )

    left_out = [
        name
        for name in DEFAULT_METRICS
        if not weights_are_here(find_metric(name), fetch=not offline)
    ]
    if not left_out:
        return DEFAULT_METRICS
    why = "not on this machine" if offline else "missing and cannot be downloaded"
    talk.say(f"without {' and '.join(left_out)}, whose weights are {why}")
    return OFFLINE_METRICS


def _report_failures(scores: "Iterable[Scores]") -> None:
    failures: dict[str, PairfixError] = {}
    for each in scores:
        failures |= {str(error): error for error in each.failures.values()}
    for message in failures:
        show_error(message)
    if failures:
        raise typer.Exit(next(iter(failures.values())).exit_code)


def _print_table(metrics: "list[Metric]", rows: list[_Row], against: Path | None) -> None:
    shown = [row for row in rows if row.scores.values]
    if not shown:
        return
    table = Table()
    table.add_column("Photo", overflow="fold", min_width=_NARROWEST)
    for metric in metrics:
        table.add_column(f"{metric.name} {metric.arrow}", justify="right", no_wrap=True)
    for row in shown:
        cells = [_cell(metric, row, shown) for metric in metrics]
        table.add_row(Text(printable(str(row.file))), *cells)
    console = Console()
    console.print(table)
    legend = "↓ lower is better, ↑ higher is better"
    if against:
        legend += f"; ▲ better, ▼ worse than {printable(str(against))}"
    console.print(Text(legend), soft_wrap=True)


def _cell(metric: "Metric", row: _Row, rows: list[_Row]) -> Text:
    value = row.scores.values.get(metric.name)
    if value is None:
        return Text("-", style="dim")
    difference = row.difference(metric.name)
    if difference is None:
        return Text(f"{value:.3f}", style="green" if _is_best(metric, value, rows) else "")
    better = metric.is_better(difference, 0.0)
    style, mark = ("green", "▲") if better else ("red", "▼") if difference else ("", " ")
    return Text.assemble(f"{value:.3f} ", (f"{difference:+.3f} {mark}", style))


def _is_best(metric: "Metric", value: float, rows: list[_Row]) -> bool:
    others = [row.scores.values[metric.name] for row in rows if metric.name in row.scores.values]
    return len(others) > 1 and not any(metric.is_better(other, value) for other in others)


def _as_json(metrics: "list[Metric]", rows: list[_Row], against: Path | None) -> dict[str, Any]:
    compared = rows[0].against if against else None
    return {
        "metrics": {
            each.name: {
                "better": "lower" if each.lower_is_better else "higher",
                "scale": each.scale,
                "sees": each.sampling.title,
            }
            for each in metrics
        },
        "against": _facts(against, compared) if against and compared else None,
        "photos": [
            _facts(row.file, row.scores)
            | {"difference": {each.name: row.difference(each.name) for each in metrics}}
            for row in rows
        ],
    }


def _facts(file: Path, scores: "Scores") -> dict[str, Any]:
    errors = {name: str(error) for name, error in scores.failures.items()}
    return {"file": str(file), "scores": dict(scores.values), "errors": errors}


def _print_csv(metrics: "list[Metric]", rows: list[_Row]) -> None:
    names = [metric.name for metric in metrics]
    writer = csv_format.writer(sys.stdout, lineterminator="\n")
    compared = any(row.against for row in rows)
    writer.writerow(["file", *names, *(f"{name} difference" for name in names if compared)])
    for row in rows:
        values = [row.scores.values.get(name, "") for name in names]
        differences = [row.difference(name) for name in names] if compared else []
        writer.writerow([row.file, *values, *differences])


def _list(talk: Talk, *, json: bool) -> None:
    from pairfix.score import known_metrics  # noqa: PLC0415  (keeps --help quick)

    talk.say("checking which metrics' weights are on this machine; this takes a while")
    metrics = known_metrics()
    weights = {metric.name: _weights(metric) for metric in metrics}
    if json:
        print_json(
            [
                {
                    "name": each.name,
                    "better": "lower" if each.lower_is_better else "higher",
                    "scale": each.scale,
                    "weights": weights[each.name],
                    "sees": each.sampling.title,
                }
                for each in metrics
            ]
        )
        return
    table = Table("Metric", "Better", "Weights", "Sees")
    for each in metrics:
        better = f"{each.arrow} {'lower' if each.lower_is_better else 'higher'}"
        table.add_row(each.name, better, weights[each.name], each.sampling.title)
    Console().print(table)


def _weights(metric: "Metric") -> str:
    """Whether a metric's weights are on this machine, in a few words."""
    from pairfix.score import weights_are_here  # noqa: PLC0415  (keeps --help quick)

    if not metric.needs_weights:
        return "none needed"
    if metric.is_large:
        return "several GB, not checked"
    try:
        return "here" if weights_are_here(metric) else "fetched on first use"
    except MissingExtraError as error:
        return error.hint
    except PairfixError:
        return "damaged"
