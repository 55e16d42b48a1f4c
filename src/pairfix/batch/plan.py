"""What a run over a shoot will do: which pairs, to which files, and what it leaves alone."""

import string
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from pathlib import Path, PurePosixPath

from pairfix.batch.jobs import Job, Kept, Plan
from pairfix.batch.memory import need_of
from pairfix.batch.records import Inputs, read_record
from pairfix.errors import InputError, OutputError, PairError
from pairfix.formats import FORMATS
from pairfix.formats.atomic import check_target
from pairfix.formats.registry import depth_of, output_format
from pairfix.image import ROLES, Domain, HeaderFacts
from pairfix.model import Model, default_model, find_model
from pairfix.output.results import check_distinct, check_format
from pairfix.pairs import LeftOut, find_pairs
from pairfix.pairs.naming import pair_name
from pairfix.pairs.sources import list_photos, read_photos
from pairfix.paths import reaching, real
from pairfix.recipe import Recipe, Shoot
from pairfix.stages.suitability import check_model

__all__ = ["FIELDS", "plan_shoot"]

FIELDS: Mapping[str, str] = {
    "stem": "the pair's name: IMG_1 of IMG_1_long.dng, or the name of its folder",
    "long": "the long photo's name without its extension",
    "short": "the short photo's name without its extension",
    "number": "1, 2, 3 ... in the order of the pairs; {number:04} pads with zeros",
}
"""What a template for names may hold."""


def plan_shoot(shoot: Shoot, recipe: Recipe) -> Plan:
    """Find the pairs and decide what to do with each.

    Args:
        shoot: What is to be restored.
        recipe: How. A model that takes one photo restores every photo.

    Raises:
        InputError: The source cannot be read, or the table names a file that does not exist.
        PairError: There is no pair.
        ModelError: There is no such model, or it cannot do what the recipe asks for.
        OutputError: The output cannot be written or lies in the source, the template is wrong, two
            pairs would write the same file, or a result exists and must not.
    """
    _check_output(shoot, recipe)
    chosen = None if recipe.model is None else find_model(recipe.model)
    if chosen is not None:
        check_model(chosen, len(ROLES), recipe.strength)
    if chosen is not None and len(chosen.roles) < len(ROLES):
        scenes, unreadable, left_out = _single_photos(shoot.source)
    else:
        scenes, unreadable, left_out = _pairs(shoot.source)

    @cache
    def model_for(domain: Domain) -> Model:
        return chosen or default_model(domain)

    objections = [_objection(shoot, chosen, photos) for _, photos in scenes]
    judged = list(zip(scenes, objections, strict=True))
    jobs = [
        _job(shoot, model_for, name, photos, number)
        for number, ((name, photos), objection) in enumerate(judged, start=1)
        if not objection
    ]
    _check_targets(jobs)
    part, parts = shoot.shard
    todo, kept = _divided(shoot, jobs[part - 1 :: parts], recipe)
    cannot = [
        LeftOut(photos[-1].path, objection, name)
        for (name, photos), objection in judged
        if objection
    ]
    cannot += unreadable
    own = sorted({each.pair for each in cannot})[part - 1 :: parts]
    broken = sorted((each for each in cannot if each.pair in own), key=attrgetter("pair"))
    return Plan(shoot, tuple(todo), tuple(kept), tuple(broken), tuple(left_out))


_Scenes = list[tuple[str, tuple[HeaderFacts, ...]]]


def _objection(shoot: Shoot, model: Model | None, facts: tuple[HeaderFacts, ...]) -> str:
    """Why photos cannot be restored as asked, as far as their headers tell; empty if they can."""
    if FORMATS[shoot.suffix].mosaic and facts[-1].kind != "raw":
        return "a DNG needs raw photos"
    if model is not None and model.domain == "raw" and any(each.kind != "raw" for each in facts):
        return f"model {model.name} restores raw photos alone"
    return ""


def _job(
    shoot: Shoot,
    model_for: Callable[[Domain], Model],
    name: str,
    facts: tuple[HeaderFacts, ...],
    number: int,
) -> Job:
    photos = tuple(each.path for each in facts)
    model = model_for("raw" if all(photo.kind == "raw" for photo in facts) else "srgb")
    output = _target(shoot, name, photos, number)
    return Job(name, photos, output, model.name, need_of(facts, model))


def _pairs(source: Path) -> tuple[_Scenes, list[LeftOut], list[LeftOut]]:
    found = find_pairs(source)
    meant = [each for each in found.left_out if each.pair]
    if not meant:
        found.require()
    scenes: _Scenes = [(pair.name, (pair.long_facts, pair.short_facts)) for pair in found.pairs]
    others = [each for each in found.left_out if not each.pair]
    return scenes, [each for each in meant if each.pair not in dict(scenes)], others


def _single_photos(source: Path) -> tuple[_Scenes, list[LeftOut], list[LeftOut]]:
    if not source.is_dir():
        raise InputError(
            f"{source} lists pairs, but the model restores single photos", "name a folder"
        )
    paths, closed = list_photos(source)
    readable, damaged = read_photos(paths)
    if not paths:
        raise PairError(f"{source} holds no photos", "name a folder of photos")
    scenes: _Scenes = [
        (each.path.relative_to(source).with_suffix("").as_posix(), (each,)) for each in readable
    ]
    named = [LeftOut(each.path, each.reason, pair_name(each.path, source)) for each in damaged]
    return scenes, named, closed


def _check_output(shoot: Shoot, recipe: Recipe) -> None:
    output = shoot.output
    _filled(shoot.name, "pair", (Path("long"), Path("short")), 1)
    if shoot.suffix not in FORMATS:
        raise OutputError(
            f"{shoot.suffix.removeprefix('.')} is not a format that pairfix writes",
            f"use {', '.join(each.removeprefix('.') for each in FORMATS)}",
        )
    with reaching(output, OutputError):
        if output.exists() and not output.is_dir():
            raise OutputError(f"{output} is not a folder", "name a folder for the results")
        if not output.exists() and output.suffix.lower() in FORMATS:
            raise OutputError(
                f"{output} is a photo's name, but {shoot.source} may hold several pairs",
                "name a folder for the results, and their format by --format",
            )
        place, source = real(output), real(shoot.source)
        if shoot.source.is_dir() and place.is_relative_to(source):
            raise OutputError(
                f"{output} lies in {shoot.source}, where its results would be taken for photos",
                "name a folder elsewhere",
            )
    result = output / f"{shoot.name}{shoot.suffix}"
    depth_of(result, output_format(result), recipe.bits)
    check_format(result, recipe)
    existing = next(each for each in (output, *output.absolute().parents) if each.is_dir())
    check_target(existing / f"pairfix{shoot.suffix}", overwrite=True)


def _target(shoot: Shoot, name: str, photos: Sequence[Path], number: int) -> Path:
    place = PurePosixPath(name)
    filled = _filled(shoot.name, place.name, photos, number)
    return shoot.output / place.parent / f"{filled}{shoot.suffix}"


def _filled(template: str, stem: str, photos: Sequence[Path], number: int) -> str:
    values = {
        "stem": stem,
        "long": photos[0].stem,
        "short": photos[-1].stem,
        "number": number,
    }
    known = ", ".join(f"{{{each}}}" for each in FIELDS)
    try:
        fields = {each for _, each, _, _ in string.Formatter().parse(template) if each is not None}
        if unknown := sorted(fields - FIELDS.keys()):
            raise OutputError(f"the name '{template}' has a field {unknown[0]!r}", f"use {known}")
        filled = template.format(**values)
    except (ValueError, IndexError) as error:
        raise OutputError(
            f"the name '{template}' is not a valid template: {error}", f"use {known}"
        ) from error
    if not filled or filled.startswith(".") or "/" in filled or "\\" in filled or "\0" in filled:
        raise OutputError(
            f"the name '{template}' gives '{filled}', which cannot be a file's name",
            "folders are kept as they are; begin with {stem}",
        )
    return filled


def _check_targets(jobs: Sequence[Job]) -> None:
    """Refuse results that would fall together, also where case does not count."""
    taken: dict[str, Job] = {}
    for job in jobs:
        other = taken.setdefault(str(job.output).casefold(), job)
        if other is not job:
            raise OutputError(
                f"{job.name} and {other.name} would both write {job.output}",
                "tell them apart by --name, such as '{stem}-{number}'",
            )
        check_distinct(job.photos, [job.output])


def _divided(shoot: Shoot, jobs: Sequence[Job], recipe: Recipe) -> tuple[list[Job], list[Kept]]:
    """What is to be done, and what stays."""
    todo, kept = [], []
    for job in jobs:
        with reaching(job.output, OutputError):
            exists = job.output.exists() or job.output.is_symlink()
        if not exists:
            todo.append(job)
            continue
        if shoot.existing == "fail":
            raise OutputError(
                f"{job.output} exists already", "pass --existing skip, or another --output"
            )
        record = read_record(shoot.output, job.output)
        difference = (
            record.difference(Inputs.of(job.photos, recipe), recipe)
            if record
            else "not made by such a run"
        )
        if difference and shoot.existing == "overwrite":
            todo.append(job)
        else:
            kept.append(Kept(job, difference))
    return todo, kept
