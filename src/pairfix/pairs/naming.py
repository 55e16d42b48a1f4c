"""Pairs found by the photos' names: ``long.*``, ``NAME_long.*``, ``NAME-long.*``.

A photo may be there twice, as a raw and as the picture that the camera made of it: the pair is
made of raws if both exposures have one, else of pictures.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from pairfix.image import FileKind, HeaderFacts
from pairfix.pairs.found import FoundPair, How, LeftOut
from pairfix.paths import real

__all__ = ["intended_pair", "pair_by_name", "pair_name", "without_twins"]

_ROLE = re.compile(r"(?:(?P<stem>.+)[-_])?(?P<role>long|short|gt)", re.IGNORECASE | re.DOTALL)
_LOSSY = {".jpe", ".jpeg", ".jpg", ".webp"}

_Group: TypeAlias = dict[str, list[HeaderFacts]]
"""The photos of one scene by role: long, short or gt (the truth)."""


def pair_by_name(
    photos: Iterable[HeaderFacts], root: Path
) -> tuple[list[FoundPair], list[LeftOut], list[HeaderFacts]]:
    """The pairs, the photos of incomplete ones, and the photos whose names state no role.

    Args:
        photos: All that were found.
        root: The folder that was searched.
    """
    groups: dict[tuple[Path, str], _Group] = defaultdict(lambda: defaultdict(list))
    rest = []
    for photo in photos:
        if match := _ROLE.fullmatch(photo.path.stem):
            scene = photo.path.parent, (match["stem"] or "").casefold()
            groups[scene][match["role"].lower()].append(photo)
        else:
            rest.append(photo)
    pairs, left_out = [], []
    for group in groups.values():
        pair, others = _pair(group, root)
        pairs += [pair] if pair else []
        left_out += others
    return pairs, left_out, rest


def pair_name(photo: Path, root: Path) -> str:
    """What to call a photo's pair: its path below `root` without role and extension.

    Of a photo elsewhere, which a table may name, only the last part.
    """
    inside = photo.is_relative_to(root) and ".." not in photo.relative_to(root).parts
    place = photo.relative_to(root) if inside else Path(photo.name)
    match = _ROLE.fullmatch(photo.stem)
    stem: str | None = match["stem"] if match else photo.stem
    if stem:
        return place.with_name(stem).as_posix()
    return place.parent.as_posix() if place.parent.name else real(photo.parent).name


def intended_pair(photo: Path, root: Path) -> str:
    """The name of the pair that a photo is meant for; empty if its name states no role."""
    return pair_name(photo, root) if _ROLE.fullmatch(photo.stem) else ""


def without_twins(photos: Iterable[HeaderFacts]) -> tuple[list[HeaderFacts], list[LeftOut]]:
    """One photo for each name in a folder, the raw if there is one; and the others."""
    groups: dict[tuple[Path, str], list[HeaderFacts]] = defaultdict(list)
    for photo in photos:
        groups[photo.path.parent, photo.path.stem.casefold()].append(photo)
    chosen, left_out = [], []
    for twins in groups.values():
        best, others = _best_of(twins)
        chosen.append(best)
        left_out += others
    return chosen, left_out


def _pair(group: _Group, root: Path) -> tuple[FoundPair | None, list[LeftOut]]:
    everything = [photo for photos in group.values() for photo in photos]
    if missing := [role for role in ("long", "short") if role not in group]:
        wanted = " and ".join(missing)
        reason = f"there is no readable {wanted} exposure of the same name beside it"
        pair = "" if group.keys() == {"gt"} else pair_name(everything[0].path, root)
        return None, [LeftOut(photo.path, reason, pair, alone=True) for photo in everything]
    kinds = {photo.kind for photo in group["long"]} & {photo.kind for photo in group["short"]}
    common: FileKind = "picture" if kinds == {"picture"} else "raw"
    (long, long_twins), (short, short_twins) = (
        _best_of(group[role], common) for role in ("long", "short")
    )
    truth, truth_twins = _best_of(group["gt"], long.kind) if "gt" in group else (None, [])
    how: How = "folder" if long.path.stem.lower() == "long" else "name"
    return FoundPair(
        name=pair_name(long.path, root),
        long_facts=long,
        short_facts=short,
        truth=truth.path if truth else None,
        how=how,
    ), [*long_twins, *short_twins, *truth_twins]


def _best_of(
    twins: Sequence[HeaderFacts], kind: FileKind = "raw"
) -> tuple[HeaderFacts, list[LeftOut]]:
    """The best of several files of one photo, preferably of `kind`; and the others."""
    best = min(
        twins,
        key=lambda photo: (photo.kind != kind, photo.path.suffix.lower() in _LOSSY, photo.path),
    )
    left_out = []
    for photo in twins:
        if photo is not best:
            which = "its raw" if best.kind != photo.kind and best.kind == "raw" else "its twin"
            left_out.append(LeftOut(photo.path, f"{best.path.name}, {which}, is used instead"))
    return best, left_out
