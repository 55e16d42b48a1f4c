"""Restore a whole shoot: every pair of a folder or table, one after the other.

`plan_shoot` decides what is to be done, before any work; `restore_shoot` does it. A record beside
the results (`records`) says what each was made from, so that a run that was stopped goes on where
it ended.
"""

from pairfix.batch.cluster import check_cluster
from pairfix.batch.outcome import Outcome
from pairfix.batch.plan import FIELDS, Job, Kept, Plan, is_shoot, plan_shoot
from pairfix.batch.run import restore_shoot
from pairfix.batch.sheet import check_sheet, write_sheet
from pairfix.batch.watch import check_watching, watch_shoot

__all__ = [
    "FIELDS",
    "Job",
    "Kept",
    "Outcome",
    "Plan",
    "check_cluster",
    "check_sheet",
    "check_watching",
    "is_shoot",
    "plan_shoot",
    "restore_shoot",
    "watch_shoot",
    "write_sheet",
]
