"""The folder beside a model in training: checkpoint, log and pictures (torch)."""

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pairfix.errors import ModelError, OutputError
from pairfix.export.folder import check_folder
from pairfix.formats.atomic import replacing
from pairfix.paths import reaching

__all__ = ["Identity", "TrainingFolder"]

Identity = dict[str, Any]
"""What must not change when a training is resumed, in values that JSON takes, by name."""

_STATE = "state.pt"
_FILES = {_STATE, "log.json", "curves.png", "samples.png"}
_UNREADABLE = (
    *(OSError, EOFError, RuntimeError, pickle.UnpicklingError),
    *(KeyError, TypeError, ValueError),
)
"""Raised by damaged checkpoints, and by files of something else."""


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """``FOLDER.training`` beside the model: what a training needs to be resumed."""

    model: Path
    """The model folder that the training makes."""

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.model.with_name(f"{self.model.name}.training")

    @property
    def begun(self) -> bool:
        """Whether there is a checkpoint."""
        return (self.folder / _STATE).is_file()

    def check(self, *, overwrite: bool, resume: bool) -> None:
        """Check that a training can begin here, or be resumed, without writing anything.

        Raises:
            OutputError: The model, an earlier training or something else is in the way, or there
                is no checkpoint.
        """
        check_folder(self.model, overwrite=overwrite or resume)
        with reaching(self.folder, OutputError):
            inside = self.folder.iterdir() if self.folder.is_dir() else ()
            names = [path.name for path in inside if not path.name.startswith(".")]
        if strange := sorted({*names} - _FILES):
            raise OutputError(
                f"{self.folder} holds {strange[0]}, which is not part of a training",
                "move it, or choose another name",
            )
        if resume and not self.begun:
            raise OutputError(f"{self.folder} holds no checkpoint to resume", "leave out --resume")
        if self.begun and not (overwrite or resume):
            raise OutputError(
                f"{self.folder} holds an earlier training", "pass --resume or --overwrite"
            )

    def clear(self) -> None:
        """Make the folder, replacing an earlier training's.

        Raises:
            OutputError: It cannot be made.
        """
        try:
            self.folder.mkdir(exist_ok=True)
            for name in _FILES:
                (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder} cannot be created: {error.strerror}") from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the folder, whole or not at all.

        Raises:
            OutputError: It cannot be written.
        """
        with replacing(self.folder / name, overwrite=True) as file:
            file.write(content)

    def save(self, state: dict[str, Any], identity: Identity) -> None:
        """Write a checkpoint, whole or not at all.

        Raises:
            OutputError: It cannot be written.
        """
        with replacing(self.folder / _STATE, overwrite=True) as file:
            torch.save({"identity": json.dumps(identity), "state": state}, file)

    def load(self, identity: Identity, device: torch.device) -> dict[str, Any]:
        """Read the checkpoint onto a device.

        Raises:
            ModelError: It is damaged, or of another training.
        """
        path = self.folder / _STATE
        try:
            stored = torch.load(path, map_location=device, weights_only=True)
            theirs = json.loads(stored["identity"])
            state: dict[str, Any] = stored["state"]
        except _UNREADABLE as error:
            raise ModelError(
                f"{path} cannot be read: {str(error).partition(chr(10))[0]}",
                "start again with --overwrite",
            ) from error
        _check_identity(path, theirs, json.loads(json.dumps(identity)))
        return state


def _check_identity(path: Path, theirs: Identity, ours: Identity) -> None:
    """Compare only what the checkpoint holds: an older pairfix lacked newer settings."""
    for name, before in sorted(theirs.items()):
        now = ours.get(name)
        if before != now:
            raise ModelError(
                f"{path} was trained with {name} {before}, not {now}",
                "give the same options, or start again with --overwrite",
            )
