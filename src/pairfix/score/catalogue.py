"""The metrics of pyiqa that judge one photo without a reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pairfix.errors import MetricError, MissingExtraError
from pairfix.score.guards import quietly
from pairfix.score.sampling import REDUCED, SAMPLINGS, Sampling

__all__ = [
    "DEFAULT_METRICS",
    "OFFLINE_METRICS",
    "SHIPPED_WEIGHTS",
    "Metric",
    "find_metric",
    "known_metrics",
]

DEFAULT_METRICS = ("niqe", "nrqm", "pi")
"""Those of Zhang et al., Self-Supervised Image Restoration with Blurry and Noisy Pairs, 2022."""

OFFLINE_METRICS = ("niqe", "piqe")
"""Those that need no download."""
SHIPPED_WEIGHTS: Mapping[str, Path] = {"niqe": Path(__file__).parent / "niqe_modelparameters.mat"}
"""Weights that come with pairfix, by metric: NIQE's model of pristine photos (Mittal et al. 2013),
values unchanged from BasicSR 1.4.2 (Apache License 2.0)."""

_SETS = "compares sets of photos"
_MORE_THAN_A_PHOTO: Mapping[str, str] = {
    "fid": _SETS,
    "sfid": _SETS,
    "fid_dinov2": _SETS,
    "inception_score": _SETS,
    "clipscore": "judges how well a caption fits",
}
"""Metrics that pyiqa calls no-reference although they need more than one photo."""
_WITHOUT_WEIGHTS = frozenset({"PIQE", "Entropy"})
_LANGUAGE_MODELS = frozenset({"QAlign", "QReAlign", "Compare2Score"})
"""Both by pyiqa's names of the architectures."""
_SEE_LIST = "'pairfix score --list' shows those that judge a single photo"


@dataclass(frozen=True, slots=True)
class Metric:
    """A no-reference metric that pyiqa computes."""

    name: str
    lower_is_better: bool
    scale: str
    """Its approximate range, as pyiqa states it: "~0, ~100"."""
    sampling: Sampling
    needs_weights: bool
    is_large: bool
    """Whether it is a language model of several GB."""

    @property
    def arrow(self) -> str:
        """The direction of better values."""
        return "↓" if self.lower_is_better else "↑"

    def is_better(self, value: float, other: float) -> bool:
        """Whether one score of this metric means better quality than another."""
        return value < other if self.lower_is_better else value > other


def known_metrics() -> tuple[Metric, ...]:
    """All metrics that can score a photo, sorted by name.

    Raises:
        MissingExtraError: pyiqa is not installed.
    """
    configs = _configs()
    names = (name for name in configs if not _refusal(name, configs[name]))
    return tuple(_metric(name, configs[name]) for name in sorted(names, key=str.lower))


def find_metric(name: str) -> Metric:
    """The metric of this name, in any capitalisation.

    Raises:
        MetricError: There is none, or it needs more than a photo.
        MissingExtraError: pyiqa is not installed.
    """
    configs = _configs()
    found = {known.lower(): known for known in configs}.get(name.lower())
    if found is None:
        close = ", ".join(get_close_matches(name.lower(), map(str.lower, configs)))
        hint = f"did you mean {close}? {_SEE_LIST}" if close else _SEE_LIST
        raise MetricError(f"there is no metric {name}", hint)
    if refusal := _refusal(found, configs[found]):
        raise MetricError(f"{found} {refusal}", _SEE_LIST)
    return _metric(found, configs[found])


def _configs() -> Mapping[str, Mapping[str, Any]]:
    if find_spec("pyiqa") is None:
        raise MissingExtraError(
            "scores need pyiqa, which is not installed", "pip install 'pairfix[score]'"
        )
    with quietly():
        from pyiqa.default_model_configs import DEFAULT_CONFIGS  # noqa: PLC0415  (an extra)
    return dict(DEFAULT_CONFIGS)


def _refusal(name: str, config: Mapping[str, Any]) -> str:
    """Why a metric cannot judge a single photo; empty if it can."""
    if config["metric_mode"] == "FR":
        return "compares a photo with a reference (full-reference); scores are no-reference"
    return _MORE_THAN_A_PHOTO.get(name, "")


def _metric(name: str, config: Mapping[str, Any]) -> Metric:
    kind = config["metric_opts"]["type"]
    return Metric(
        name,
        lower_is_better=bool(config.get("lower_better", False)),
        scale=str(config.get("score_range", "")),
        sampling=SAMPLINGS.get(kind, REDUCED),
        needs_weights=kind not in _WITHOUT_WEIGHTS and name not in SHIPPED_WEIGHTS,
        is_large=kind in _LANGUAGE_MODELS,
    )
