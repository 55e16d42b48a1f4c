"""No-reference quality of photos, by the metrics of pyiqa (extra ``score``).

One photo and one metric are in memory at a time. pyiqa is licensed under PolyForm Noncommercial
1.0.0, parts of it under S-Lab License 1.0: neither permits commercial use. Nothing else in pairfix
imports it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pairfix.backends import DeviceChoice, DeviceName
from pairfix.errors import PairfixError
from pairfix.formats import decode
from pairfix.image import Picture, Pixels
from pairfix.progress import Progress, Stage
from pairfix.score.catalogue import (
    DEFAULT_METRICS,
    OFFLINE_METRICS,
    Metric,
    find_metric,
    known_metrics,
)
from pairfix.score.load import LoadedMetric, choose_device, load_metric, weights_are_here
from pairfix.score.sampling import Sampling

__all__ = [
    "DEFAULT_METRICS",
    "OFFLINE_METRICS",
    "SCORE",
    "Metric",
    "Sampling",
    "Scores",
    "find_metric",
    "known_metrics",
    "score",
    "score_all",
    "weights_are_here",
]

SCORE = Stage("score", "Scoring")


@dataclass(frozen=True, slots=True)
class Scores:
    """One photo's scores."""

    values: Mapping[str, float] = field(default_factory=dict)
    """By metric."""
    failures: Mapping[str, PairfixError] = field(default_factory=dict)
    """Why a metric has no value, by metric."""


def score(
    picture: Picture | Path,
    metrics: Iterable[str] = DEFAULT_METRICS,
    *,
    device: DeviceChoice = "auto",
    offline: bool = False,
    progress: Progress | None = None,
) -> Scores:
    """Score one photo; see `score_all`."""
    return score_all([picture], metrics, device=device, offline=offline, progress=progress)[0]


def score_all(
    pictures: Sequence[Picture | Path],
    metrics: Iterable[str] = DEFAULT_METRICS,
    *,
    device: DeviceChoice = "auto",
    offline: bool = False,
    progress: Progress | None = None,
) -> list[Scores]:
    """Score photos; a failure does not stop the others from being scored.

    Args:
        pictures: Photos in memory, or files of any type that pairfix reads; raws are developed.
        metrics: Names of no-reference metrics (`known_metrics`).
        device: Where to compute.
        offline: Never use the network; otherwise pyiqa downloads missing weights.
        progress: Called with "score", the number of scores done, and their total.

    Returns:
        Values and failures of each photo, in the order of `pictures`.

    Raises:
        MetricError: There is no such metric, or it needs more than one photo.
        DeviceError: The device is not available.
        MissingExtraError: pyiqa is not installed.
    """
    found = list(dict.fromkeys(find_metric(name) for name in metrics))
    chosen = choose_device(device)
    values: list[dict[str, float]] = [{} for _ in pictures]
    failures: list[dict[str, PairfixError]] = [{} for _ in pictures]
    unreadable: dict[int, PairfixError] = {}
    total = len(found) * len(pictures)
    for position, about in enumerate(found):
        loaded = _try_load(about, chosen, offline=offline)
        for index, picture in enumerate(pictures):
            if progress:
                progress(SCORE, position * len(pictures) + index, total)
            try:
                values[index][about.name] = _score(loaded, picture, index, unreadable)
            except PairfixError as error:
                failures[index][about.name] = error
        del loaded  # before the next one takes memory
    if progress:
        progress(SCORE, total, total)
    return [Scores(*each) for each in zip(values, failures, strict=True)]


def _try_load(about: Metric, device: DeviceName, *, offline: bool) -> LoadedMetric | PairfixError:
    try:
        return load_metric(about, device, offline=offline)
    except PairfixError as error:
        return error


def _score(
    metric: LoadedMetric | PairfixError,
    picture: Picture | Path,
    index: int,
    unreadable: dict[int, PairfixError],
) -> float:
    if index in unreadable:
        raise unreadable[index]
    try:
        pixels = _pixels(picture)
    except PairfixError as error:
        unreadable[index] = error
        raise
    if isinstance(metric, PairfixError):
        raise metric
    return metric.score(pixels, _name(picture))


def _pixels(picture: Picture | Path) -> Pixels:
    return picture.pixels if isinstance(picture, Picture) else decode(picture, "srgb").pixels


def _name(picture: Picture | Path) -> str:
    return "the picture" if isinstance(picture, Picture) else str(picture)
