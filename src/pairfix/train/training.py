"""Train a network from a folder of photos into a model folder (torch)."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from pairfix.backends.spec import translate_memory_errors
from pairfix.errors import MemoryExhaustedError, ModelError
from pairfix.export.folder import build_model
from pairfix.export.int8 import Activations
from pairfix.metrics import WINDOW
from pairfix.model import Model
from pairfix.synth.render import VARMAP_WINDOW
from pairfix.train.alone import alone
from pairfix.train.card import describe_training, write_card
from pairfix.train.checkpoint import TrainingFolder
from pairfix.train.distributed import Workers, joined
from pairfix.train.fusion import Fusion
from pairfix.train.log import TrainingLog, Validated, draw_curves
from pairfix.train.loop import Loop, Status
from pairfix.train.modes import seeded
from pairfix.train.objectives import OBJECTIVES, ObjectiveSpec, Phase
from pairfix.train.rounding import measure_activations, round_activations
from pairfix.train.task import Pairs, Render, Task
from pairfix.train.train_recipe import TrainRecipe
from pairfix.train.transfer import (
    check_deblurrer,
    check_start,
    deployable,
    initialise,
    load_fusion,
    start_from,
)
from pairfix.train.validate import Validation

__all__ = ["Trained", "train"]

_MEASURED = 16
"""Batches from which the ranges of activations are measured."""


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training ended."""

    log: TrainingLog
    complete: bool
    """If not, it can be resumed."""
    model: Model | None
    """The new model; None before the first step, and in processes that do not lead."""
    folder: Path
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
    report: Callable[[Status], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    workers: Workers | None = None,
    render: Render | None = None,
) -> Trained:
    """Train, and make a model folder from the averaged weights, also when stopped early.

    With the same seed and number of steps, every run on a CPU gives the same weights to the bit;
    on a GPU they differ by rounding.

    Args:
        task: The network, the objective, and the photos.
        output: The new model folder; the training keeps its checkpoint, log and pictures beside
            it in ``<output>.training``.
        recipe: How long and in which steps.
        device: Where to train.
        start: The model to start from. A network that is normalised in training then stays without
            norms, since these weights have them folded in.
        resume: Continue from the checkpoint.
        overwrite: Replace an existing model folder and an earlier training.
        command: What the user typed, for log and model card.
        report: Called after each step.
        stop: Called before each step; whether to stop.
        workers: The processes that train together, if they have been joined already.
        render: Makes the batches instead of the synthesis, which then only makes the pairs to
            validate with.

    Raises:
        InputError: There are no photos.
        ModelError: Objective, weights or checkpoint do not fit; or the losses are not finite.
        OutputError: The folders exist, cannot be written, or another training writes them.
        MemoryExhaustedError: Pairs or networks do not fit the device.
    """
    _check(task, recipe, start)
    folder = TrainingFolder(output)
    with ExitStack() as held:
        with (
            joined(device) if workers is None else nullcontext(workers) as together,
            seeded(recipe.seed, device),
            _tuned_convolutions(),
            _enough_memory(),
        ):

            def claim() -> None:
                held.enter_context(alone(output))
                folder.check(overwrite=overwrite, resume=resume)

            together.led(claim)
            pairs = Pairs.load(task, recipe, device)
            run = _Run.prepare(
                task, recipe, device, together, pairs, render or pairs.render, folder, start
            )
            run.log.about |= {"command": command}
            if resume:
                run.resume()
            elif together.leads:
                folder.clear()
            complete = run.loop.run(stop=stop, report=report, review=run.review)
            run.review()
        learnt = together.leads and run.loop.step > 0
        model = run.deploy(overwrite=overwrite or resume) if learnt else None
        return Trained(run.log, complete, model, folder.folder)


@dataclass(slots=True)
class _Run:
    """A training's loop, with everything that it reads and writes."""

    task: Task
    recipe: TrainRecipe
    device: torch.device
    workers: Workers
    loop: Loop
    log: TrainingLog
    validation: Validation
    folder: TrainingFolder
    start: Model | None
    activations: Mapping[str, Activations] | None
    """Ranges of what is rounded; None if nothing is."""

    @classmethod
    def prepare(
        cls,
        task: Task,
        recipe: TrainRecipe,
        device: torch.device,
        workers: Workers,
        pairs: Pairs,
        render: Render,
        folder: TrainingFolder,
        start: Model | None,
    ) -> "_Run":
        """Put everything on the device, ready for the first step."""
        fusion = Fusion(task.network, task.config, normalised=start is None)
        if start is None:
            initialise(fusion, task.network, torch.Generator().manual_seed(recipe.seed))
        else:
            start_from(start, fusion)
        phases = _build(task, fusion, device, recipe.seed)
        activations = None
        if recipe.int8:
            generator = torch.Generator(device).manual_seed(recipe.seed)
            activations = measure_activations(fusion, (render(generator) for _ in range(_MEASURED)))
            round_activations(fusion, activations)
        modules = [fusion, *(m for phase in phases for m in phase.objective.players.values())]
        workers.copy_from_leader(modules)
        loop = Loop(fusion, phases, render, recipe, device, workers)
        validation = Validation(pairs.fixed(), task.synth.domain)
        about = describe_training(task, recipe, device, workers, start, pairs)
        noisy = validation.noisy() if workers.leads and task.network.restores else None
        log = TrainingLog(about, noisy=noisy)
        return cls(task, recipe, device, workers, loop, log, validation, folder, start, activations)

    def resume(self) -> None:
        """Continue from the checkpoint."""
        state = self.folder.load(self.log.about["identity"], self.device)
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
        restores = self.task.network.restores
        if restores and self.log.validated < self.loop.step:
            quality = self.validation.measure(ema)
            self.log.validation.append(Validated(self.loop.step, self.loop.seconds, quality))
        text = self.log.as_json()
        self.folder.save(state | {"log": text}, self.log.about["identity"])
        self.folder.write("log.json", text.encode())
        self.folder.write("curves.png", draw_curves(self.log))
        if restores:
            self.folder.write("samples.png", self.validation.samples(ema))

    def deploy(self, *, overwrite: bool) -> Model:
        """Make the model folder."""
        folder = self.folder.model
        network = self.loop.ema.network
        return build_model(
            folder,
            self.task.network,
            self.task.config,
            self.task.synth.domain,
            deployable(network, f"the training of {folder.name}"),
            write_card(folder.name, self.task, self.recipe, self.log),
            start=self.start,
            reblur_module=self.start.reblur_module if self.start else None,
            activations=self.activations,
            overwrite=overwrite,
        )


def _check(task: Task, recipe: TrainRecipe, start: Model | None) -> None:
    _check_crop(task, recipe)
    if recipe.int8 and (start is None or not task.network.restores):
        raise ModelError(
            "int8 is for networks that restore and are trained already",
            "give one as --from, or leave out --int8",
        )
    if start is not None:
        check_start(start, task.network, task.synth.domain)


def _check_crop(task: Task, recipe: TrainRecipe) -> None:
    """Check that networks and VarmapSelection take the crops, and SSIM can be computed on them."""
    graphs = task.network.graphs(task.config)
    if task.deblurrer is not None:
        graphs += task.deblurrer.graphs
    multiple = math.lcm(*(graph.multiple for graph in graphs if graph.reduction is None))
    shrinks = _spec(task).shrinks
    multiple, least = multiple * shrinks, WINDOW * shrinks
    if task.synth.varmap:
        least = max(least, VARMAP_WINDOW)
    if recipe.crop % multiple or recipe.crop < least:
        raise ModelError(
            f"{task.network.title} cannot take crops of {recipe.crop} px",
            f"--crop must be a multiple of {multiple}, and {least} or more",
        )


def _spec(task: Task) -> ObjectiveSpec:
    spec = OBJECTIVES.get(task.objective)
    if spec is None:
        known = ", ".join(OBJECTIVES)
        raise ModelError(f"there is no objective {task.objective}", f"use one of {known}")
    if not spec.suits(task.network, task.config):
        fitting = (s.name for s in OBJECTIVES.values() if s.suits(task.network, task.config))
        raise ModelError(
            f"the objective {spec.name} does not suit {task.network.title} as it is configured",
            f"use {' or '.join(fitting) or 'another network'}",
        )
    return spec


def _build(task: Task, fusion: Fusion, device: torch.device, seed: int) -> Sequence[Phase]:
    """The phases of the training, everything on the device."""
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
    """Translate errors, with a hint for trainings when memory runs out."""
    try:
        with translate_memory_errors():
            yield
    except MemoryExhaustedError as error:
        raise MemoryExhaustedError(
            "memory ran out in training", "use smaller batches or crops"
        ) from error


@contextmanager
def _tuned_convolutions() -> Iterator[None]:
    """Within, cuDNN measures its algorithms and uses TF32, in convolutions only."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=True):
        yield
