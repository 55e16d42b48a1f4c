"""Restore a plan's pairs on a Ray cluster.

A process of its own drives the cluster, because Ray prints, takes over signals and may wait for
minutes where there is no cluster. It hands pairs to actors (`remote`) and alone writes what they
send back, so that a result is written once however often workers are lost. Ray starts lost workers
again, on other machines if need be; until then their pairs go to those that are left.
"""

import logging
import os
import re
import secrets
import signal
import sys
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pairfix._version import __version__
from pairfix.backends.threads import available_cores
from pairfix.batch.outcome import Outcome, finish_sent, states_of
from pairfix.batch.plan import Job, Plan
from pairfix.batch.processes import Helper, end_on_sigterm
from pairfix.batch.records import State
from pairfix.batch.remote import RemoteWorker, Unseen, Welcome
from pairfix.errors import (
    ClusterError,
    MemoryExhaustedError,
    MissingExtraError,
    PairfixError,
    caught,
)
from pairfix.recipe import Cluster, Recipe

__all__ = ["Places", "check_cluster", "places_on", "restore_on_cluster"]

_log = logging.getLogger(__name__)

_ADDRESS = re.compile(r"auto|local|(?:[^/:\s\[\]]+|\[[\da-fA-F:]+\]):\d{1,5}")
_CONNECTING = 30.0
"""Seconds until a cluster that does not answer counts as absent; Ray itself waits for minutes."""
_STARTING = 120.0
"""Seconds until a cluster that is started here counts as failed; 20 on one slow core."""
_EMPLOYING = 300.0
"""Seconds without any worker after which a cluster counts as too busy."""
_ATTEMPTS = 3
"""Workers that may be lost over one pair: it may be the pair that kills them."""
_CONNECTED, _DONE = "connected", "done"
"""What the process says when it has reached the cluster, and when it has left it."""


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
            f"'{cluster.address}' is no address of a Ray cluster",
            "use HOST:PORT, auto or local; see docs/cluster.md",
        )


def restore_on_cluster(plan: Plan, recipe: Recipe, cluster: Cluster) -> Generator[Outcome]:
    """Restore pairs on a cluster, and leave it when the iterator is closed.

    Args:
        plan: What is to be done.
        recipe: How; it writes no preview and no report.
        cluster: Where.

    Yields:
        What became of each pair, in the order in which they are done.

    Raises:
        MissingExtraError: Ray is not installed, or the workers lack what the recipe needs.
        ClusterError: There is no such cluster, it has no room, or all its workers were lost.
        ModelError, DeviceError: As `pairfix.pipeline.Restorer`, of the workers.
    """
    check_cluster(cluster)
    if not plan.jobs:
        return
    helper = Helper.start(_drive, plan, recipe, cluster, name="pairfix-cluster")
    try:
        if not helper.connection.poll(_STARTING if cluster.address == "local" else _CONNECTING):
            helper.process.kill()  # it does not listen while it looks for a cluster
            raise _absent(cluster)
        while (message := _message(helper)) != _DONE:
            if isinstance(message, PairfixError):
                raise message
            if isinstance(message, Outcome):
                yield message
    finally:
        helper.stop()
        helper.end()


def _message(helper: Helper) -> Any:  # noqa: ANN401
    try:
        return helper.receive()
    except (EOFError, OSError) as error:
        raise ClusterError(
            "the process that drives the Ray cluster has ended", "the same command goes on"
        ) from error


def _absent(cluster: Cluster, reason: str = "") -> ClusterError:
    place = "on this machine" if cluster.address in ("auto", "local") else f"at {cluster.address}"
    told = f": {reason}" if reason else ""
    return ClusterError(
        f"no Ray cluster answers {place}{told}",
        "start one by 'ray start', or check its address and token; see docs/cluster.md",
    )


def _drive(connection: Connection, plan: Plan, recipe: Recipe, cluster: Cluster) -> None:
    """The process: join the cluster, hand out pairs, write and tell what comes back."""
    _silence()
    try:
        with _joined(cluster):
            connection.send(_CONNECTED)
            for outcome in _Crew(plan, recipe, cluster).outcomes():
                connection.send(outcome)
        last: object = _DONE
    except PairfixError as error:
        last = error
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself; Ray cleans up at exit
    connection.send(last)


def _silence() -> None:
    """Keep what Ray prints from the user's streams; a traceback still reaches standard error."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    warnings.simplefilter("ignore")


def _keep_to_this_run() -> None:
    """Let nobody else on this machine use a cluster that is started here.

    Versions of Ray that know tokens would otherwise leave one in the user's home.
    """
    if "RAY_AUTH_MODE" not in os.environ:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


@contextmanager
def _joined(cluster: Cluster) -> Iterator[None]:
    """Be connected to the cluster, or to one that is started here for the time being."""
    if cluster.address == "local":
        _keep_to_this_run()
    import ray  # noqa: PLC0415  (an extra)

    options: dict[str, Any] = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    if cluster.address == "local":
        cores = max(available_cores(), cluster.workers or 1)
        options |= {"num_cpus": cores, "include_dashboard": False}
    try:
        ray.init(cluster.address, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise _absent(cluster, "" if cluster.address == "auto" else _last_line(error)) from error
    end_on_sigterm()  # Ray has put its own handler in place
    try:
        yield
    finally:
        ray.shutdown()  # its workers end with it


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker, from the outside."""

    actor: Any
    sees_files: bool = True


@dataclass(slots=True, eq=False)
class _Task:
    """A pair that is to be restored."""

    job: Job
    states: tuple[State | None, ...] = ()
    """Of its photos when it was handed out."""
    lost: int = 0
    """Workers that were lost over it."""


class _Crew:
    """The workers, and who restores what."""

    def __init__(self, plan: Plan, recipe: Recipe, cluster: Cluster) -> None:
        self._plan, self._recipe, self._cluster = plan, recipe, cluster
        self._waiting = deque(_Task(job) for job in plan.jobs)
        self._idle: list[_Hand] = []
        self._expected: dict[Any, tuple[_Hand, _Task | None]] = {}
        """Who answers, by Ray's references; no task: one that has yet to start."""

    def outcomes(self) -> Iterator[Outcome]:
        """Restore all pairs.

        Raises:
            ClusterError: There is no room for a worker, or workers cannot start.
            PairfixError: A worker refuses.
        """
        import ray  # noqa: PLC0415  (an extra)

        for actor in self._hired():
            self._call(_Hand(actor))
        while self._waiting or any(task for _, task in self._expected.values()):
            answered, _ = ray.wait([*self._expected], timeout=_EMPLOYING)
            if not answered and not any(task for _, task in self._expected.values()):
                raise ClusterError(
                    "the Ray cluster has had no free worker for minutes",
                    "see 'ray status'; the same command goes on",
                )
            for reference in answered:
                yield from self._settle(reference)

    def _hired(self) -> Iterator[Any]:
        import ray  # noqa: PLC0415  (an extra)

        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        places = places_on(nodes, self._cluster.cpus, use_gpus=self._recipe.device != "cpu")
        actor = ray.remote(
            num_cpus=places.cpus,
            num_gpus=places.gpus,
            max_restarts=-1,
            scheduling_strategy="SPREAD",
        )(RemoteWorker)
        level = logging.getLogger("pairfix").getEffectiveLevel()
        most = min(self._cluster.workers or places.count, places.count, len(self._plan.jobs))
        for _ in range(most):
            yield actor.remote(self._recipe, max(1, places.cpus), level)

    def _call(self, hand: _Hand) -> None:
        """Ask a worker to say when it has started, or started again."""
        reference = hand.actor.welcome.options(max_task_retries=-1).remote()
        self._expected[reference] = (hand, None)

    def _settle(self, reference: Any) -> Iterator[Outcome]:  # noqa: ANN401
        """Take an answer; its worker has the next pair before the result is written."""
        import ray  # noqa: PLC0415  (an extra)

        hand, task = self._expected.pop(reference)
        try:
            answer = ray.get(reference)
        except ray.exceptions.RayTaskError:
            raise  # a defect
        except ray.exceptions.RayError as error:
            yield from self._replace(hand, task, error)
            return
        self._idle.append(hand)
        if task is None:
            _check(answer)
        elif isinstance(answer.result, Unseen):
            hand.sees_files = False
            self._waiting.appendleft(task)
        yield from self._hand_out()
        if task is not None and not isinstance(answer.result, Unseen):
            for record in answer.logged:
                logging.getLogger(record.name).handle(record)
            yield finish_sent(self._plan, task.job, task.states, answer.result, self._recipe)

    def _replace(self, hand: _Hand, task: _Task | None, error: Exception) -> Iterator[Outcome]:
        """Let Ray start a lost worker again, and another one restore its pair."""
        if task is None:
            raise ClusterError(
                f"a worker on the Ray cluster cannot start: {_last_line(error)}",
                "every machine needs the same version of pairfix[cluster]",
            )
        _log.debug("a worker was lost: %s", _last_line(error))
        self._call(hand)
        task.lost += 1
        if task.lost < _ATTEMPTS:
            self._waiting.appendleft(task)
            yield from self._hand_out()
            return
        failure = MemoryExhaustedError(
            f"{task.lost} workers were lost while they restored it, perhaps for lack of memory",
            "give workers more of it, or use a smaller --tile",
        )
        yield Outcome(task.job.name, task.job.photos, None, failure)

    def _hand_out(self) -> Iterator[Outcome]:
        """Give pairs to idle workers; yields those whose photos cannot be sent."""
        while self._idle and self._waiting:
            hand, task = self._idle[-1], self._waiting.popleft()
            job = task.job
            paths = tuple(path.absolute() for path in job.photos)
            task.states = states_of(job)
            contents = None if hand.sees_files else caught(partial(_contents, paths))
            if isinstance(contents, PairfixError):
                yield Outcome(job.name, job.photos, None, contents)
                continue
            self._idle.pop()
            reference = hand.actor.restore.remote(job, paths, task.states, contents)
            self._expected[reference] = (hand, task)


def _contents(paths: Sequence[Path]) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in paths)


def _check(welcome: Welcome) -> None:
    """Refuse a worker that could not do what this machine would.

    Raises:
        ClusterError: It has another version of pairfix.
        PairfixError: It refuses by itself.
    """
    if welcome.version != __version__:
        raise ClusterError(
            f"{welcome.machine} has pairfix {welcome.version}, this machine {__version__}",
            "install the same version on every machine",
        )
    if refusal := welcome.refusal:
        raise type(refusal)(f"{welcome.machine}: {refusal.message}", refusal.hint)


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


def _last_line(error: Exception) -> str:
    return str(error).strip().rpartition("\n")[2].strip()
