"""Judge many pairs, and write the results."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from pathlib import Path

from PIL import Image

from pairfix.bench.baselines import LONG, PHOTOS, SHORT
from pairfix.bench.judge import TRUTH, Judgement, Plan, judge
from pairfix.bench.results import Failure, Results, this_machine
from pairfix.bench.sheet import contact_sheet, stack, write_sheet
from pairfix.bench.tables import as_markdown, brief
from pairfix.errors import InputError, OutputError
from pairfix.formats.atomic import check_target, replacing
from pairfix.model import find_model
from pairfix.pairs import Found, LeftOut

__all__ = ["check_folder", "run", "sheets_of", "write_results"]

_NO_LPIPS = (
    "LPIPS is left out: it needs pip install 'pairfix[score]' (non-commercial) and its weights, "
    "which python -c \"import pyiqa; pyiqa.create_metric('lpips')\" fetches"
)

JSON, MARKDOWN, SHEET = "results.json", "results.md", "contact.png"


def run(
    found: Found,
    plan: Plan,
    step: Callable[[str], None],
    seen: Callable[[Judgement], None] | None = None,
) -> Results:
    """Judge pair after pair; failures are recorded, and the rest continues.

    Args:
        found: The pairs (`pairfix.pairs.find_pairs`, not strict). Incomplete ones become failures,
            and other photos that were left out become remarks.
        plan: What is judged.
        step: Called with a description of the next step, before each method.
        seen: Called with each pair's judgement; its pictures are discarded afterwards.

    Raises:
        ModelError: A model is unknown or damaged.
    """
    for model in plan.models:
        if model is not None:
            find_model(model)
    judgements = []
    for number, pair in enumerate(found.pairs, 1):
        prefix = f"{number} of {len(found.pairs)}, {pair.name}"
        judgement = judge(pair, plan, partial(_announce, step, prefix))
        if seen:
            seen(judgement)
        judgement.pictures.clear()
        judgements.append(judgement)
    verdicts = tuple(verdict for each in judgements for verdict in each.verdicts)
    remarks = [f"left out: {_reason(each, found)}" for each in found.left_out if not each.pair]
    remarks += [remark for each in judgements for remark in each.remarks]
    failures = _incomplete(found)
    failures += [failure for each in judgements for failure in each.failures]
    if any(verdict.quality and verdict.quality.lpips is None for verdict in verdicts):
        remarks.append(_NO_LPIPS)
    return Results(
        this_machine(),
        verdicts,
        tuple(failures),
        tuple(dict.fromkeys(remarks)),
    )


def _incomplete(found: Found) -> list[Failure]:
    """The pairs that lack a readable photo."""
    meant = sorted((each for each in found.left_out if each.pair), key=lambda each: each.pair)
    return [
        Failure(pair, "", _reasons(photos, found), InputError.exit_code)
        for pair, photos in groupby(meant, key=lambda each: each.pair)
    ]


def _reasons(photos: Iterable[LeftOut], found: Found) -> str:
    return "; ".join(_reason(each, found) for each in photos)


def _reason(photo: LeftOut, found: Found) -> str:
    root = found.source if found.source.is_dir() else found.source.parent
    path = photo.path.relative_to(root) if photo.path.is_relative_to(root) else photo.path
    return f"{path} ({photo.reason})"


def _announce(step: Callable[[str], None], prefix: str, method: str) -> None:
    step(f"{prefix}: {method}")


def sheets_of(judgement: Judgement, names: tuple[str, ...] | None = None) -> list[Image.Image]:
    """Crops of a pair's pictures side by side, with their PSNR and SSIM.

    Args:
        judgement: With its pictures.
        names: Which pictures to show, as far as they exist; None for all.

    Returns:
        One sheet; none if even the photos themselves are missing.
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
    """Create the folder if needed, and check that results can be written to it.

    Raises:
        OutputError: They cannot, or exist and may not be overwritten.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be created: {error.strerror}") from error
    for name in (JSON, MARKDOWN, SHEET):
        check_target(folder / name, overwrite=overwrite)


def write_results(
    results: Results, sheets: list[Image.Image], folder: Path, *, overwrite: bool
) -> None:
    """Write results.json, results.md and, if there are sheets, contact.png.

    Raises:
        OutputError: One of them cannot be written.
    """
    texts = {JSON: json.dumps(results.as_json(), indent=2) + "\n", MARKDOWN: as_markdown(results)}
    for name, text in texts.items():
        with replacing(folder / name, overwrite=overwrite) as file:
            file.write(text.encode(errors="backslashreplace"))  # names need not be Unicode
    if sheets:
        write_sheet(stack(sheets), folder / SHEET, overwrite=overwrite)
