"""Judge many pairs, and keep what is found."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from pairfix.bench.baselines import LONG, PHOTOS, SHORT
from pairfix.bench.judge import TRUTH, Judgement, Plan, judge
from pairfix.bench.machine import this_machine
from pairfix.bench.results import Results
from pairfix.bench.sheet import contact_sheet, stack, write_sheet
from pairfix.bench.tables import as_markdown, brief
from pairfix.errors import OutputError
from pairfix.formats.atomic import check_target, replacing
from pairfix.model.model import find_model

__all__ = ["check_folder", "run", "sheets_of", "write_results"]

_NO_LPIPS = (
    "LPIPS is left out: it needs pip install 'pairfix[score]' (non-commercial) and its weights, "
    "which python -c \"import pyiqa; pyiqa.create_metric('lpips')\" fetches"
)

JSON, MARKDOWN, SHEET = "results.json", "results.md", "contact.png"


def run(
    folders: Sequence[Path],
    plan: Plan,
    step: Callable[[str], None],
    seen: Callable[[Judgement], None] | None = None,
) -> Results:
    """Judge pair after pair; what fails is noted, and the rest goes on.

    Args:
        folders: One a pair, as `find_pairs` finds them.
        plan: What is judged.
        step: Told what is done next, before each method.
        seen: Called with each pair's judgement, whose pictures are not kept otherwise.

    Raises:
        ModelError: A model is unknown or damaged.
    """
    for model in plan.models:
        if model is not None:
            find_model(model)
    judgements = []
    for number, place in enumerate(folders, 1):
        prefix = f"{number} of {len(folders)}, {place.resolve().name}"
        judgement = judge(place, plan, partial(_announce, step, prefix))
        if seen:
            seen(judgement)
        judgement.pictures.clear()
        judgements.append(judgement)
    verdicts = tuple(verdict for each in judgements for verdict in each.verdicts)
    remarks = [remark for each in judgements for remark in each.remarks]
    if any(verdict.quality and verdict.quality.lpips is None for verdict in verdicts):
        remarks.append(_NO_LPIPS)
    return Results(
        this_machine(),
        verdicts,
        tuple(failure for each in judgements for failure in each.failures),
        tuple(dict.fromkeys(remarks)),
    )


def _announce(step: Callable[[str], None], prefix: str, method: str) -> None:
    step(f"{prefix}: {method}")


def sheets_of(judgement: Judgement, names: tuple[str, ...] | None = None) -> list[Image.Image]:
    """Crops of a pair's pictures side by side, under their PSNR and SSIM.

    Args:
        judgement: With its pictures.
        names: Which of them, those that are there; None for all.

    Returns:
        One sheet; none where even the photos themselves could not be had.
    """
    pictures = judgement.pictures
    if not pictures.keys() >= set(PHOTOS):
        return []
    chosen = [name for name in names or pictures if name in pictures]
    captions = {v.method: brief(v) for v in judgement.verdicts if v.quality}
    if TRUTH in chosen:
        captions[TRUTH] = "PSNR in dB / SSIM, in sRGB"
    compared = pictures[SHORT], pictures[LONG]
    shown = {name: pictures[name] for name in chosen}
    return [contact_sheet(judgement.pair, shown, compared, captions)]


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the folder if need be, and see to it that results can be written into it.

    Raises:
        OutputError: They cannot, or are there already and may not be overwritten.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}") from error
    for name in (JSON, MARKDOWN, SHEET):
        check_target(folder / name, overwrite=overwrite)


def write_results(
    results: Results, sheets: list[Image.Image], folder: Path, *, overwrite: bool
) -> None:
    """Write results.json, results.md and, if there is anything to see, contact.png.

    Raises:
        OutputError: One of them cannot be written.
    """
    texts = {JSON: json.dumps(results.as_json(), indent=2) + "\n", MARKDOWN: as_markdown(results)}
    for name, text in texts.items():
        with replacing(folder / name, overwrite=overwrite) as file:
            file.write(text.encode())
    if sheets:
        write_sheet(stack(sheets), folder / SHEET, overwrite=overwrite)
