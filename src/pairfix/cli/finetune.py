"""`pairfix finetune`: a model improved for one camera, from pairs without ground truth."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pairfix.backends import choose_runtime
from pairfix.cli import options, train_options
from pairfix.cli.console import Talk, print_json
from pairfix.cli.pairs import Source
from pairfix.cli.paths import path_option
from pairfix.cli.training import (
    StoppedError,
    checked,
    command_line,
    leads,
    steps_between_readings,
    stopped_by_signals,
    torch_device,
    training_runtime,
)
from pairfix.export.graphs import require_torch
from pairfix.model import default_model, find_model
from pairfix.paths import real
from pairfix.progress import Progress, Stage
from pairfix.tune.tune_recipe import MINUTES, TuneObjective, TuneRecipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from pairfix.tune.finetune import Tuned

__all__ = ["finetune"]

_RECIPE = TuneRecipe(minutes=MINUTES)
_PARTS = 100
"""Steps of the progress bar during training."""

Output = Annotated[
    Path | None,
    path_option(
        "--output",
        "-o",
        help="The new model folder. Default: named after the pairs.",
        metavar="FOLDER",
        show_default=False,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="The model to start from. Default: the one for these pairs.",
        metavar="MODEL|FOLDER",
        show_default=False,
    ),
]
Objective = Annotated[
    TuneObjective,
    typer.Option(
        help="auto: train on new pairs rendered with the camera's own noise; "
        "selfir: train on the pairs themselves with SelfIR's losses."
    ),
]
MorePhotos = Annotated[
    list[Path] | None,
    path_option(
        "--photos",
        help="Also render pairs from this folder of sharp photos (objective auto).",
        metavar="FOLDER",
    ),
]
LeastGain = Annotated[
    float,
    typer.Option(
        help="Smallest estimated gain in dB, on pairs held back, for which a model is written."
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(help=f"Length in minutes. Default: {MINUTES:g}, unless --steps is given."),
]
Steps = Annotated[int | None, typer.Option(help="Length in steps.", min=1)]
Batch = Annotated[int, typer.Option(help="Pairs per step.", min=1)]
LearningRate = Annotated[float, typer.Option(help="Highest learning rate.")]
Seed = Annotated[int, typer.Option(help="Seed of all random choices.", min=0, max=2**63 - 1)]


def finetune(
    context: typer.Context,
    source: Source,
    output: Output = None,
    start: Start = None,
    objective: Objective = _RECIPE.objective,
    photos: MorePhotos = None,
    minutes: Minutes = None,
    steps: Steps = None,
    batch: Batch = _RECIPE.batch,
    learning_rate: LearningRate = _RECIPE.learning_rate,
    least_gain: LeastGain = _RECIPE.least_gain,
    seed: Seed = _RECIPE.seed,
    device: options.Device = "auto",
    precision: options.PrecisionOption = "auto",
    overwrite: options.Overwrite = False,
    resume: train_options.Resume = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Fine-tune a model to your camera with your own pairs; no ground truth is needed.

    The camera's noise is measured in the pairs (at least three, preferably eight), new pairs with
    that noise are rendered from your restored photos, and the model is trained further on them.
    Pairs held back decide whether that helped; if not, no model is written (exit code 13).
    Calibration, checkpoint, curves and a comparison are kept in FOLDER.training. Ctrl-C stops,
    --resume continues. Several GPUs: torchrun --nproc-per-node N -m pairfix finetune ... Needs
    PyTorch.
    """
    from pairfix.calibration.load import pairs_domain  # noqa: PLC0415  (keeps --help quick)
    from pairfix.pairs import find_pairs  # noqa: PLC0415

    _check_options(objective, photos)
    talk = Talk(quiet=quiet or not leads(), verbose=verbose)
    found = find_pairs(source).require()
    begin = find_model(start) if start else default_model(pairs_domain(found.pairs))
    folder = output or Path(f"{real(source).stem}-model")
    require_torch("matplotlib", "filelock")
    from pairfix.tune.finetune import TRAIN, Tuning  # noqa: PLC0415

    runtime = training_runtime(device, precision)
    recipe = checked(
        TuneRecipe,
        objective=objective,
        photos=tuple(photos or ()),
        steps=steps,
        minutes=_RECIPE.minutes if steps is None and minutes is None else minutes,
        batch=batch,
        learning_rate=learning_rate,
        least_gain=least_gain,
        precision=runtime.precision,
        seed=seed,
        log_every=steps_between_readings(runtime),
    )
    talk.say(f"pairs: {len(found.pairs)}; tuning {begin.name} on {runtime.description}")
    with stopped_by_signals() as stop, talk.progress() as progress:
        tuned = Tuning(
            found.pairs,
            folder,
            begin,
            recipe,
            choose_runtime("auto", device, precision),
            torch_device(runtime.device),
            command=command_line(context),
            progress=_interruptible(progress, stop),
            report=lambda now: progress(TRAIN, max(int(now.share * _PARTS), 1), _PARTS),
            stop=stop,
        ).run(resume=resume, overwrite=overwrite)
    _conclude(tuned, folder, talk, json=json)


def _check_options(objective: str, photos: list[Path] | None) -> None:
    """Refuse options that the objective would ignore."""
    if photos and objective != "auto":
        raise typer.BadParameter("it needs --objective auto", param_hint="--photos")


def _interruptible(progress: Progress, stop: "Callable[[], bool]") -> Progress:
    """Interrupt the work on Ctrl-C outside the training, too."""

    def report(stage: Stage, done: int, total: int) -> None:
        if stop():
            raise KeyboardInterrupt
        progress(stage, done, total)

    return report


def _conclude(tuned: "Tuned", folder: Path, talk: Talk, *, json: bool) -> None:
    if not leads():
        return
    if tuned.model is None:
        raise StoppedError(
            f"stopped after step {tuned.training.log.step}; the checkpoint is in {tuned.workplace}",
            "--resume continues",
        )
    if json:
        print_json(_facts(tuned, tuned.model.folder))
    place = folder if folder.parent != Path() else f"./{folder}"
    talk.say(f"{tuned.gain}, estimated on pairs held back")
    talk.say(f"{tuned.workplace / 'comparison.png'}: before and after")
    talk.say(f"{folder}: tuned in {tuned.training.log.seconds / 60:.1f} minutes")
    talk.say(f"use it with: pairfix restore ... --model {place}")


def _facts(tuned: "Tuned", folder: Path) -> dict[str, Any]:
    return {
        "model": str(folder),
        "training": str(tuned.workplace),
        "steps": tuned.training.log.step,
        "seconds": round(tuned.training.log.seconds, 3),
        "gain": asdict(tuned.gain) if tuned.gain else None,
    }
