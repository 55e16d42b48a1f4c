"""The process that is connected to a cluster.

It imports little before it joins: its workers start meanwhile.
"""

import logging
import os
import secrets
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from pairfix.batch.processes import end_on_sigterm, lead_group
from pairfix.errors import ClusterError, PairfixError
from pairfix.recipe import Cluster
from pairfix.threads import available_cores

__all__ = ["CONNECTED", "DONE", "absent", "drive"]

CONNECTED, DONE = "connected", "done"
"""What the process says when it has reached the cluster, and when it has left it."""
_NO_PROXY = "http://127.0.0.1:9"
"""Where nobody listens: the port for what is to be discarded."""


def drive(connection: Connection, cluster: Cluster) -> None:
    """The process: join the cluster, hand out the pairs, write and tell what comes back.

    Args:
        connection: Says `CONNECTED`, takes the shoot, the jobs and the recipe, gives an outcome for
            each job, and says `DONE` or why it ends instead.
        cluster: Where.
    """
    _silence()
    lead_group()
    try:
        with _joined(cluster):
            from pairfix.batch.cluster.crew import Crew  # noqa: PLC0415  (it loads much)

            connection.send(CONNECTED)
            shoot, jobs, recipe = connection.recv()
            for outcome in Crew(shoot, jobs, recipe, cluster).outcomes():
                connection.send(outcome)
        last: object = DONE
    except PairfixError as error:
        last = error
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself; Ray cleans up at exit
    connection.send(last)


def absent(cluster: Cluster, reason: str = "") -> ClusterError:
    """What there is to say where no cluster answers."""
    place = "on this machine" if cluster.address in ("auto", "local") else f"at {cluster.address}"
    told = f": {reason}" if reason else ""
    return ClusterError(
        f"no Ray cluster answers {place}{told}",
        "start one by 'ray start', or check its address and token; see docs/cluster.md",
    )


def _silence() -> None:
    """Keep what Ray prints from the user's streams; a traceback still reaches standard error."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    warnings.simplefilter("ignore")


def _keep_to_this_run() -> None:
    """Let a cluster that is started here talk to itself alone, and nobody else use it.

    Ray asks the network in which cloud it runs even where its usage statistics are off, so its
    processes are told of a proxy that is none. Versions that know tokens would leave one in the
    user's home if they were given none.
    """
    os.environ |= {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as there, it listens on this machine only
        "http_proxy": _NO_PROXY,
        "https_proxy": _NO_PROXY,
        "no_proxy": "localhost,127.0.0.1,::1",
    }
    if "RAY_AUTH_MODE" not in os.environ:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextmanager
def _joined(cluster: Cluster) -> Iterator[None]:
    """Be connected to the cluster, or to one that is started here for the time being."""
    if cluster.address == "local":
        _keep_to_this_run()
    import ray  # noqa: PLC0415  (an extra)

    _prepare_for_work()
    options: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    if cluster.address == "local":
        cores = max(available_cores(), cluster.workers or 1)
        options |= {"num_cpus": cores, "include_dashboard": False}
    try:
        ray.init(cluster.address, **options)
    except Exception as error:  # it raises just that where a machine's start takes too long
        last_line = str(error).strip().rpartition("\n")[2].strip()
        raise absent(cluster, "" if cluster.address == "auto" else last_line) from error
    end_on_sigterm()  # Ray has put its own handler in place
    try:
        yield
    finally:
        ray.shutdown()  # its workers end with it


def _prepare_for_work() -> None:
    """Import what is needed next while Ray waits for its processes."""
    threading.Thread(
        target=import_module, args=("pairfix.batch.cluster.crew",), daemon=True
    ).start()
