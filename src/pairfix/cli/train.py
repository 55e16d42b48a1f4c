"""`pairfix train`: a network's weights from sharp photos."""

import json as json_format
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pairfix.cli import options, train_options
from pairfix.cli.command_line import command_line
from pairfix.cli.console import Talk, print_json
from pairfix.cli.synth_options import check_finite, make_recipe
from pairfix.cli.train_view import report_training, stopped_by_signals
from pairfix.cli.training import (
    StoppedError,
    checked,
    leads,
    steps_between_looks,
    torch_device,
    training_runtime,
)
from pairfix.errors import ModelError
from pairfix.export.graphs import require_torch
from pairfix.image import Domain
from pairfix.model.config import parse_config
from pairfix.model.model import CHANNELS, Model, find_model
from pairfix.networks import NETWORKS, Network
from pairfix.synth.synth_recipe import SynthRecipe

if TYPE_CHECKING:
    from pairfix.train.training import Trained

__all__ = ["train"]

_MINUTES = 60.0
_PAIRS = SynthRecipe()


def train(
    context: typer.Context,
    network: train_options.NetworkName,
    photos: train_options.Photos,
    output: train_options.Folder,
    domain: train_options.PairDomain = "raw",
    fields: train_options.Fields = None,
    start: train_options.From = None,
    objective: train_options.ObjectiveName = None,
    loss: train_options.Loss = "l1",
    reblur: train_options.Reblur = 0.0,
    deblurrer: train_options.Deblurrer = None,
    noise: train_options.Noise = "sensor",
    sigma: train_options.Sigma = None,
    ratio: train_options.Ratio = _PAIRS.ratio,
    blur: train_options.Blur = _PAIRS.blur,
    jpeg: train_options.Jpeg = _PAIRS.jpeg,
    augment: train_options.Augment = "",
    batch: train_options.Batch = 16,
    crop: train_options.Crop = 128,
    val_pairs: train_options.ValidationPairs = 32,
    steps: train_options.Steps = None,
    minutes: train_options.Minutes = None,
    learning_rate: train_options.LearningRate = None,
    warmup: train_options.Warmup = 0.02,
    ema: train_options.EmaDecay = 0.999,
    clip: train_options.Clip = 1.0,
    val_every: train_options.ValidateEvery = None,
    seed: train_options.Seed = 0,
    compiled: train_options.Compile = False,
    device: options.Device = "auto",
    precision: options.PrecisionOption = "auto",
    overwrite: options.Overwrite = False,
    resume: train_options.Resume = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train a NETWORK on pairs that are synthesised from sharp PHOTOS, into a model folder.

    Afterwards: pairfix restore LONG SHORT -o OUTPUT --model FOLDER. Checkpoint, log and pictures
    are kept in FOLDER.training; Ctrl-C stops and makes the model of what was learnt so far.
    Several GPUs: torchrun --nproc-per-node N -m pairfix train ... Needs PyTorch.
    """
    chosen = _find_network(network)
    begin = find_model(start) if start else None
    config = _configure(chosen, domain, fields or (), begin)
    talk = Talk(quiet=quiet or not leads(), verbose=verbose)
    require_torch("matplotlib")
    from pairfix.train.objectives import ObjectiveSettings, default_objective  # noqa: PLC0415
    from pairfix.train.task import Task  # noqa: PLC0415
    from pairfix.train.train_recipe import TrainRecipe  # noqa: PLC0415
    from pairfix.train.training import train as run  # noqa: PLC0415

    synth = make_recipe(domain, noise, ratio, blur, sigma=sigma, jpeg=jpeg, augment=augment)
    check_finite(reblur, "--reblur")
    runtime = training_runtime(device, precision)
    recipe = checked(
        TrainRecipe,
        steps=steps,
        minutes=_MINUTES if steps is None and minutes is None else minutes,
        batch=batch,
        crop=crop,
        learning_rate=learning_rate,
        warmup=warmup,
        ema_decay=ema,
        clip=clip,
        precision=runtime.precision,
        seed=seed,
        compile=compiled,
        log_every=steps_between_looks(runtime),
        validate_every=val_every,
        validation_pairs=val_pairs,
    )
    task = Task(
        chosen,
        config,
        photos,
        objective or default_objective(network),
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
        raise ModelError(f"there is no network {name}", f"take one of {', '.join(NETWORKS)}")
    return NETWORKS[name]


def _configure(network: Network, domain: Domain, fields: Iterable[str], start: Model | None) -> Any:  # noqa: ANN401
    """The configuration to start from, with the fields that were given as ``name=value``."""
    fitting = start is not None and (start.network, start.domain) == (network, domain)
    config = start.config if start and fitting else network.config(channels=CHANNELS[domain])
    defaults = asdict(config)
    given = dict(_assignment(text) for text in fields)
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
        "training": str(trained.workplace),
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
            "--resume goes on",
        )
    talk.say(f"{model.folder}: trained in {trained.log.seconds / 60:.1f} minutes")
    if model.network.restores:
        talk.say(f"use it with: pairfix restore ... --model {place}")
