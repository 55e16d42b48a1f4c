"""What each result was made from: one small file for each, in a hidden folder of the output.

A record is written before its result, and holds the state of the file that the result replaces.
So a whole result always has its record, whenever a run is killed: if the file is another one than
the record replaces, it was made from what the record says.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pairfix.errors import OutputError
from pairfix.formats.atomic import replacing
from pairfix.formats.sidecars import sidecars_of
from pairfix.image import Domain
from pairfix.model import CHANNELS, default_model, find_model
from pairfix.output.report import Restoration
from pairfix.paths import reaching
from pairfix.recipe import Recipe

__all__ = [
    "Inputs",
    "Record",
    "State",
    "make_folder",
    "page_path",
    "read_record",
    "record_path",
    "write_record",
]

FOLDER = ".pairfix"
"""Name of the records' folder."""

_VERSION = 1
_LARGEST = 1 << 20
"""Bytes of a record that are read."""
_ONCE_ABSENT = {"ensemble": 1}
"""What older records leave out, and stands for what it was."""


@dataclass(frozen=True, slots=True)
class State:
    """What tells one version of a file from another."""

    path: str
    size: int
    modified: int
    """Nanoseconds since 1970."""

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The state of a file; None if it cannot be told."""
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(str(path), status.st_size, status.st_mtime_ns)

    @property
    def version(self) -> tuple[str, int, int]:
        """What is equal for the same version of a file, however its folder is called."""
        return Path(self.path).name, self.size, self.modified


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a pair before they are read: what changes later makes its result outdated."""

    photos: tuple[State | None, ...]
    sidecars: tuple[State, ...] = ()
    """Of the photo whose metadata the result carries, if it shall carry any."""

    @classmethod
    def of(cls, photos: Sequence[Path], recipe: Recipe) -> Self:
        """The files as they are now.

        Args:
            photos: The long and the short exposure; or the only photo.
            recipe: How they are to be restored.
        """
        sidecars = map(State.of, sidecars_of(photos[-1]) if recipe.metadata else ())
        return cls(tuple(map(State.of, photos)), tuple(each for each in sidecars if each))

    @property
    def versions(self) -> tuple[object, ...]:
        """What is equal for the same versions of the same files in other folders."""
        return _versions((*self.photos, *self.sidecars))


@dataclass(frozen=True, slots=True)
class Record:
    """What one result was made from."""

    inputs: tuple[State, ...]
    """The photos."""
    model: str
    domain: Domain
    sha256: str
    """Of the model's weights."""
    settings: dict[str, Any]
    replaced: State | None
    """The file that was there before; None if there was none."""
    report: dict[str, Any]
    """What was done, as `pairfix.output.report.Restoration.as_json` has it."""
    worker: str = ""
    """The machine of a cluster that made it; empty: the one that wrote it."""
    sidecars: tuple[State, ...] = ()

    @classmethod
    def of(
        cls,
        inputs: Inputs,
        restoration: Restoration,
        recipe: Recipe,
        output: Path,
        worker: str = "",
    ) -> Self:
        """The record of a result that is about to be written."""
        model = restoration.model
        return cls(
            tuple(state for state in inputs.photos if state is not None),
            model.name,
            model.domain,
            model.weights_sha256,
            _settings(recipe),
            State.of(output),
            restoration.as_json(),
            worker,
            inputs.sidecars,
        )

    def difference(self, inputs: Inputs, recipe: Recipe) -> str:
        """How the result differs from one that would be made today; empty if it does not."""
        if _versions(inputs.photos) != _versions(self.inputs):
            return "made from other photos, or from other versions of them"
        model = find_model(recipe.model) if recipe.model else default_model(self.domain)
        if model.weights_sha256 != self.sha256:
            return f"made by another model, {self.model}"
        today = json.loads(json.dumps(_settings(recipe)))
        made = {name: self.settings.get(name, _ONCE_ABSENT.get(name)) for name in today}
        if changed := [_told(name, made[name]) for name in today if made[name] != today[name]]:
            return f"made with {', '.join(changed)}"
        if _versions(inputs.sidecars) != _versions(self.sidecars):
            return "made from other sidecars, or from other versions of them"
        return ""


def make_folder(folder: Path) -> None:
    """Create an output folder, and that of its records.

    Raises:
        OutputError: They cannot be created.
    """
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}", "choose another folder"
        ) from error


def read_record(folder: Path, result: Path) -> Record | None:
    """The record of a result that is there; None if there is none, or it is of another file.

    Args:
        folder: The output folder.
        result: A file in it.
    """
    try:
        with record_path(folder, result).open("rb") as file:
            content = json.loads(file.read(_LARGEST))
        if content.pop("version") != _VERSION:
            return None
        if content["domain"] not in CHANNELS or not all(
            isinstance(content[name], dict) for name in ("settings", "report")
        ):
            return None
        inputs = _states(content.pop("inputs"))
        sidecars = _states(content.pop("sidecars", []))
        replaced = content.pop("replaced")
        record = Record(
            inputs=inputs,
            sidecars=sidecars,
            replaced=replaced and State(**replaced),
            **content,
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    now = State.of(result)
    unwritten = record.replaced and now and record.replaced.version == now.version
    return None if unwritten else record


def write_record(folder: Path, result: Path, record: Record) -> None:
    """Write the record of a result that is about to be written.

    Raises:
        OutputError: It cannot be written.
    """
    path = record_path(folder, result)
    with reaching(path, OutputError):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, overwrite=True) as file:
        file.write(json.dumps({"version": _VERSION, **asdict(record)}, indent=1).encode())


def record_path(folder: Path, result: Path, suffix: str = ".json") -> Path:
    """Where what is known of a result is kept."""
    inside = result.relative_to(folder)
    return folder / FOLDER / inside.with_name(f"{inside.name}{suffix}")


def page_path(folder: Path, result: Path) -> Path:
    """Where a result's report is kept: beside its record, in nobody's way."""
    return record_path(folder, result, ".html")


def _settings(recipe: Recipe) -> dict[str, Any]:
    """All that changes the file, but the model; neither device nor tiles do visibly."""
    develop = recipe.develop
    return {
        "align": recipe.align,
        "keep_row_noise": recipe.keep_row_noise,
        "sharp_long": recipe.sharp_long,
        "points": recipe.points,
        "strength": recipe.strength,
        "adapt": recipe.adapt,
        "reblur_module": recipe.reblur_module,
        "crop": recipe.crop and asdict(recipe.crop),
        "bits": recipe.bits,
        "quality": recipe.quality,
        "metadata": recipe.metadata,
        "ensemble": recipe.ensemble,
        "dng": recipe.dng,
        **asdict(develop),
    }


def _told(name: str, value: object) -> str:
    words = name.replace("_", " ")
    return f"the default {words}" if value is None else f"{words} {value}"


def _versions(states: Iterable[State | None]) -> tuple[object, ...]:
    return tuple(each and each.version for each in states)


def _states(content: list[dict[str, Any]]) -> tuple[State, ...]:
    return tuple(State(**each) for each in content)
