"""`pairfix calibrate`: a camera's noise, measured in its own pairs."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pairfix.cli import options
from pairfix.cli.console import Talk, make_table, print_json
from pairfix.cli.paths import path_argument, path_option
from pairfix.errors import OutputError, printable
from pairfix.image import Domain

if TYPE_CHECKING:
    from pairfix.calibration import Calibrated, CameraProfile, Setting
    from pairfix.pairs import LeftOut

__all__ = ["calibrate"]

Source = Annotated[
    Path,
    path_argument(
        help="A folder of pairs, searched as by 'pairfix pairs', or a CSV file.",
        metavar="PAIRS",
    ),
]
Output = Annotated[
    Path | None, path_option("--output", "-o", help="Also write the measurements as JSON.")
]
Plot = Annotated[
    Path | None, path_option(help="Also plot them as a .png (needs matplotlib: extra torch).")
]
Kind = Annotated[
    Literal["auto", Domain],
    typer.Option("--domain", help="Measure raws as they are, or developed; auto: as they are."),
]

_UNKNOWN = "not known"


def calibrate(
    source: Source,
    output: Output = None,
    plot: Plot = None,
    domain: Kind = "auto",
    overwrite: options.Overwrite = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Measure a camera's noise in PAIRS of long and short exposures that it took.

    Where the scene is flat and still, the short exposure minus the long one is noise. Prints shot
    and read noise by colour, compared with what the DNGs state; how the noise is correlated;
    offsets of rows and columns; black levels.
    """
    talk = Talk(quiet=quiet, verbose=verbose)
    from pairfix.calibration import calibrate as measure  # noqa: PLC0415  (keeps --help quick)
    from pairfix.calibration.load import pairs_domain  # noqa: PLC0415
    from pairfix.calibration.plot import draw_noise  # noqa: PLC0415
    from pairfix.formats.atomic import replacing  # noqa: PLC0415
    from pairfix.pairs import find_pairs  # noqa: PLC0415

    _check_targets(output, plot, overwrite=overwrite)
    found = find_pairs(source).require()
    chosen = pairs_domain(found.pairs) if domain == "auto" else domain
    with talk.progress() as progress:
        calibrated = measure(found.pairs, chosen, progress)
    if output:
        with replacing(output, overwrite=overwrite) as file:
            file.write(calibrated.profile.as_json().encode())
    if plot:
        picture = draw_noise(calibrated)
        with replacing(plot, overwrite=overwrite) as file:
            file.write(picture)
    left_out = (*found.left_out, *calibrated.left_out)
    if json:
        reasons = [{"path": str(each.path), "reason": each.reason} for each in left_out]
        print_json({"profile": asdict(calibrated.profile), "left_out": reasons})
    elif not quiet:
        _show(calibrated, left_out)
    for path in filter(None, (output, plot)):
        talk.say(f"{path}: written")


def _check_targets(output: Path | None, plot: Path | None, *, overwrite: bool) -> None:
    """Refuse unusable outputs before any work is done."""
    from pairfix.calibration.plot import require_matplotlib  # noqa: PLC0415
    from pairfix.formats.atomic import check_target  # noqa: PLC0415

    if plot:
        require_matplotlib()
        if plot.suffix.lower() != ".png":
            raise OutputError(f"{plot} is not the name of a PNG", "end it in .png")
    for path in filter(None, (output, plot)):
        check_target(path, overwrite=overwrite)


def _show(calibrated: "Calibrated", left_out: tuple["LeftOut", ...]) -> None:
    console = Console()
    profile = calibrated.profile
    camera = printable(profile.camera or f"camera {_UNKNOWN}")
    console.print(Text(f"{camera}, {profile.domain}, as fractions of white"))
    console.print(_strengths(profile))
    console.print(_structure(profile))
    if left_out:
        table = make_table("Left out", "Why")
        for each in left_out:
            table.add_row(Text(printable(str(each.path))), Text(printable(each.reason)))
        console.print(table)


def _strengths(profile: "CameraProfile") -> Table:
    names = "ISO", "Pairs", "Flat blocks", "Colour", "Shot noise", "Read noise"
    table = make_table(*names, "Shot / stated", "Read / stated")
    for setting in profile.settings:
        about = _iso(setting), str(setting.pairs), str(setting.blocks)
        for colour, name in enumerate("RGB"):
            shot, read = (
                values[setting.planes_of(colour)[0]]
                for values in (setting.short.shot, setting.short.read)
            )
            stated = setting.stated[colour] if setting.stated else (0.0, 0.0)
            table.add_row(
                *(about if colour == 0 else ("", "", "")),
                name,
                f"{shot:.2e}",
                f"{read:.2e}",
                *(_ratio(*each) for each in zip((shot, read), stated, strict=True)),
            )
    return table


def _structure(profile: "CameraProfile") -> Table:
    table = make_table("ISO", "Gain", "Correlation", "Rows", "Left", "Columns", "Black of R, G, B")
    table.caption = (
        "Gain: brightening of the short photo.\n"
        "Correlation: the strongest between neighbours.\n"
        "In ‰ of white: offsets of rows, left of them by restore, of columns;\n"
        "the short photo's black minus the long one's."
    )
    table.caption_justify = "left"
    for setting in profile.settings:
        short = setting.short
        offsets = (
            sum(setting.offset[plane] for plane in planes) / len(planes)
            for planes in map(setting.planes_of, range(3))
        )
        table.add_row(
            _iso(setting),
            f"{setting.brightening:.2f}",
            f"{short.strongest_correlation:.2f}",
            *(f"{1000 * each:.2f}" for each in (setting.rows, short.rows, short.columns)),
            " ".join(f"{1000 * each:.2f}" for each in offsets),
        )
    return table


def _iso(setting: "Setting") -> str:
    return _UNKNOWN if setting.iso is None else f"{setting.iso:.0f}"


def _ratio(measured: float, stated: float) -> str:
    return f"{measured / stated:.2f}" if stated > 0 else "not stated"
