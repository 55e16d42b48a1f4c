"""What the log and the model card say about a training (torch)."""

import dataclasses
import os
import platform
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from pairfix._version import __version__
from pairfix.model import Model
from pairfix.paths import real
from pairfix.train.distributed import Workers
from pairfix.train.log import TrainingLog, Validated
from pairfix.train.objectives import OBJECTIVES
from pairfix.train.task import Pairs, Task
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["describe_training", "write_card"]

_POINTS = 10
"""Maximum number of rows of the validation curve."""

_CARD = """\
# {name}

{title} ({source}), {domain} domain. Weights are stored as float16.

Configuration: {configuration}.

## Data

{training} sharp photos of the folder `{folder}`{further}, and {validation} more that were only used
for validation. Pairs of {crop} x {crop} px in the network's planes were synthesised from them:

{synthesis}

## Training

{facts}

## Quality

{quality}

## Limits

- These pairs are synthetic; results on real photos may be worse.
- Blur of more than {blur:g} px, exposure ratios beyond {ratio:g} and kinds of noise other than
  {noise} were not seen in training.
- Faces, text and fine patterns were not examined separately.
- A network can invent detail: do not use the result as evidence.

## Licence

To be chosen by whoever trained the weights; the photos' licences may restrict the choice.
"""


def describe_training(
    task: Task,
    recipe: TrainRecipe,
    device: torch.device,
    workers: Workers,
    start: Model | None,
    pairs: Pairs,
) -> dict[str, Any]:
    """The facts, in values that JSON takes, without the user's paths."""
    return {
        "versions": {
            "pairfix": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "hardware": _hardware(device, workers.count),
        "photos": {
            "folder": real(task.photos).name,
            "training": len(pairs.training),
            "validation": len(pairs.validation),
            "further folders": len(task.further_photos),
        },
        "start": start.name if start else None,
        "identity": pairs.identity(workers.count, start),
        "recipe": dataclasses.asdict(recipe),
    }


def write_card(name: str, task: Task, recipe: TrainRecipe, log: TrainingLog) -> str:
    """The text of README.md.

    Args:
        name: The model's name.
        task: What was trained.
        recipe: How it was trained.
        log: The record of the training.
    """
    synth, photos = task.synth, log.about["photos"]
    further = photos["further folders"]
    return _CARD.format(
        name=name,
        title=task.network.title,
        source=task.network.source,
        domain=synth.domain,
        configuration=", ".join(f"{name} {value}" for name, value in _settings(task.config)),
        folder=photos["folder"],
        training=photos["training"],
        validation=photos["validation"],
        further=f" and of {further} more" if further else "",
        crop=recipe.crop,
        synthesis=_table(("Setting", "Value"), _settings(dataclasses.replace(synth, profile=None))),
        facts=_table(("", ""), _facts(task, recipe, log)),
        quality=_quality(recipe, log),
        blur=synth.blur[1],
        ratio=synth.ratio[1],
        noise=", ".join(synth.noise),
    )


def _facts(task: Task, recipe: TrainRecipe, log: TrainingLog) -> Iterable[tuple[str, str]]:
    processes = log.about["identity"]["processes"]
    versions = log.about["versions"]
    yield "Objective", OBJECTIVES[task.objective].title
    yield "Command", f"`{log.about['command']}`"
    yield "Start", log.about["start"] or "freshly initialised"
    yield "Steps", f"{log.step:,} of {recipe.batch * processes} pairs"
    yield "Time", f"{log.seconds / 60:.1f} minutes"
    yield "Hardware", log.about["hardware"]
    rounded = ", activations rounded to 8 bits" if recipe.int8 else ""
    yield "Arithmetic", f"{recipe.precision}{rounded}"
    yield "Seed", str(recipe.seed)
    yield "Versions", ", ".join(f"{name} {version}" for name, version in versions.items())


def _quality(recipe: TrainRecipe, log: TrainingLog) -> str:
    if not log.validation:
        return "Not measured: the network does not restore."
    pairs = f"On {recipe.validation_pairs} validation pairs of the same synthesis"
    curve = _table(("Step", "Minutes", "PSNR", "SSIM"), _curve(log))
    return f"{pairs}, in display values, mean over the pairs:\n\n{curve}"


def _curve(log: TrainingLog) -> Iterable[tuple[str, ...]]:
    if log.noisy is not None:
        yield "noisy short frame", "", f"{log.noisy.psnr:.2f} dB", f"{log.noisy.ssim:.4f}"
    for each in _spread(log.validation):
        quality = each.quality
        minutes = f"{each.seconds / 60:.1f}"
        yield f"{each.step:,}", minutes, f"{quality.psnr:.2f} dB", f"{quality.ssim:.4f}"


def _spread(points: Sequence[Validated]) -> list[Validated]:
    """A few of the points, the last among them."""
    every = -(-len(points) // _POINTS) or 1
    return list(points[::-1][::every][::-1])


def _settings(dataclass: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401
    """Names and values of a dataclass's fields."""
    for name, value in dataclasses.asdict(dataclass).items():
        parts = value if isinstance(value, tuple) else (value,)
        yield name.replace("_", " "), ", ".join(map(str, parts))


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _hardware(device: torch.device, processes: int) -> str:
    if device.type == "cuda":
        title = torch.cuda.get_device_name(device)
        return title if processes == 1 else f"{processes} x {title}"
    title = f"{os.cpu_count()} {platform.machine()} CPU cores"
    if device.type != "cpu":
        title = f"{device.type.upper()}, {title}"
    return title if processes == 1 else f"{title}, {processes} processes"
