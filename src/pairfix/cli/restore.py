"""`pairfix restore`: one photo from two."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

from pairfix.backends import BACKENDS
from pairfix.cli import options, restore_options
from pairfix.cli.console import Talk, print_json
from pairfix.cli.folder_options import FolderOptions, check_needs
from pairfix.cli.folders import restore_folder, watch_folder
from pairfix.image import Box, DevelopSettings, WhiteBalance, WhiteBalancePreset
from pairfix.recipe import Recipe

if TYPE_CHECKING:
    from pairfix.output.report import Adaptation, Restoration

__all__ = ["restore"]

_RECIPE = Recipe()
_DEVELOP = _RECIPE.develop
_WORTH_SAYING = 0.005
"""Share of the photo below which it is not said that it came from the long one."""
_PRESETS = get_args(WhiteBalancePreset)


def restore(
    long: restore_options.LongOrFolder,
    output: restore_options.Output,
    short: restore_options.ShortOrNone = None,
    model: restore_options.ModelName = None,
    align: options.Align = _RECIPE.align,
    keep_row_noise: options.KeepRowNoise = _RECIPE.keep_row_noise,
    no_sharp_long: options.NoSharpLong = not _RECIPE.sharp_long,
    no_points: restore_options.NoPoints = not _RECIPE.points,
    strength: options.Strength = _RECIPE.strength,
    ensemble: options.Ensemble = _RECIPE.ensemble,
    adapt: restore_options.Adapt = _RECIPE.adapt,
    reblur_module: restore_options.ReblurModule = None,
    crop: restore_options.Crop = None,
    white_balance: restore_options.WhiteBalanceText = str(_DEVELOP.white_balance),
    exposure: restore_options.ExposureCorrection = _DEVELOP.exposure,
    highlight_mode: restore_options.Highlights = _DEVELOP.highlight_mode,
    demosaic: restore_options.Demosaicing = _DEVELOP.demosaic,
    colour_space: restore_options.ColourSpaceChoice = _DEVELOP.colour_space,
    bits: options.Bits = None,
    quality: options.Quality = _RECIPE.quality,
    no_metadata: restore_options.NoMetadata = not _RECIPE.metadata,
    dng: restore_options.Dng = _RECIPE.dng,
    backend: options.Backend = _RECIPE.backend,
    device: options.Device = _RECIPE.device,
    precision: options.PrecisionOption = _RECIPE.precision,
    tile: restore_options.Tile = "auto",
    preview: restore_options.Preview = None,
    report: restore_options.ReportPage = None,
    report_scores: restore_options.ReportScores = False,
    overwrite: options.Overwrite = False,
    name: restore_options.NameTemplate = None,
    format: restore_options.FormatName = None,  # noqa: A002  (the option's name)
    existing: restore_options.ExistingResults = None,
    shard: restore_options.Shard = None,
    jobs: restore_options.Jobs = None,
    ray: restore_options.Ray = None,
    worker_cpus: restore_options.WorkerCpus = None,
    pages: restore_options.Pages = False,
    dry_run: restore_options.DryRun = False,
    fail_fast: restore_options.FailFast = False,
    watch: restore_options.Watch = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Restore one sharp, clean photo from a LONG and a SHORT exposure of the same scene.

    Of a FOLDER, or a CSV file of pairs, restore every pair (see 'pairfix pairs') into another
    folder; the same command goes on where it was stopped.
    """
    balance = _white_balance(white_balance)
    settings = DevelopSettings(balance, exposure, highlight_mode, demosaic, colour_space)
    _check_backend(backend)
    check_needs("--report-scores", "--report", unused=report_scores and report is None)
    if crop is not None and adapt:
        raise typer.BadParameter("--adapt needs the whole photo", param_hint="--crop")
    check_needs("--reblur-module", "--adapt", unused=reblur_module is not None and not adapt)
    talk = Talk(quiet=quiet, verbose=verbose)
    from pairfix.batch import is_shoot  # noqa: PLC0415  (keeps --help quick)

    recipe = Recipe(
        model=model,
        align=align,
        keep_row_noise=keep_row_noise,
        sharp_long=not no_sharp_long,
        points=not no_points,
        backend=backend,
        device=device,
        precision=precision,
        strength=strength,
        ensemble=ensemble,
        tile=_tile(tile),
        adapt=adapt,
        reblur_module=reblur_module,
        crop=None if crop is None else _box(crop),
        develop=settings,
        bits=bits,
        quality=quality,
        metadata=not no_metadata,
        dng=dng,
        overwrite=overwrite,
        preview=preview,
        report=report,
        report_scores=report_scores,
    )
    folder = FolderOptions(
        name=name,
        format=format,
        existing=existing,
        shard=shard,
        jobs=jobs,
        ray=ray,
        worker_cpus=worker_cpus,
        pages=pages,
        dry_run=dry_run,
        fail_fast=fail_fast,
        watch=watch,
    )
    if not is_shoot(long, alone=short is None):
        folder.check_unused()
        _restore_pair(long, short, output, recipe, talk, json=json)
        return
    _check_alone({"SHORT": short, "--preview": preview, "--report-scores": report_scores or None})
    shoot = folder.shoot(long, output, overwrite=overwrite)
    folder.check(report=report is not None)
    if watch:
        watch_folder(shoot, recipe, talk, processes=folder.processes, json=json)
    else:
        restore_folder(shoot, recipe, talk, folder, json=json)


def _restore_pair(
    long: Path, short: Path | None, output: Path, recipe: Recipe, talk: Talk, *, json: bool
) -> None:
    from pairfix.pipeline import restore as run  # noqa: PLC0415  (keeps --help quick)

    with talk.progress() as progress:
        restoration = run(long, short, output, recipe, progress)
    _summarise(restoration, talk, recipe)
    if json:
        print_json(restoration.as_json())


def _white_balance(text: str) -> WhiteBalance:
    if text in _PRESETS:
        return text  # type: ignore[return-value]
    try:
        red, green, blue = (float(part) for part in text.split(","))
    except ValueError:
        red = green = blue = 0.0
    if not all(math.isfinite(value) and value > 0 for value in (red, green, blue)):
        raise typer.BadParameter(
            f"'{text}' is not {', '.join(_PRESETS)}, or three positive multipliers R,G,B",
            param_hint="--white-balance",
        )
    return red, green, blue


def _box(text: str) -> Box:
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        left = top = width = height = -1
    if min(left, top) < 0 or min(width, height) < 1:
        raise typer.BadParameter(
            f"'{text}' is not X,Y,W,H: the left and top edge, the width and the height in pixels",
            param_hint="--crop",
        )
    return Box(left, top, width, height)


def _check_backend(name: str) -> None:
    known = ["auto", *BACKENDS]
    if name not in known:
        raise typer.BadParameter(
            f"'{name}' is not one of {', '.join(known)}", param_hint="--backend"
        )


def _check_alone(others: Mapping[str, object]) -> None:
    for name, value in others.items():
        if value is not None:
            raise typer.BadParameter(
                "it belongs to one pair, but a folder or table is to be restored", param_hint=name
            )


def _tile(text: str) -> int | None:
    if text == "auto":
        return None
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise typer.BadParameter(
        f"'{text}' is neither auto nor a number of pixels", param_hint="--tile"
    )


def _summarise(restoration: "Restoration", talk: Talk, recipe: Recipe) -> None:
    for note in restoration.notes:
        talk.note(note)
    reason = f": {restoration.runtime.reason}" if restoration.runtime.reason else ""
    talk.say(f"{restoration.model.name} on {restoration.runtime.description}{reason}")
    if restoration.adaptation:
        talk.say(_adapted(restoration.adaptation))
    if restoration.long_share and restoration.long_share >= _WORTH_SAYING:
        talk.say(f"the long photo is sharp: {restoration.long_share:.0%} of the result is its own")
    if restoration.crop:
        crop = restoration.crop
        talk.say(f"only a part: {crop.width} x {crop.height} pixels from {crop.left}, {crop.top}")
    if talk.verbose:
        talk.say(f"  tiles of {restoration.tile} px")
        for stage, seconds in restoration.seconds.items():
            talk.say(f"  {stage:<10}{seconds:6.2f} s")
    talk.say(f"{restoration.output}: written in {sum(restoration.seconds.values()):.1f} s")
    if recipe.preview:
        from pairfix.output.blink import is_blinking  # noqa: PLC0415  (loaded already)

        how = "taking turns" if is_blinking(recipe.preview) else "side by side"
        talk.say(f"{recipe.preview}: short, long and result {how}")
    if recipe.report:
        talk.say(f"{recipe.report}: report of the restoration")


def _adapted(adaptation: "Adaptation") -> str:
    steps = f"{adaptation.steps} step{'s' if adaptation.steps > 1 else ''}"
    losses = f"{adaptation.loss_before:.3g} to {adaptation.loss_after:.3g}"
    return (
        f"adapted in {steps} with {adaptation.module}: reblurring loss {losses}, "
        f"{adaptation.psnr:.1f} dB from the unadapted result"
    )
