"""From a folder of unlabelled pairs to a model that is better for their camera (torch).

A camera's noise can be measured in its pairs without knowing the truth. With that noise, and blur
as long as theirs, new pairs are synthesised from the user's own restored photos, and the shipped
model goes on learning with supervision. Pairs that were held back then decide, by an unbiased
estimate of the error, whether that helped; if not, no model is made.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product, starmap
from pathlib import Path

import torch

from pairfix.backends import OpenModel, Runtime
from pairfix.calibration import CameraProfile
from pairfix.calibration.load import check_alike, load_pairs
from pairfix.errors import NotImprovedError, PairError
from pairfix.formats import encode_picture
from pairfix.image import ROLES, AlignedPair, DevelopSettings, Picture, Planes
from pairfix.model import Model
from pairfix.output.preview import compare
from pairfix.pairs import FoundPair, LeftOut
from pairfix.progress import Progress, Stage, no_progress
from pairfix.stages.develop import develop
from pairfix.stages.fuse import fuse
from pairfix.stages.suitability import check_model
from pairfix.synth.photos import list_photos
from pairfix.train.alone import alone
from pairfix.train.distributed import Workers, joined
from pairfix.train.loop import Status
from pairfix.train.training import Trained, train
from pairfix.tune.crops import CropCollector
from pairfix.tune.estimate import (
    Gain,
    are_alike,
    estimate_gain,
    is_comparable,
    middle,
    setting_of,
)
from pairfix.tune.plan import plan_task
from pairfix.tune.prepare import Prepared, prepare, split
from pairfix.tune.tune_recipe import TuneRecipe
from pairfix.tune.workplace import TuningPlace

__all__ = ["COMPARE", "TRAIN", "Tuned", "Tuning"]

_log = logging.getLogger(__name__)

TRAIN = Stage("train", "Training")
COMPARE = Stage("compare", "Comparing old and new")

_DRAWS = 4
"""How often noise is added to each pair that was held back."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """How a fine-tuning ended."""

    training: Trained
    profile: CameraProfile
    gain: Gain | None
    """By the pairs held back; None if the training was stopped, or in processes that only help."""
    model: Model | None
    """The new model folder; None as for `gain`."""
    workplace: Path
    """The folder with calibration, photos, curves and comparison."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """A fine-tuning of one model for the camera that took some pairs."""

    pairs: Sequence[FoundPair]
    """Unlabelled, of one camera; some are held back for the decision."""
    output: Path
    """The new model folder; calibration, photos, checkpoint, curves and comparison are kept beside
    it in ``<output>.training``."""
    start: Model
    """The model to start from, which stays as it is."""
    recipe: TuneRecipe
    runtime: Runtime
    """Where to restore."""
    device: torch.device
    """Where to train."""
    command: str = ""
    """What the user typed, for log and model card."""
    progress: Progress = no_progress
    """Called with the stages of `prepare`, `TRAIN` and `COMPARE`."""
    report: Callable[[Status], None] = lambda _: None
    """Called after each step with the state of the training."""
    stop: Callable[[], bool] = lambda: False
    """Called before each step: whether to stop."""

    def run(self, *, resume: bool = False, overwrite: bool = False) -> Tuned:
        """Calibrate, train, and decide.

        Args:
            resume: Continue from the checkpoint.
            overwrite: Replace an existing model folder and an earlier tuning.

        Raises:
            InputError: A folder of photos holds none.
            PairError: There are too few pairs, they differ in camera, or none can be used.
            NotImprovedError: The new model is not better: nothing was made of it.
            ModelError: The start does not fit, or the losses are not finite.
            OutputError: The folders exist, cannot be written, or another training writes them.
            MemoryExhaustedError: Pairs or networks do not fit the device.
        """
        with ExitStack() as held:
            return self._run(held, resume=resume, overwrite=overwrite)

    def _run(self, held: ExitStack, *, resume: bool, overwrite: bool) -> Tuned:
        """Do it, the folder locked until `held` ends."""
        place = TuningPlace.beside(self.output)
        check_model(self.start, len(ROLES))
        check_alike(self.pairs)
        for folder in self.recipe.photos:
            list_photos(folder)
        tuning, held_back = split(self.pairs)
        _check_settings(tuning, held_back)
        start = OpenModel(self.start, self.runtime)
        with joined(self.device) as workers:

            def begin() -> CropCollector | None:
                held.enter_context(alone(self.output))
                place.check(overwrite=overwrite, resume=resume)
                return None if resume else self._prepare(start, place, overwrite=overwrite)

            crops = workers.led(begin)
            prepared = Prepared.read(place, self.pairs)
            _check_known(held_back, prepared.profile)
            if self.recipe.learns_from_pairs:
                crops = crops or CropCollector.over(
                    tuning, self.start.domain, self.recipe.seed, self.progress
                )
            trained = self._train(crops, prepared, place, workers, resume=resume)
        if not trained.complete or trained.model is None:
            return Tuned(trained, prepared.profile, None, None, place.folder)
        models = start, OpenModel(trained.model, self.runtime)
        gain = self._judge(held_back, prepared.profile, models, place)
        if not gain.convinces(self.recipe.least_gain):
            raise NotImprovedError(
                f"tuning did not help: estimated gain {gain} on pairs held back; "
                f"{self.recipe.least_gain:+g} dB and two standard errors are required",
                f"{self.start.name} stays the better choice; {place.comparison} shows both",
            )
        model = place.publish(self._about(gain), overwrite=overwrite or resume)
        return Tuned(trained, prepared.profile, gain, model, place.folder)

    def _prepare(
        self, start: OpenModel, place: TuningPlace, *, overwrite: bool
    ) -> CropCollector | None:
        """Find out what the training needs; crops of the pairs if it learns from them."""
        tuning, _ = split(self.pairs)
        crops = None
        if self.recipe.learns_from_pairs:
            crops = CropCollector(len(tuning), self.start.domain, self.recipe.seed)
        with place.fresh(overwrite=overwrite) as beside:
            visit = crops.add if crops else lambda _: None
            prepare(self.pairs, start, beside, self.progress, visit)
        return crops

    def _train(
        self,
        crops: CropCollector | None,
        prepared: Prepared,
        place: TuningPlace,
        workers: Workers,
        *,
        resume: bool,
    ) -> Trained:
        task, recipe = plan_task(prepared, self.start, self.recipe)
        real = crops.crops(recipe.batch, recipe.crop, self.device) if crops else None
        self.progress(TRAIN, 0, 1)
        return train(
            task,
            place.candidate,
            recipe,
            self.device,
            start=self.start,
            resume=resume and place.in_training,
            overwrite=resume,
            command=self.command,
            report=self.report,
            stop=self.stop,
            workers=workers,
            render=real.render if real else None,
        )

    def _judge(
        self,
        held_back: Sequence[FoundPair],
        profile: CameraProfile,
        models: tuple[OpenModel, OpenModel],
        place: TuningPlace,
    ) -> Gain:
        shown, pairs = self._held_back(held_back, profile)
        gain = estimate_gain(
            pairs,
            profile,
            models,
            draws=_DRAWS,
            seed=self.recipe.seed,
            progress=lambda done, total: self.progress(COMPARE, done, total),
        )
        encode_picture(_compare(shown, *models), place.comparison, bits=8, overwrite=True)
        return gain

    def _held_back(
        self, found: Sequence[FoundPair], profile: CameraProfile
    ) -> tuple[AlignedPair, list[AlignedPair]]:
        """One pair whole, to show, and the middles of all whose noise is known."""
        left_out: list[LeftOut] = []
        whole: list[AlignedPair] = []
        middles: list[AlignedPair] = []
        for each in load_pairs(found, self.start.domain, left_out, no_progress, COMPARE):
            reason = ""
            if setting_of(profile, each.pair.short.exposure.iso) is None:
                reason = "no pair that was tuned with has its ISO"
            elif not is_comparable(each.pair):
                reason = "all of its middle is overexposed"
            if reason:
                _log.warning("left out %s: %s", each.found.name, reason)
                left_out.append(LeftOut(each.found.long, reason))
                continue
            whole = whole or [each.pair]
            middles.append(middle(each.pair))
        if not middles:
            raise PairError(
                f"none of the pairs held back can be used: {left_out[0].reason}",
                "give more pairs",
            )
        return whole[0], middles

    def _about(self, gain: Gain) -> str:
        real = "It learnt from crops of them; synthetic pairs served for validation only. "
        return (
            f"\n## Fine-tuning\n\nTuned from {self.start.name} for the camera of {len(self.pairs)} "
            "pairs without truth, with the noise in calibration.json. "
            f"{real if self.recipe.learns_from_pairs else ''}"
            "On pairs held back the estimated gain, in the range that networks work in, is "
            f"{gain}.\n"
        )


def _check_settings(tuning: Sequence[FoundPair], held_back: Sequence[FoundPair]) -> None:
    """Check, before any work, that the noise of some pair held back can be measured in another."""
    tuned, judged = (
        {each.short_facts.exposure.iso for each in pairs} for pairs in (tuning, held_back)
    )
    if not any(starmap(are_alike, product(tuned, judged))):
        raise _unknown(judged.pop())


def _unknown(iso: float | None) -> PairError:
    return PairError(
        "no pair to tune with has the ISO of those held back, "
        f"{'which is not known' if iso is None else f'{iso:g}'}",
        "give more pairs of one ISO",
    )


def _check_known(held_back: Sequence[FoundPair], profile: CameraProfile) -> None:
    """Check, before the training, that some pair held back can be judged by."""
    values = [each.short_facts.exposure.iso for each in held_back]
    if all(setting_of(profile, iso) is None for iso in values):
        raise _unknown(values[0])


def _compare(pair: AlignedPair, before: OpenModel, after: OpenModel) -> Picture:
    """A sheet of crops at 100 %: short frame, before, after, where the last two differ most."""

    def restored(opened: OpenModel) -> Picture:
        fused, _ = fuse(pair, opened)
        return _developed(pair, fused.planes)

    short = _developed(pair, pair.reference_planes)
    return compare({"short": short, "before": restored(before), "after": restored(after)})


def _developed(pair: AlignedPair, planes: Planes) -> Picture:
    return develop(planes, pair.reference, DevelopSettings(), gain=pair.gain)
