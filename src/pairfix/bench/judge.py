"""Judge one pair: restore it with every model, make every baseline, compare all with the truth."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pairfix.bench.baselines import BASELINES, BM3D, PHOTOS, bm3d_is_installed
from pairfix.bench.command import CommandFailedError, restore
from pairfix.bench.results import Failure, Quality, Verdict
from pairfix.errors import PairError, PairfixError
from pairfix.formats import decode
from pairfix.image import AlignedPair, DevelopSettings, Frame, Picture
from pairfix.light import planes_from_frame, srgb_to_linear
from pairfix.metrics import psnr, ssim
from pairfix.pairs import FoundPair
from pairfix.score.load import full_reference
from pairfix.stages.develop import develop
from pairfix.stages.prepare import Preparation, prepare_pair

__all__ = ["TRUTH", "Judgement", "Plan", "judge"]

Floats = NDArray[np.float32]
Step = Callable[[str], None]
"""Called with each method before it is judged."""

TRUTH = "truth"

_LEAST_SIDE = 32
"""Pixels; fewer are too few for BM3D's blocks in a mosaic's planes, OpenCV's search, or LPIPS."""
_PEAK = np.float32(65535)
_BT709_KNEE = 0.018


@dataclass(frozen=True, slots=True)
class Plan:
    """What is judged."""

    models: tuple[str | None, ...] = (None,)
    """Names or folders; None for the default for the pair's domain."""
    baselines: tuple[str, ...] = tuple(BASELINES)
    """Names; BM3D is skipped where it is not installed."""
    options: tuple[str, ...] = ()
    """Further options of ``pairfix restore``."""


@dataclass(slots=True)
class Judgement:
    """The outcome for one pair."""

    pair: str
    verdicts: list[Verdict] = field(default_factory=list)
    """Baselines first."""
    failures: list[Failure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)
    """By method, and the truth: upright, all of one size."""

    @contextmanager
    def noting_failures(self, method: str = "") -> Iterator[None]:
        """Record one of pairfix's own errors, and continue after the block."""
        try:
            yield
        except CommandFailedError as error:
            self.failures.append(Failure(self.pair, method, str(error), error.status))
        except PairfixError as error:
            self.failures.append(Failure(self.pair, method, str(error), error.exit_code))


def judge(pair: FoundPair, plan: Plan, step: Step) -> Judgement:
    """Judge all methods on one pair; failures are recorded, and the rest continues.

    Args:
        pair: The photos, and the truth if it is known.
        plan: What to judge.
        step: Called before each method.
    """
    judgement = Judgement(pair.name)
    with judgement.noting_failures():
        truth = None
        if pair.truth:
            truth = _developed(decode(pair.truth))
        else:
            judgement.remarks.append(f"{pair.name}: no truth (gt.*), so only time and memory")
        _judge_baselines(pair, plan.baselines, truth, judgement, step)
        _judge_models(pair, plan, truth, judgement, step)
        if truth:
            judgement.pictures[TRUTH] = truth
    return judgement


def _judge_baselines(
    pair: FoundPair, names: Sequence[str], truth: Picture | None, judgement: Judgement, step: Step
) -> None:
    """Every baseline if the truth is known, else only the photos, for the contact sheet."""
    if truth is None:
        names = PHOTOS
    elif BM3D in names and not bm3d_is_installed():
        names = [name for name in names if name != BM3D]
        judgement.remarks.append("BM3D is left out: pip install 'pairfix[bench]' (non-commercial)")
    scene = _scene(pair)
    for name in names:
        step(name)
        with judgement.noting_failures(name):
            start = time.perf_counter()
            picture = BASELINES[name].picture(scene)
            seconds = time.perf_counter() - start
            if truth:
                quality = _quality(picture, truth, name)
                verdict = Verdict(pair.name, name, "baseline", quality, seconds)
                judgement.verdicts.append(verdict)
            judgement.pictures[name] = picture


def _judge_models(
    pair: FoundPair, plan: Plan, truth: Picture | None, judgement: Judgement, step: Step
) -> None:
    for model, label in zip(plan.models, _labels(plan.models), strict=True):
        step(label or "default model")
        with (
            judgement.noting_failures(label or "default model"),
            tempfile.TemporaryDirectory() as folder,
        ):
            output = Path(folder) / "result.png"
            options = [*plan.options, *(["--model", model] if model else [])]
            run = restore(pair.long, pair.short, output, options)
            picture = _developed(decode(output))
            name = label or run.report["model"]["name"]
            verdict = Verdict(
                pair=pair.name,
                method=name,
                kind="model",
                quality=_quality(picture, truth, name) if truth else None,
                seconds=run.seconds,
                peak_bytes=run.peak_bytes,
                stages=run.report["seconds"],
                runtime=run.report["runtime"]["description"],
            )
            judgement.verdicts.append(verdict)
            judgement.pictures[name] = picture


def _labels(models: Sequence[str | None]) -> list[str | None]:
    """Models by their names, or as they were given if two have the same name."""
    names = [model and Path(model).name for model in models]
    return [
        name if names.count(name) == 1 else model for name, model in zip(names, models, strict=True)
    ]


def _scene(pair: FoundPair) -> AlignedPair:
    """The pair as a restoration sees it, but for the row noise, which the baselines keep.

    Raises:
        PairfixError: The photos cannot be read, do not make a pair, or are too small to be judged.
    """
    preparation = Preparation(keep_row_noise=True, keep_flicker=True, least_side=_LEAST_SIDE)
    return prepare_pair(pair.long, pair.short, preparation)


def _developed(frame: Frame) -> Picture:
    return develop(planes_from_frame(frame), frame, DevelopSettings())


def _quality(picture: Picture, truth: Picture, name: str) -> Quality:
    (height, width), shape = truth.pixels.shape[:2], picture.pixels.shape[:2]
    if (height, width) != shape:
        raise PairError(
            f"the truth is {width} x {height} pixels, {name} is {shape[1]} x {shape[0]}",
            "the truth must be in the short exposure's geometry",
        )
    result, reference = (each.pixels.astype(np.float32) / _PEAK for each in (picture, truth))
    return Quality(
        psnr=psnr(result, reference),
        psnr_bt709=psnr(_bt709(result), _bt709(reference)),
        ssim=ssim(result, reference),
        lpips=full_reference("lpips", picture, truth),
    )


def _bt709(encoded: Floats) -> Floats:
    """An sRGB picture in the transfer function of ITU-R BT.709."""
    linear = srgb_to_linear(encoded)
    curve = np.where(linear < _BT709_KNEE, 4.5 * linear, 1.099 * linear**0.45 - 0.099)
    return curve.astype(np.float32)
