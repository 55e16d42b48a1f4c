"""No-reference quality of photos, by the metrics of pyiqa (extra ``score``).

pyiqa is licensed under PolyForm Noncommercial 1.0.0, parts of it under S-Lab License 1.0: neither
permits commercial use. Nothing else in pairfix imports it.
"""

from pairfix.score.api import SCORE, Scores, score, score_all
from pairfix.score.catalogue import DEFAULT_METRICS, Metric, find_metric, known_metrics
from pairfix.score.load import weights_are_here
from pairfix.score.sampling import Sampling

__all__ = [
    "DEFAULT_METRICS",
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
