"""No-reference scores of the photos on a page."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from pairfix.image import Picture
from pairfix.score import DEFAULT_METRICS, Metric, find_metric, score_all

__all__ = ["Score", "check_scoring", "score_pictures"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Score:
    """One metric's values for the photos, or why it has none."""

    metric: str
    lower_is_better: bool
    values: Mapping[str, float]
    """By the photo's name; empty if there is a `failure`."""
    failure: str = ""

    @property
    def best(self) -> float:
        """The best of the values."""
        return (min if self.lower_is_better else max)(self.values.values())


def check_scoring() -> None:
    """Check before a long computation that photos can be scored.

    Raises:
        MissingExtraError: pyiqa is not installed.
    """
    for name in DEFAULT_METRICS:
        find_metric(name)


def score_pictures(pictures: Mapping[str, Picture]) -> list[Score]:
    """Score pictures by name with the default metrics; a metric that fails states the reason.

    The hint what to do about it only goes to the log, because it names folders of this machine.

    Raises:
        MissingExtraError: pyiqa is not installed.
    """
    found = score_all(list(pictures.values()), DEFAULT_METRICS)
    by_name = dict(zip(pictures, found, strict=True))

    def score(metric: Metric) -> Score:
        for each in found:
            if metric.name in each.failures:
                failure = each.failures[metric.name]
                _log.warning("%s", failure)
                return Score(metric.name, metric.lower_is_better, {}, failure.message)
        values = {name: each.values[metric.name] for name, each in by_name.items()}
        return Score(metric.name, metric.lower_is_better, values)

    return [score(find_metric(name)) for name in DEFAULT_METRICS]
