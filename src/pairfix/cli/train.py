"""`pairfix train`: a network's weights from sharp photos."""

import json as json_format
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pairfix.cli import options, train_options
from pairfix.cli.console import Talk, print_json
from pairfix.cli.synth_options import check_finite, make_recipe
from pairfix.cli.training import (
    StoppedError,
    checked,
    command_line,
    leads,
    report_training,
    steps_between_readings,
    stopped_by_signals,
    torch_device,
    training_runtime,
)
from pairfix.errors import ModelError
from pairfix.export.graphs import require_torch
from pairfix.image import Domain
from pairfix.model import CHANNELS, Model, find_model
from pairfix.model.config import parse_config
from pairfix.networks import NETWORKS, Network
from pairfix.synth.synth_recipe import SynthRecipe
from pairfix.train.objectives import ObjectiveSettings
from pairfix.train.train_recipe import MINUTES, TrainRecipe

if TYPE_CHECKING:
    from pairfix.train.training import Trained

__all__ = ["train"]

_PAIRS = SynthRecipe()
_NOISE = ",".join(_PAIRS.noise)
_SETTINGS = ObjectiveSettings()
_RECIPE = TrainRecipe(minutes=MINUTES)


def train(
    context: typer.Context,
    network: train_options.NetworkName,
    photos: train_options.Photos,
    output: train_options.Folder,
    domain: train_options.PairDomain = _PAIRS.domain,
    fields: train_options.Fields = None,
    start: train_options.From = None,
    objective: train_options.ObjectiveName = None,
    loss: train_options.Loss = _SETTINGS.loss,
    reblur: train_options.Reblur = _SETTINGS.reblur,
    deblurrer: train_options.Deblurrer = None,
    noise: train_options.Noise = _NOISE,
    sigma: train_options.Sigma = None,
    ratio: train_options.Ratio = _PAIRS.ratio,
    blur: train_options.Blur = _PAIRS.blur,
    processing: train_options.Processing = _PAIRS.processing,
    jpeg: train_options.Jpeg = _PAIRS.jpeg,
    augment: train_options.Augment = "",
    batch: train_options.Batch = _RECIPE.batch,
    crop: train_options.Crop = _RECIPE.crop,
    val_pairs: train_options.ValidationPairs = _RECIPE.validation_pairs,
    steps: train_options.Steps = None,
    minutes: train_options.Minutes = None,
    learning_rate: train_options.LearningRate = None,
    optimiser: train_options.OptimiserName = _RECIPE.optimiser,
    warmup: train_options.Warmup = _RECIPE.warmup,
    ema: train_options.EmaDecay = _RECIPE.ema_decay,
    clip: train_options.Clip = _RECIPE.clip,
    val_every: train_options.ValidateEvery = None,
    seed: train_options.Seed = _RECIPE.seed,
    int8: train_options.Int8 = None,
    compiled: train_options.Compile = _RECIPE.compile,
    device: options.Device = "auto",
    precision: options.PrecisionOption = "auto",
    overwrite: options.Overwrite = False,
    resume: train_options.Resume = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train a NETWORK on pairs synthesised from sharp PHOTOS; makes a model folder.

    Afterwards: pairfix restore LONG SHORT -o OUTPUT --model FOLDER. Checkpoint, log and pictures
    are kept in FOLDER.training; Ctrl-C stops and makes a model of what was learnt so far.
    Several GPUs: torchrun --nproc-per-node N -m pairfix train ... Needs PyTorch.
    """
    chosen = _find_network(network)
    begin = find_model(start) if start else None
    config = _configure(chosen, domain, fields or (), begin)
    talk = Talk(quiet=quiet or not leads(), verbose=verbose)
    require_torch("matplotlib", "filelock")
    from pairfix.train.task import Task  # noqa: PLC0415  (keeps --help quick)
    from pairfix.train.training import train as run  # noqa: PLC0415

    synth = make_recipe(
        domain,
        noise,
        ratio,
        blur,
        sigma=sigma,
        processing=processing,
        jpeg=jpeg,
        augment=augment,
    )
    check_finite(reblur, "--reblur")
    runtime = training_runtime(device, precision)
    recipe = checked(
        TrainRecipe,
        steps=steps,
        minutes=_RECIPE.minutes if steps is None and minutes is None else minutes,
        batch=batch,
        crop=crop,
        learning_rate=learning_rate,
        optimiser=optimiser,
        warmup=warmup,
        ema_decay=ema,
        clip=clip,
        precision=runtime.precision,
        int8=int8 if int8 is not None else begin is not None and begin.runs_in_int8,
        seed=seed,
        compile=compiled,
        log_every=steps_between_readings(runtime),
        validate_every=val_every,
        validation_pairs=val_pairs,
    )
    task = Task(
        chosen,
        config,
        photos,
        objective or chosen.training.objective,
        ObjectiveSettings(loss=loss, reblur=reblur),
        synth,
        find_model(deblurrer) if deblurrer else None,
    )
    talk.say(f"{chosen.title} for {domain} on {runtime.description}")
    with stopped_by_signals() as stop, report_training(talk) as report:
        trained = run(
            task,
            output,
            recipe,
            torch_device(runtime.device),
            start=begin,
            resume=resume,
            overwrite=overwrite,
            command=command_line(context),
            report=report,
            stop=stop,
        )
    _conclude(trained, talk, json=json)


def _find_network(name: str) -> Network:
    if name not in NETWORKS:
        raise ModelError(f"there is no network {name}", f"use one of {', '.join(NETWORKS)}")
    return NETWORKS[name]


def _configure(network: Network, domain: Domain, fields: Iterable[str], start: Model | None) -> Any:  # noqa: ANN401
    """The start's configuration, or the default, with the given fields (``name=value``)."""
    fitting = start is not None and (start.network, start.domain) == (network, domain)
    config = start.config if start and fitting else network.config(channels=CHANNELS[domain])
    defaults = asdict(config)
    given = dict(_assignment(text) for text in fields)
    if unknown := sorted(given.keys() - defaults.keys()):
        raise ModelError(
            f"--set: {network.title} has no field '{unknown[0]}'", f"it has {', '.join(defaults)}"
        )
    stored = json_format.loads(json_format.dumps(defaults)) | given
    config = parse_config(Path("--set"), network, stored)
    if config.channels != CHANNELS[domain]:
        raise typer.BadParameter(
            f"{domain} has {CHANNELS[domain]} channels, not {config.channels}", param_hint="--set"
        )
    return config


def _assignment(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json_format.loads(value)
    except ValueError as error:
        raise typer.BadParameter(
            f"'{text}' is not FIELD=VALUE with a value in JSON", param_hint="--set"
        ) from error


def _conclude(trained: "Trained", talk: Talk, *, json: bool) -> None:
    if trained.model is not None:
        if json:
            print_json(_facts(trained, trained.model))
        _summarise(trained, trained.model, talk)
    elif leads() and not trained.log.step:
        raise StoppedError("stopped before the first step")


def _facts(trained: "Trained", model: Model) -> dict[str, Any]:
    last = trained.log.validation[-1].quality if trained.log.validation else None
    noisy = trained.log.noisy
    return {
        "model": str(model.folder),
        "training": str(trained.folder),
        "complete": trained.complete,
        "steps": trained.log.step,
        "seconds": round(trained.log.seconds, 3),
        "noisy": asdict(noisy) if noisy else None,
        "restored": asdict(last) if last else None,
    }


def _summarise(trained: "Trained", model: Model, talk: Talk) -> None:
    facts = _facts(trained, model)
    if facts["restored"]:
        talk.say(
            "{noisy[psnr]:.2f} dB noisy, {restored[psnr]:.2f} dB restored "
            "on validation pairs".format(**facts)
        )
    place = model.folder if model.folder.parent != Path() else f"./{model.folder}"
    if not trained.complete:
        raise StoppedError(
            f"stopped after step {trained.log.step}; {place} is the model so far",
            "--resume continues",
        )
    talk.say(f"{model.folder}: trained in {trained.log.seconds / 60:.1f} minutes")
    if model.network.restores:
        talk.say(f"use it with: pairfix restore ... --model {place}")
