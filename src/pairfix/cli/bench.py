"""`pairfix bench`: models and baselines compared with the truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pairfix.backends import choose_runtime
from pairfix.cli import options
from pairfix.cli.console import Talk, print_json, show_error
from pairfix.cli.paths import path_argument, path_option
from pairfix.errors import printable

if TYPE_CHECKING:
    from PIL.Image import Image

    from pairfix.bench import Results

__all__ = ["bench"]

_TEXTS = ("pair", "method")

Pairs = Annotated[
    Path,
    path_argument(
        help="A folder with one folder per pair (long.*, short.* and gt.*, the truth), or anything "
        "else that 'pairfix pairs' takes.",
        metavar="PAIRS",
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="A model's name or folder; can be repeated. Default: by the photos' type.",
    ),
]
Folder = Annotated[
    Path | None,
    path_option(
        "--output",
        "-o",
        help="Write results.json, results.md and contact.png to this folder.",
        metavar="FOLDER",
    ),
]
NoBaselines = Annotated[
    bool, typer.Option("--no-baselines", help="Judge only the models and the photos themselves.")
]


def bench(
    pairs: Pairs,
    model: Models = None,
    output: Folder = None,
    no_baselines: NoBaselines = False,
    keep_row_noise: options.KeepRowNoise = False,
    no_sharp_long: options.NoSharpLong = False,
    strength: options.Strength = 1.0,
    ensemble: options.Ensemble = 1,
    backend: options.Backend = "auto",
    device: options.Device = "auto",
    precision: options.PrecisionOption = "auto",
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Judge models on PAIRS with a known truth: PSNR, SSIM, LPIPS, time, memory.

    Baselines are computed as well: the short exposure, the long one, OpenCV's non-local means, and
    BM3D with a variance-stabilising transform (extra "bench", for non-commercial use). Pairs
    without truth yield time and memory only. LPIPS needs the extra "score" and its weights. The
    exit code is that of the first failure.
    """
    talk = Talk(quiet=quiet, verbose=False)
    from pairfix import bench as benchmark  # noqa: PLC0415  (keeps --help quick)
    from pairfix.pairs import find_pairs  # noqa: PLC0415  (the same)

    choose_runtime(backend, device, precision)
    found = find_pairs(pairs, strict=False)
    if not any(each.pair for each in found.left_out):
        found.require()
    if output is not None:
        benchmark.check_folder(output, overwrite=overwrite)
    passed = ["--backend", backend, "--device", device, "--precision", precision]
    passed += ["--keep-row-noise"] if keep_row_noise else []
    passed += ["--no-sharp-long"] if no_sharp_long else []
    passed += ["--strength", str(strength)] if strength != 1 else []
    passed += ["--ensemble", str(ensemble)] if ensemble != 1 else []
    plan = benchmark.Plan(
        models=tuple(model or [None]),
        baselines=benchmark.PHOTOS if no_baselines else tuple(benchmark.BASELINES),
        options=tuple(passed),
    )
    sheets: list[Image] = []
    results = benchmark.run(
        found, plan, talk.say, lambda seen: sheets.extend(benchmark.sheets_of(seen))
    )
    if output is not None:
        benchmark.write_results(results, sheets, output, overwrite=overwrite)
    _show(results, talk, json=json)
    if results.failures:
        raise typer.Exit(results.failures[0].exit_code)


def _show(results: "Results", talk: Talk, *, json: bool) -> None:
    from pairfix.bench.tables import HEADER, cells  # noqa: PLC0415  (keeps --help quick)

    if json:
        print_json(results.as_json())
    elif results.verdicts:
        table = Table(caption=str(results.machine), caption_justify="left")
        for name in HEADER:
            table.add_column(name, justify="left" if name in _TEXTS else "right", overflow="fold")
        for verdict in results.verdicts:
            table.add_row(*(Text(printable(cell)) for cell in cells(verdict)))
        Console().print(table)
    for remark in results.remarks:
        talk.note(remark)
    for failure in results.failures:
        show_error(printable(str(failure)))
