"""How much memory pairs take, how much is free, and what fits."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pairfix.image import HeaderFacts
from pairfix.model import Model
from pairfix.model.measured import read_measured

__all__ = ["Need", "fits_beside", "fitting_processes", "free_memory", "need_of"]

_log = logging.getLogger(__name__)

_MEASURED_AT = 12e6
"""Pixels of the pair with which a model's memory was measured (`pairfix.model.measured`)."""
_CONSTANT = 0.5
"""Share of that memory that any photo takes: libraries, the network and one tile. Rounded up from
benchmarks/cost_by_stage.py with selfir-raw: 0.61 GB for 1.8 MP, 1.31 GB for 16 MP."""
_UNMEASURED = 2.5e9
"""Bytes of a model that was not measured: a little more than the default models take."""
_OVERLAP = 100
"""Bytes a pixel for a pair that is read ahead and one that is written behind: 0.16 GB for 1.8 MP
(docs/folders.md, one folder against one command each), rounded up."""
_LIMIT = "sys/fs/cgroup/memory.max"
_USED = "sys/fs/cgroup/memory.current"
_CACHE = "sys/fs/cgroup/memory.stat"


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that a pair takes, about."""

    restoring: int
    """The whole process, while it restores the pair."""
    waiting: int
    """More, if the next pair is read and the last one written meanwhile."""


def need_of(photos: Sequence[HeaderFacts], model: Model) -> Need:
    """What a pair takes, by its size and by what was measured of the model."""
    height, width = max((photo.size for photo in photos), key=lambda size: size[0] * size[1])
    pixels = height * width
    share = _CONSTANT + (1 - _CONSTANT) * pixels / _MEASURED_AT
    measured = read_measured(model.folder)
    most = measured.megabytes * 1e6 if measured else _UNMEASURED
    return Need(round(most * share), _OVERLAP * pixels)


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes that programs can still use; None where the system does not say (all but Linux).

    The limit of a container (cgroup v2) counts as well.

    Args:
        root: Where ``proc`` and ``sys`` lie.
    """
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return None
    try:
        limit = int((root / _LIMIT).read_text(encoding="ascii"))
        used = int((root / _USED).read_text(encoding="ascii"))
        stat = dict(line.split() for line in (root / _CACHE).read_text("ascii").splitlines())
        used -= int(stat.get("inactive_file", 0))
    except (OSError, ValueError):
        return free
    return min(free, max(0, limit - used))


def fitting_processes(wanted: int, needs: Sequence[Need]) -> int:
    """How many processes may restore such pairs side by side: at least 1; a note says if fewer."""
    free, largest = free_memory(), max((need.restoring for need in needs), default=0)
    if free is None or not largest:
        return wanted
    count = min(wanted, max(1, free // largest))
    if count < wanted:
        _log.warning(
            "memory is free for %d of %d jobs: %.1f GB, and a pair takes up to %.1f GB",
            count,
            wanted,
            free / 1e9,
            largest / 1e9,
        )
    return count


def fits_beside(needs: Sequence[Need]) -> bool:
    """Whether memory is free to read and write pairs while another is restored."""
    free = free_memory()
    return free is None or all(need.restoring + need.waiting <= free for need in needs)
