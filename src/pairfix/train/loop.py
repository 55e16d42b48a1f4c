"""The loop of training steps (torch)."""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pairfix.errors import ModelError
from pairfix.synth.batch import PairBatch
from pairfix.train.distributed import Workers
from pairfix.train.fusion import Fusion
from pairfix.train.log import Losses
from pairfix.train.modes import random_state, restore_random_state
from pairfix.train.objectives.spec import Phase
from pairfix.train.player import Ema, Player
from pairfix.train.task import Render
from pairfix.train.train_recipe import REVIEWS, TrainRecipe, cosine, current_phase, progress

__all__ = ["Loop", "Status"]

_log = logging.getLogger(__name__)
_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_PATIENCE = 20
"""Steps in a row that may be skipped before the training is abandoned."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a training is."""

    step: int
    share: float
    """The share of the whole training that is done."""
    phase: str
    latest: Losses | None
    """The last reading of the losses."""
    seconds_left: float


class Loop:
    """The steps of a training; its state can be saved and restored."""

    def __init__(
        self,
        fusion: Fusion,
        phases: Sequence[Phase],
        render: Render,
        recipe: TrainRecipe,
        device: torch.device,
        workers: Workers,
    ) -> None:
        """Prepare the first step; networks are compiled and laid out in memory as the recipe says.

        Args:
            fusion: The network that gets deployed, on `device`.
            phases: Objectives in order, over `fusion` and their own modules, on `device`.
            render: Makes the batches, on `device`.
            recipe: Settings.
            device: Where to train.
            workers: The processes that train together; each renders its own pairs.
        """
        self._channels_last = _channels_last(recipe, device)
        if self._channels_last:
            for phase in phases:
                for module in (fusion, *phase.objective.players.values()):
                    module.to(memory_format=torch.channels_last)
        self.fusion = fusion
        self.ema = Ema(fusion, recipe.ema_decay)
        self.step = 0
        self.seconds = 0.0
        self.losses: list[Losses] = []
        self._phases = phases
        self._render = render
        self._recipe = recipe
        self._device = device
        self._workers = workers
        self._generator = torch.Generator(device).manual_seed(recipe.seed + workers.rank)
        self._reviewed = 0
        self._enter(0)
        if recipe.compile:
            for module in fusion.modules_by_graph.values():
                module.compile()

    def run(
        self,
        *,
        stop: Callable[[], bool],
        report: Callable[[Status], None],
        review: Callable[[], None],
    ) -> bool:
        """Train to the end, or until `stop` returns true.

        Args:
            stop: Called before each step.
            report: Called after each step; it must not take long.
            review: Called at intervals by all processes, between two steps.

        Returns:
            Whether the training is complete.

        Raises:
            ModelError: The losses have not been finite for many steps.
        """
        clock = _Clock(self.seconds, self.step, progress(self._recipe, self.step, self.seconds))
        self._reviewed = int(self._share() * REVIEWS)
        while True:
            self.seconds = clock.seconds()
            share, stopping = self._workers.agree(self._share(), stop=stop())
            if share >= 1 or stopping:
                return share >= 1
            rate = self._train(share)
            self.step += 1
            self.seconds = clock.seconds()
            if self.step % self._recipe.log_every == 0:
                self._read_losses(rate, clock)
            latest = self.losses[-1] if self.losses else None
            phase = self._phases[self._phase].name
            done = min(progress(self._recipe, self.step, self.seconds), 1.0)
            report(Status(self.step, done, phase, latest, clock.left(done)))
            if self._review_due(share):
                review()
                clock.leave_out(self.step)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next steps depend on; all processes must call this together."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "phase": self._phase,
            "fusion": self.fusion.state_dict(),
            "ema": self.ema.state_dict(),
            "modules": [
                {name: module.state_dict() for name, module in phase.objective.players.items()}
                for phase in self._phases
            ],
            "players": {name: player.state_dict() for name, player in self._players.items()},
            "random": self._workers.gather(random_state(self._generator)),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.step, self.seconds = state["step"], state["seconds"]
        self.fusion.load_state_dict(state["fusion"])
        self.ema.load_state_dict(state["ema"])
        for phase, modules in zip(self._phases, state["modules"], strict=True):
            for name, module in phase.objective.players.items():
                module.load_state_dict(modules[name])
        self._enter(state["phase"])
        for name, player in self._players.items():
            player.load_state_dict(state["players"][name])
        restore_random_state(self._generator, state["random"][self._workers.rank])

    def _share(self) -> float:
        """The share of the training that is done in the middle of the next step."""
        return progress(self._recipe, self.step + 0.5, self.seconds)

    def _enter(self, phase: int) -> None:
        self._phase = phase
        self._players = {
            name: Player(module, self._phases[phase].betas, self._recipe, self._device)
            for name, module in self._phases[phase].objective.players.items()
        }

    def _train(self, share: float) -> float:
        """Take one step with every player, and return its learning rate."""
        index, done = current_phase(self._phases, share)
        if index != self._phase:
            self._enter(index)
        phase = self._phases[index]
        peak = self._recipe.learning_rate or phase.learning_rate
        rate = peak * cosine(done, self._recipe.warmup)
        with torch.no_grad():
            batch = _ordered(self._render(self._generator), last=self._channels_last)
        precision = _TYPES[self._recipe.precision]
        for name, player in self._players.items():
            with torch.autocast(self._device.type, precision, precision != torch.float32):
                losses = phase.objective.losses(name, batch, self._generator)
            player.step(losses, rate, self._workers)
        self.ema.update(self.fusion)
        return rate

    def _read_losses(self, rate: float, clock: "_Clock") -> None:
        """Read the losses from the device."""
        losses: dict[str, float] = {}
        for name, player in self._players.items():
            reading = player.read()
            losses |= {f"{name}/{term}": value for term, value in reading.losses.items()}
            if reading.skipped:
                _log.warning(
                    "step %d: %d of the last %d steps of %s were skipped: not finite",
                    *(self.step, reading.skipped, self._recipe.log_every, name),
                )
            if reading.streak >= _PATIENCE:
                raise ModelError(
                    f"the losses of {name} have not been finite for {reading.streak} steps",
                    "try a smaller --learning-rate, or --precision fp32",
                )
        crops = self._recipe.batch * self._workers.count * clock.steps_per_second(self.step)
        phase = self._phases[self._phase].name
        self.losses.append(Losses(self.step, self.seconds, phase, rate, crops, losses))

    def _review_due(self, share: float) -> bool:
        if self._recipe.validate_every is not None:
            return self.step % self._recipe.validate_every == 0
        due = int(share * REVIEWS) > self._reviewed
        self._reviewed = int(share * REVIEWS)
        return due


class _Clock:
    """Time used and left, and speed."""

    def __init__(self, seconds: float, step: int, share: float) -> None:
        self._start = time.monotonic() - seconds
        self._seconds, self._share = seconds, share
        self._mark = seconds, step

    def seconds(self) -> float:
        """Time used since the start of the training, including earlier parts."""
        return time.monotonic() - self._start

    def left(self, share: float) -> float:
        """Time left, at the pace of this run."""
        done = max(share - self._share, 1e-9)
        return (self.seconds() - self._seconds) * max(1 - share, 0.0) / done

    def steps_per_second(self, step: int) -> float:
        """Pace since the last call."""
        then, before = self._mark
        self.leave_out(step)
        return (step - before) / max(self._mark[0] - then, 1e-9)

    def leave_out(self, step: int) -> None:
        """Measure the pace from now on."""
        self._mark = self.seconds(), step


def _channels_last(recipe: TrainRecipe, device: torch.device) -> bool:
    """Convolutions on CPUs with no more than AVX2 are slower in this order."""
    if recipe.channels_last is not None:
        return recipe.channels_last
    return device.type != "cpu" or torch.backends.cpu.get_cpu_capability() != "AVX2"


def _ordered(batch: PairBatch, *, last: bool) -> PairBatch:
    """The batch in the memory order of the networks."""
    if not last:
        return batch
    return dataclasses.replace(
        batch,
        **{
            each.name: getattr(batch, each.name).contiguous(memory_format=torch.channels_last)
            for each in dataclasses.fields(batch)
        },
    )
