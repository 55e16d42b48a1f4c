"""Judge models on pairs whose truth is known, against freshly computed baselines.

Every restoration is a run of the installed command in a separate process, so that time and memory
are what a user sees. Results, baselines and truth are developed alike and compared as sRGB
pictures.
"""

from pairfix.bench.baselines import BASELINES, PHOTOS
from pairfix.bench.benchmark import check_folder, run, sheets_of, write_results
from pairfix.bench.judge import TRUTH, Judgement, Plan
from pairfix.bench.results import Failure, Quality, Results, Verdict
from pairfix.bench.sheet import write_sheet
from pairfix.bench.tables import summary

__all__ = [
    "BASELINES",
    "PHOTOS",
    "TRUTH",
    "Failure",
    "Judgement",
    "Plan",
    "Quality",
    "Results",
    "Verdict",
    "check_folder",
    "run",
    "sheets_of",
    "summary",
    "write_results",
    "write_sheet",
]
