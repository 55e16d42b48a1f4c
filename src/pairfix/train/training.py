"""Train a network from a folder of photos into a model folder (torch)."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from pairfix.backends.spec import translate_memory_errors
from pairfix.errors import MemoryExhaustedError, ModelError
from pairfix.export.folder import build_model
from pairfix.metrics import WINDOW
from pairfix.model.model import Model
from pairfix.train.card import write_card
from pairfix.train.checkpoint import Workplace
from pairfix.train.curves import draw_curves
from pairfix.train.distributed import Workers, joined
from pairfix.train.facts import describe_training
from pairfix.train.fusion import Fusion
from pairfix.train.initialise import initialise
from pairfix.train.log import TrainingLog, Validated
from pairfix.train.loop import Loop, Render, Standing
from pairfix.train.objectives import OBJECTIVES, ObjectiveSpec, Stage
from pairfix.train.pair_source import Pairs
from pairfix.train.random import seeded
from pairfix.train.task import Task
from pairfix.train.train_recipe import TrainRecipe
from pairfix.train.transfer import (
    check_deblurrer,
    check_start,
    deployable,
    load_fusion,
    start_from,
)
from pairfix.train.validate import Validation

__all__ = ["Trained", "train"]


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training ended."""

    log: TrainingLog
    complete: bool
    """Whether it came to its end; if not, it can be resumed."""
    model: Model | None
    """The model folder; None before the first step, and in processes that only help."""
    workplace: Path
    """The folder with checkpoint, log and pictures."""


def train(
    task: Task,
    output: Path,
    recipe: TrainRecipe,
    device: torch.device,
    *,
    start: Model | None = None,
    resume: bool = False,
    overwrite: bool = False,
    command: str = "",
    report: Callable[[Standing], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    workers: Workers | None = None,
    render: Render | None = None,
) -> Trained:
    """Train, and make a model folder from the averaged weights, also when told to stop early.

    With a seed the weights are the same to the bit on every run on the CPU if the recipe counts
    steps; on a GPU they differ by rounding.

    Args:
        task: What to train, to do what, from which photos.
        output: The new model folder; the training keeps its checkpoint, log and pictures beside
            it in ``<output>.training``.
        recipe: How long and in which steps.
        device: Where.
        start: Weights to start from; a network that is normalised in training stays without norms
            then, since these weights have them folded in.
        resume: Go on from the checkpoint.
        overwrite: Replace an existing model folder and an earlier training.
        command: What the user typed, for log and model card.
        report: Told after each step where the training stands.
        stop: Asked before each step whether to stop.
        workers: The processes that train together, if they have met already.
        render: Makes the batches instead of the synthesis, which then serves validation only.

    Raises:
        InputError: There are no photos.
        ModelError: Objective, weights or checkpoint do not fit; or the losses are not finite.
        OutputError: The folders exist or cannot be written.
        MemoryExhaustedError: Pairs or networks do not fit the device.
    """
    _check(task, recipe, start)
    workplace = Workplace(output)
    with (
        joined(device) if workers is None else nullcontext(workers) as together,
        seeded(recipe.seed, device),
        _tuned_convolutions(),
        _enough_memory(),
    ):
        if together.leads:
            workplace.check(overwrite=overwrite, resume=resume)
        pairs = Pairs.load(task, recipe, device)
        course = _Course.prepare(
            task, recipe, device, together, pairs, render or pairs.render, workplace, start
        )
        course.log.about |= {"command": command}
        if resume:
            course.resume()
        elif together.leads:
            workplace.clear()
        complete = course.loop.run(stop=stop, report=report, review=course.review)
        course.review()
    learnt = together.leads and course.loop.step > 0
    model = course.deploy(overwrite=overwrite or resume) if learnt else None
    return Trained(course.log, complete, model, workplace.folder)


@dataclass(slots=True)
class _Course:
    """A training's loop, and what becomes of it."""

    task: Task
    recipe: TrainRecipe
    device: torch.device
    workers: Workers
    loop: Loop
    log: TrainingLog
    validation: Validation
    workplace: Workplace

    @classmethod
    def prepare(
        cls,
        task: Task,
        recipe: TrainRecipe,
        device: torch.device,
        workers: Workers,
        pairs: Pairs,
        render: Render,
        workplace: Workplace,
        start: Model | None,
    ) -> "_Course":
        """Put everything on the device, ready for the first step."""
        fusion = Fusion(task.network, task.config, normalised=start is None)
        if start is None:
            initialise(fusion, task.network.name, torch.Generator().manual_seed(recipe.seed))
        else:
            start_from(start, fusion)
        stages = _build(task, fusion, device, recipe.seed)
        modules = [fusion, *(m for stage in stages for m in stage.objective.players.values())]
        workers.copy_from_leader(modules)
        loop = Loop(fusion, stages, render, recipe, device, workers)
        validation = Validation(pairs.fixed(), task.synth.domain)
        about = describe_training(task, recipe, device, workers, start, pairs)
        noisy = validation.noisy() if workers.leads and task.network.restores else None
        log = TrainingLog(about, noisy=noisy)
        return cls(task, recipe, device, workers, loop, log, validation, workplace)

    def resume(self) -> None:
        """Go on from the checkpoint."""
        state = self.workplace.load(self.log.about["identity"], self.device)
        self.log.resume(state.pop("log"))
        self.loop.losses[:] = self.log.losses
        self.loop.load_state_dict(state)

    def review(self) -> None:
        """Validate, and write checkpoint, log and pictures."""
        state = self.loop.state_dict()
        if not self.workers.leads:
            return
        ema = self.loop.ema.network
        self.log.losses = self.loop.losses
        self.log.step, self.log.seconds = self.loop.step, self.loop.seconds
        if self.task.network.restores and self.log.validated < self.loop.step:
            quality = self.validation.measure(ema)
            self.log.validation.append(Validated(self.loop.step, self.loop.seconds, quality))
        text = self.log.as_json()
        self.workplace.save(state | {"log": text}, self.log.about["identity"])
        self.workplace.write("log.json", text.encode())
        self.workplace.write("curves.png", draw_curves(self.log))
        self.workplace.write("samples.png", self.validation.samples(ema))

    def deploy(self, *, overwrite: bool) -> Model:
        """Make the model folder."""
        folder = self.workplace.model
        network = self.loop.ema.network
        return build_model(
            folder,
            self.task.network,
            self.task.config,
            self.task.synth.domain,
            deployable(network, f"the training of {folder.name}"),
            write_card(folder.name, self.task, self.recipe, self.log),
            overwrite=overwrite,
        )


def _check(task: Task, recipe: TrainRecipe, start: Model | None) -> None:
    _check_crop(task, recipe)
    if start is not None:
        check_start(start, task.network, task.synth.domain)


def _check_crop(task: Task, recipe: TrainRecipe) -> None:
    """See to it that all networks take the crops, and SSIM measures them."""
    graphs = task.network.graphs(task.config)
    if task.deblurrer is not None:
        graphs += task.deblurrer.graphs
    multiple = math.lcm(*(graph.multiple for graph in graphs if graph.reduction is None))
    shrinks = _spec(task).shrinks
    multiple, least = multiple * shrinks, WINDOW * shrinks
    if recipe.crop % multiple or recipe.crop < least:
        raise ModelError(
            f"{task.network.title} takes no crops of {recipe.crop}",
            f"--crop must be a multiple of {multiple}, and {least} or more",
        )


def _spec(task: Task) -> ObjectiveSpec:
    spec = OBJECTIVES.get(task.objective)
    if spec is None:
        known = ", ".join(OBJECTIVES)
        raise ModelError(f"there is no objective {task.objective}", f"take one of {known}")
    if not spec.suits(task.network, task.config):
        fitting = (s.name for s in OBJECTIVES.values() if s.suits(task.network, task.config))
        raise ModelError(
            f"the objective {spec.name} does not suit {task.network.title} as it is configured",
            f"take {' or '.join(fitting) or 'another network'}",
        )
    return spec


def _build(task: Task, fusion: Fusion, device: torch.device, seed: int) -> Sequence[Stage]:
    """The stages of the training, everything on the device."""
    settings = task.settings
    if task.deblurrer is not None:
        check_deblurrer(task.deblurrer, task.network, task.synth.domain)
        deblurrer = load_fusion(task.deblurrer).to(device).requires_grad_(requires_grad=False)
        settings = replace(settings, deblurrer=deblurrer)
    generator = torch.Generator().manual_seed(seed)
    spec = _spec(task)
    try:
        return spec.build(fusion.to(device), task.network, task.config, settings, generator)
    except ValueError as error:
        raise ModelError(f"the objective {spec.name}: {error}") from error


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Say what helps a training when memory runs out."""
    try:
        with translate_memory_errors():
            yield
    except MemoryExhaustedError as error:
        raise MemoryExhaustedError(
            "memory ran out in training", "take smaller batches or crops"
        ) from error


@contextmanager
def _tuned_convolutions() -> Iterator[None]:
    """Let cuDNN measure its algorithms and use TF32, in convolutions alone, for a while."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=True):
        yield
