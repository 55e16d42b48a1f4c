"""The last steps to a result that this process made: its description, its record, its files."""

from dataclasses import replace

from pairfix.batch.jobs import Job
from pairfix.batch.outcome import Outcome, outcome_of, record
from pairfix.batch.records import Inputs, page_path
from pairfix.errors import PairfixError
from pairfix.output.report import Restoration, unused_settings
from pairfix.output.results import dng_kind, write_results
from pairfix.pipeline import Restored
from pairfix.progress import Timeline
from pairfix.recipe import Recipe, Shoot

__all__ = ["described", "finish"]


def finish(
    shoot: Shoot,
    job: Job,
    inputs: Inputs,
    result: Restored | PairfixError,
    recipe: Recipe,
) -> Outcome:
    """Write a result of this process, after its record.

    Args:
        shoot: What the job belongs to.
        job: The pair.
        inputs: Its files, before they were read.
        result: The restored photo, or why there is none.
        recipe: How it is written.
    """

    def write(restored: Restored) -> Restoration:
        facts, timeline = described(job, restored, recipe)
        record(shoot, job, inputs, facts, recipe)
        sources, settings = {}, recipe
        if shoot.pages:
            page = page_path(shoot.output, job.output)
            sources, settings = restored.scene.sources, replace(recipe, report=page)
        return write_results(restored.fused, sources, job.output, facts, settings, timeline)

    return outcome_of(job, result, write)


def described(job: Job, restored: Restored, recipe: Recipe) -> tuple[Restoration, Timeline]:
    """What the report of a result says, and the timeline that goes on while it is written.

    Raises:
        OutputError: The result's format does not suit the photos.
    """
    reference = restored.scene.reference
    kind = dng_kind(reference, job.output, recipe.dng)
    timeline = Timeline()
    timeline.seconds.update(restored.facts.seconds)
    unused = unused_settings(recipe.develop, reference, kind)
    remarks = restored.facts.remarks + unused
    facts = replace(restored.facts, output=job.output, remarks=remarks)
    return facts, timeline
