"""What log and model card say about a training: machine, versions, settings (torch)."""

import dataclasses
import os
import platform
from typing import Any

import torch

from pairfix._version import __version__
from pairfix.model.model import Model
from pairfix.train.distributed import Workers
from pairfix.train.pair_source import Pairs
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe

__all__ = ["describe_training"]


def describe_training(
    task: Task,
    recipe: TrainRecipe,
    device: torch.device,
    workers: Workers,
    start: Model | None,
    pairs: Pairs,
) -> dict[str, Any]:
    """The facts, in values that JSON takes and without anybody's folders."""
    return {
        "versions": {
            "pairfix": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "hardware": _hardware(device, workers.count),
        "photos": {
            "folder": task.photos.resolve().name,
            "training": len(pairs.training),
            "validation": len(pairs.validation),
        },
        "start": start.name if start else None,
        "identity": task.identity(recipe, workers.count, start),
        "recipe": dataclasses.asdict(recipe),
    }


def _hardware(device: torch.device, processes: int) -> str:
    if device.type == "cuda":
        title = torch.cuda.get_device_name(device)
        return title if processes == 1 else f"{processes} x {title}"
    title = f"{os.cpu_count()} {platform.machine()} CPU cores"
    if device.type != "cpu":
        title = f"{device.type.upper()}, {title}"
    return title if processes == 1 else f"{title}, {processes} processes"
