"""`pairfix finetune`: a model made better for one camera, from pairs without truth."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pairfix.backends import choose_runtime
from pairfix.cli import options, train_options
from pairfix.cli.command_line import command_line
from pairfix.cli.console import Talk, print_json
from pairfix.cli.pairs import Source
from pairfix.cli.training import (
    StoppedError,
    checked,
    leads,
    steps_between_readings,
    stopped_by_signals,
    torch_device,
    training_runtime,
)
from pairfix.export.graphs import require_torch
from pairfix.image import Progress
from pairfix.model.model import default_model, find_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from pairfix.tune import Tuned

__all__ = ["finetune"]

_MINUTES = 15.0
_PARTS = 100
"""Of the progress that is shown of the training."""

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="The new model folder; else named after the pairs.",
        metavar="FOLDER",
        show_default=False,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="The model to start from; else the default one for these pairs.",
        metavar="MODEL|FOLDER",
        show_default=False,
    ),
]
Objective = Annotated[
    Literal["auto", "selfir"],
    typer.Option(
        help="auto: pairs synthesised anew with the camera's own noise; "
        "selfir: the losses of that paper, on the pairs themselves."
    ),
]
MorePhotos = Annotated[
    list[Path] | None,
    typer.Option("--photos", help="A further folder of sharp photos (auto).", metavar="FOLDER"),
]
LeastGain = Annotated[
    float,
    typer.Option(help="Gain in dB, estimated on pairs kept apart, below which nothing is made."),
]
Minutes = Annotated[
    float | None,
    typer.Option(help=f"Length in minutes; else {_MINUTES:g}, unless there are --steps."),
]
Steps = Annotated[int | None, typer.Option(help="Length in steps.", min=1)]
Batch = Annotated[int, typer.Option(help="Pairs per step.", min=1)]
LearningRate = Annotated[float, typer.Option(help="Highest learning rate.")]
Seed = Annotated[int, typer.Option(help="All random choices follow from it.", min=0, max=2**63 - 1)]


def finetune(
    context: typer.Context,
    source: Source,
    output: Output = None,
    start: Start = None,
    objective: Objective = "auto",
    photos: MorePhotos = None,
    minutes: Minutes = None,
    steps: Steps = None,
    batch: Batch = 4,
    learning_rate: LearningRate = 1e-4,
    least_gain: LeastGain = 0.2,
    seed: Seed = 0,
    device: options.Device = "auto",
    precision: options.PrecisionOption = "auto",
    overwrite: options.Overwrite = False,
    resume: train_options.Resume = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Tune a model to your camera, with your own pairs; nobody has to label them.

    The camera's noise is measured in the pairs (three at least, better eight), new pairs with that
    noise are made from your restored photos, and the model goes on learning. Pairs that were kept
    apart tell whether that helped; if not, no model is made (exit code 13). Calibration,
    checkpoint, curves and a comparison are kept in FOLDER.training; Ctrl-C stops, --resume goes on.
    Several GPUs: torchrun --nproc-per-node N -m pairfix finetune ... Needs PyTorch.
    """
    from pairfix.calibration.load import pairs_domain  # noqa: PLC0415  (keeps --help quick)
    from pairfix.pairs import find_pairs  # noqa: PLC0415

    _check_options(objective, photos)
    talk = Talk(quiet=quiet or not leads(), verbose=verbose)
    found = find_pairs(source).require()
    begin = find_model(start) if start else default_model(pairs_domain(found.pairs))
    folder = output or Path(f"{source.resolve().stem}-model")
    require_torch("matplotlib")
    from pairfix.tune import TuneRecipe, Tuning  # noqa: PLC0415

    runtime = training_runtime(device, precision)
    recipe = checked(
        TuneRecipe,
        objective=objective,
        photos=tuple(photos or ()),
        steps=steps,
        minutes=_MINUTES if steps is None and minutes is None else minutes,
        batch=batch,
        learning_rate=learning_rate,
        least_gain=least_gain,
        precision=runtime.precision,
        seed=seed,
        log_every=steps_between_readings(runtime),
    )
    talk.say(f"{len(found.pairs)} pairs; tuning {begin.name} on {runtime.description}")
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
            report=lambda now: progress("train", max(int(now.share * _PARTS), 1), _PARTS),
            stop=stop,
        ).run(resume=resume, overwrite=overwrite)
    _conclude(tuned, folder, talk, json=json)


def _check_options(objective: str, photos: list[Path] | None) -> None:
    """Refuse what the objective would not look at."""
    if photos and objective != "auto":
        raise typer.BadParameter("it needs --objective auto", param_hint="--photos")


def _interruptible(progress: Progress, stop: "Callable[[], bool]") -> Progress:
    """Ends the work on Ctrl-C also where no training would ask."""

    def report(stage: str, done: int, total: int) -> None:
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
            "--resume goes on",
        )
    if json:
        print_json(_facts(tuned, tuned.model.folder))
    place = folder if folder.parent != Path() else f"./{folder}"
    talk.say(f"{tuned.gain} by an estimate on pairs kept apart")
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
