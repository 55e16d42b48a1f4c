"""The workers on a cluster, and who restores what."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ray

from pairfix._version import __version__
from pairfix.batch.cluster.places import places_on
from pairfix.batch.jobs import Job
from pairfix.batch.outcome import Outcome, finish_sent
from pairfix.batch.records import Inputs
from pairfix.batch.remote import Contents, RemoteWorker, Unseen, Welcome
from pairfix.errors import ClusterError, MemoryExhaustedError, PairfixError, caught
from pairfix.recipe import Cluster, Recipe, Shoot

__all__ = ["Crew"]

_log = logging.getLogger(__name__)

_EMPLOYING = 300.0
"""Seconds without any worker after which a cluster counts as too busy."""
_ATTEMPTS = 3
"""Workers that may be lost over one pair: it may be the pair that kills them."""


@dataclass(slots=True, eq=False)
class _Task:
    """A pair that is to be restored."""

    job: Job
    inputs: Inputs
    """Its files, when it was handed out last."""
    lost: int = 0
    """Workers that were lost over it."""


@dataclass(slots=True, eq=False)
class _Hand:
    """A worker, from the outside."""

    actor: Any
    sees_files: bool = True
    tasks: deque[_Task] = field(default_factory=deque)
    """What it was given, in order: it works on the first."""


class Crew:
    """The workers on a cluster that this process is connected to."""

    def __init__(self, shoot: Shoot, jobs: Sequence[Job], recipe: Recipe, cluster: Cluster) -> None:
        self._shoot, self._recipe, self._cluster = shoot, recipe, cluster
        self._waiting = deque(_Task(job, Inputs(())) for job in jobs)
        self._present: list[_Hand] = []
        """Workers that have started and were not lost."""
        self._expected: dict[Any, tuple[_Hand, _Task | None]] = {}
        """Who answers, by Ray's references; no task: one that has yet to start."""

    def outcomes(self) -> Iterator[Outcome]:
        """Restore all pairs.

        Raises:
            ClusterError: There is no room for a worker, or workers cannot start.
            PairfixError: A worker refuses.
        """
        for actor in self._hired():
            self._call(_Hand(actor))
        while self._waiting or self._busy():
            answered, _ = ray.wait([*self._expected], timeout=_EMPLOYING)
            if not answered and not self._busy():
                raise ClusterError(
                    "the Ray cluster has had no free worker for minutes",
                    "see 'ray status'; the same command goes on",
                )
            for reference in answered:
                yield from self._settle(reference)

    def _busy(self) -> bool:
        return any(hand.tasks for hand in self._present)

    def _hired(self) -> Iterator[Any]:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        places = places_on(nodes, self._cluster.cpus, use_gpus=self._recipe.device != "cpu")
        actor = ray.remote(
            num_cpus=places.cpus,
            num_gpus=places.gpus,
            max_restarts=-1,
            scheduling_strategy="SPREAD",
        )(RemoteWorker)
        level = logging.getLogger("pairfix").getEffectiveLevel()
        most = min(self._cluster.workers or places.count, places.count, len(self._waiting))
        for _ in range(most):
            yield actor.remote(self._recipe, max(1, places.cpus), level)

    def _call(self, hand: _Hand) -> None:
        """Ask a worker to say when it has started, or started again."""
        reference = hand.actor.welcome.options(max_task_retries=-1).remote()
        self._expected[reference] = (hand, None)

    def _settle(self, reference: Any) -> Iterator[Outcome]:  # noqa: ANN401
        """Take an answer; its worker has more to do before the result is written."""
        hand, task = self._expected.pop(reference)
        try:
            answer = ray.get(reference)
        except ray.exceptions.RayTaskError:
            raise  # a defect
        except ray.exceptions.RayError as error:
            yield from self._replace(hand, error)
            return
        if task is None:
            _check(answer)
            self._present.append(hand)
        else:
            hand.tasks.remove(task)
            if isinstance(answer.result, Unseen):
                hand.sees_files = False
                self._waiting.appendleft(task)
        yield from self._hand_out()
        if task is not None and not isinstance(answer.result, Unseen):
            for record in answer.logged:
                logging.getLogger(record.name).handle(record)
            yield finish_sent(self._shoot, task.job, task.inputs, answer.result, self._recipe)

    def _replace(self, hand: _Hand, error: Exception) -> Iterator[Outcome]:
        """Let Ray start a lost worker again, and others restore its pairs."""
        reason = str(error).strip().rpartition("\n")[2].strip()
        if hand not in self._present:
            raise ClusterError(
                f"a worker on the Ray cluster cannot start: {reason}",
                "every machine needs the same version of pairfix[cluster]",
            )
        _log.debug("a worker was lost: %s", reason)
        self._present.remove(hand)
        self._expected = {
            reference: entry for reference, entry in self._expected.items() if entry[0] is not hand
        }
        self._call(hand)
        task = hand.tasks[0]
        task.lost += 1
        if task.lost == _ATTEMPTS:
            hand.tasks.popleft()
            failure = MemoryExhaustedError(
                f"{task.lost} workers were lost while they restored it, perhaps for lack of memory",
                "give workers more of it, or use a smaller --tile",
            )
            yield Outcome(task.job.name, task.job.photos, None, failure)
        self._waiting.extendleft(reversed(hand.tasks))
        hand.tasks.clear()
        yield from self._hand_out()

    def _hand_out(self) -> Iterator[Outcome]:
        """Give pairs to workers; yields those whose photos cannot be sent."""
        while self._waiting and (hand := self._free()):
            task = self._waiting.popleft()
            job = task.job
            paths = tuple(path.absolute() for path in job.photos)
            task.inputs = Inputs.of(job.photos, self._recipe)
            sent = partial(Contents.read, paths, task.inputs)
            contents = None if hand.sees_files else caught(sent)
            if isinstance(contents, PairfixError):
                yield Outcome(job.name, job.photos, None, contents)
                continue
            hand.tasks.append(task)
            reference = hand.actor.restore.remote(job, paths, task.inputs, contents)
            self._expected[reference] = (hand, task)

    def _free(self) -> _Hand | None:
        """A worker for the next pair.

        While more pairs wait than there are workers, each has a second one before it is done with
        the first: its photos are sent meanwhile, and nobody waits while a result is written here.
        """
        most = 2 if len(self._waiting) > len(self._present) else 1
        hand = min(self._present, key=lambda each: len(each.tasks), default=None)
        return hand if hand and len(hand.tasks) < most else None


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
