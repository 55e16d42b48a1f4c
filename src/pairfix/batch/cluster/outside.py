"""A cluster from the outside: a process joins it while this one finds out what is to be done."""

import re
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pairfix.batch.cluster.driver import CONNECTED, DONE, absent, drive
from pairfix.batch.processes import Helper
from pairfix.errors import ClusterError, MissingExtraError, PairfixError
from pairfix.recipe import Cluster, Recipe

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pairfix.batch.jobs import Plan
    from pairfix.batch.outcome import Outcome

__all__ = ["Joining", "check_cluster", "joining"]

_ADDRESS = re.compile(r"auto|local|(?:[^/:\s\[\]]+|\[[\da-fA-F:]+\]):\d{1,5}")
_CONNECTING = 30.0
"""Seconds until a cluster that does not answer counts as absent; Ray itself waits for minutes."""
_STARTING = 120.0
"""Seconds until a cluster that is started here counts as failed; 20 on one slow core."""


def check_cluster(cluster: Cluster) -> None:
    """Check what can be known before any work.

    Raises:
        MissingExtraError: Ray is not installed.
        ClusterError: The address is none.
    """
    if find_spec("ray") is None:
        raise MissingExtraError("--ray needs Ray", "pip install 'pairfix[cluster]'")
    if not _ADDRESS.fullmatch(cluster.address):
        raise ClusterError(
            f"'{cluster.address}' is not an address of a Ray cluster",
            "use HOST:PORT, auto or local; see docs/cluster.md",
        )


@contextmanager
def joining(cluster: Cluster) -> "Iterator[Joining]":
    """Begin to join a cluster, and leave it at the end.

    Raises:
        MissingExtraError, ClusterError: As `check_cluster`.
    """
    check_cluster(cluster)
    joined = Joining(cluster)
    try:
        yield joined
    finally:
        joined.leave()


class Joining:
    """The process that joins a cluster and will drive it."""

    def __init__(self, cluster: Cluster) -> None:
        """Start it.

        Args:
            cluster: Its address is one.
        """
        self._cluster = cluster
        self._helper = Helper.start(drive, cluster, name="pairfix-cluster")
        self._connected = self._left = False

    def restore(self, plan: "Plan", recipe: Recipe) -> "Generator[Outcome]":
        """Restore pairs, once; the cluster is left at the end, also when the iterator is closed.

        Args:
            plan: What is to be done.
            recipe: How; it writes no preview and no report.

        Yields:
            What became of each pair, in the order in which they are done.

        Raises:
            MissingExtraError: The workers lack what the recipe needs.
            ClusterError: There is no such cluster, it has no room, or all its workers were lost.
            ModelError, DeviceError: As `pairfix.pipeline.Restorer`, of the workers.
        """
        try:
            if not plan.jobs:
                return
            patience = _STARTING if self._cluster.address == "local" else _CONNECTING
            if not self._helper.connection.poll(patience):
                raise absent(self._cluster)
            while (message := self._receive()) != DONE:
                if isinstance(message, PairfixError):
                    raise message
                if message == CONNECTED:
                    self._connected = True
                    self._helper.connection.send((plan.shoot, plan.jobs, recipe))
                elif message is not None:
                    yield message
        finally:
            self.leave()

    def leave(self) -> None:
        """End the process, and with it its workers."""
        if self._left:
            return
        self._left = True
        if not self._connected:
            self._helper.kill()  # it does not listen while it looks for a cluster
        self._helper.stop()
        self._helper.end()

    def _receive(self) -> Any:  # noqa: ANN401
        """The next message; None is one that has been dealt with."""
        try:
            return self._helper.receive()
        except (EOFError, OSError) as error:
            raise ClusterError(
                "the process that drives the Ray cluster has ended", "the same command goes on"
            ) from error
