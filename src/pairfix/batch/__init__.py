"""Restore a whole shoot: every pair of a folder or table, one after the other.

`plan_shoot` decides what is to be done, before any work; `restore_shoot` does it. A record beside
the results (`records`) says what each was made from, so that a run that was stopped goes on where
it ended.

As with pairfix itself, using a name loads what it needs: processes that only hand out work start
in half the time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pairfix.batch.cluster import Joining, check_cluster, joining
    from pairfix.batch.jobs import Job, Kept, Plan, is_shoot
    from pairfix.batch.outcome import Outcome
    from pairfix.batch.plan import FIELDS, plan_shoot
    from pairfix.batch.run import restore_shoot
    from pairfix.batch.sheet import check_sheet, write_sheet
    from pairfix.batch.watch import check_watching, watch_shoot

__all__ = [
    "FIELDS",
    "Job",
    "Joining",
    "Kept",
    "Outcome",
    "Plan",
    "check_cluster",
    "check_sheet",
    "check_watching",
    "is_shoot",
    "joining",
    "plan_shoot",
    "restore_shoot",
    "watch_shoot",
    "write_sheet",
]

_HOMES = {
    "cluster": ("Joining", "check_cluster", "joining"),
    "jobs": ("Job", "Kept", "Plan", "is_shoot"),
    "outcome": ("Outcome",),
    "plan": ("FIELDS", "plan_shoot"),
    "run": ("restore_shoot",),
    "sheet": ("check_sheet", "write_sheet"),
    "watch": ("check_watching", "watch_shoot"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pairfix.batch' has no attribute {name!r}")
    return getattr(import_module(f"pairfix.batch.{_HOME_OF[name]}"), name)
