"""Restore what a plan says: reading, restoring and writing overlap."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from pairfix.batch.cluster import Joining
from pairfix.batch.finish import finish
from pairfix.batch.jobs import Plan
from pairfix.batch.memory import fits_beside
from pairfix.batch.outcome import Outcome, broken
from pairfix.batch.records import Inputs, make_folder
from pairfix.batch.workers import restore_side_by_side
from pairfix.pipeline import Restorer
from pairfix.progress import Progress, no_progress
from pairfix.recipe import Recipe

__all__ = ["restore_shoot"]


def restore_shoot(
    plan: Plan,
    recipe: Recipe,
    *,
    progress: Sequence[Progress] = (),
    processes: int = 1,
    cluster: Joining | None = None,
) -> Generator[Outcome]:
    """Restore pair after pair with models that stay open.

    While one pair is restored, the next is read and the last is written, so that memory holds
    three at most, and one if no more is free; or one in each of several processes. Results are
    whole or absent. When the iterator is closed or interrupted, the one that is being written is
    finished; those of other processes are given up.

    Args:
        plan: What is to be done.
        recipe: How; its `preview`, `report` and `overwrite` play no part.
        progress: For each process a function that is called with a stage of its pair, the steps
            done and the steps in all; or none. Not for clusters.
        processes: Processes that restore side by side and share the cores.
        cluster: Where to restore instead of on this machine (`joining`).

    Yields:
        What became of each pair as it is done, in the plan's order unless there are several
        processes; first of those that are not whole.

    Raises:
        OutputError: The output folder cannot be created.
        ModelError, DeviceError, MissingExtraError: As `pairfix.pipeline.Restorer`.
        ClusterError: The cluster cannot be used.
    """
    if plan.jobs:
        make_folder(plan.shoot.output)
    own = replace(recipe, preview=None, report=None, overwrite=plan.shoot.existing == "overwrite")
    yield from broken(plan)
    if cluster is not None:
        yield from cluster.restore(plan, own)
    elif processes > 1:
        yield from restore_side_by_side(plan, own, processes, progress)
    else:
        yield from _restore_in_turn(plan, own, progress[0] if progress else no_progress)


def _restore_in_turn(plan: Plan, recipe: Recipe, progress: Progress) -> Iterator[Outcome]:
    inputs = {job: Inputs.of(job.photos, recipe) for job in plan.jobs}
    overlap = fits_beside([job.need for job in plan.jobs])
    restored = Restorer(recipe).restore_many(
        (job.photos for job in plan.jobs), progress=progress, ahead=int(overlap)
    )
    with ThreadPoolExecutor(1, "pairfix-writer") as writer:
        writing: Future[Outcome] | None = None
        for job in plan.jobs:
            result = next(restored)
            written = writing
            writing = writer.submit(finish, plan.shoot, job, inputs[job], result, recipe)
            del result
            if written is not None:
                yield written.result()
            if not overlap:
                yield writing.result()
                writing = None
        if writing is not None:
            yield writing.result()
