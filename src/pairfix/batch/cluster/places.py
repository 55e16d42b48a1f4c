"""How the machines of a cluster are shared among workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pairfix.errors import ClusterError

__all__ = ["Places", "places_on"]


@dataclass(frozen=True, slots=True)
class Places:
    """How many workers a cluster has room for, and what each takes."""

    count: int
    cpus: int
    gpus: int


def places_on(nodes: Sequence[Mapping[str, float]], cpus: int, *, use_gpus: bool) -> Places:
    """Share machines among workers: one for each GPU, or where there is none for so many CPUs.

    Args:
        nodes: What each machine has, by Ray's names ``CPU`` and ``GPU``.
        cpus: CPUs of a worker; fewer where a machine has no more.
        use_gpus: Whether workers may use GPUs; those without then get no work.

    Raises:
        ClusterError: No machine has a CPU.
    """
    kind = "GPU" if use_gpus and any(node.get("GPU", 0) >= 1 for node in nodes) else "CPU"
    fitting = [node for node in nodes if node.get(kind, 0) >= 1]
    if not fitting:
        raise ClusterError(
            "no machine of the Ray cluster has a CPU for the work", "see 'ray status'"
        )
    if kind == "GPU":
        each = min(cpus, *(int(node.get("CPU", 0) // node["GPU"]) for node in fitting))
        return Places(sum(int(node["GPU"]) for node in fitting), each, 1)
    each = min(cpus, *(int(node["CPU"]) for node in fitting))
    return Places(sum(int(node["CPU"] // each) for node in fitting), each, 0)
