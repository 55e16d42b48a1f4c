"""Judge models on pairs whose truth is known, against baselines computed on the spot.

Every restoration is a run of the installed command in a process of its own, so that time and
memory are what a user sees. Results, baselines and truth are developed alike and compared as
sRGB pictures.
"""

from pairfix.bench.baselines import BASELINES, PHOTOS
from pairfix.bench.judge import Judgement, Plan
from pairfix.bench.results import Failure, Quality, Results, Verdict
from pairfix.bench.run import check_folder, run, sheets_of, write_results

__all__ = [
    "BASELINES",
    "PHOTOS",
    "Failure",
    "Judgement",
    "Plan",
    "Quality",
    "Results",
    "Verdict",
    "check_folder",
    "run",
    "sheets_of",
    "write_results",
]
