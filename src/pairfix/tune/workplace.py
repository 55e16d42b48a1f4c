"""The folder beside a model in fine-tuning."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pairfix.calibration import CameraProfile
from pairfix.errors import ModelError, OutputError
from pairfix.export.folder import CALIBRATION, check_folder
from pairfix.formats.atomic import appearing
from pairfix.jsonfile import read_json
from pairfix.model import Model, find_model
from pairfix.train.checkpoint import TrainingFolder

__all__ = ["TuningPlace"]

_FACTS = "pairs.json"
_LARGEST = 1 << 24
"""Bytes of it; a pair takes 60."""


@dataclass(frozen=True, slots=True)
class TuningPlace:
    """Where a fine-tuning keeps what it needs to be resumed."""

    model: Path
    """The model folder that comes out of it."""
    folder: Path
    """The folder itself."""

    @classmethod
    def beside(cls, model: Path) -> "TuningPlace":
        """``FOLDER.training`` beside the model."""
        return cls(model, model.with_name(f"{model.name}.training"))

    @property
    def photos(self) -> Path:
        """The user's own photos, restored and reduced."""
        return self.folder / "photos"

    @property
    def candidate(self) -> Path:
        """The model in training; its checkpoint lies beside it."""
        return self.folder / "candidate"

    @property
    def calibration(self) -> Path:
        """The camera's noise."""
        return self.folder / CALIBRATION

    @property
    def comparison(self) -> Path:
        """Crops before and after."""
        return self.folder / "comparison.png"

    @property
    def begun(self) -> bool:
        """Whether everything was prepared, so that training can begin or be resumed."""
        return (self.folder / _FACTS).is_file()

    @property
    def in_training(self) -> bool:
        """Whether there is a checkpoint."""
        return TrainingFolder(self.candidate).begun

    def check(self, *, overwrite: bool, resume: bool) -> None:
        """Check that a tuning can begin here, or be resumed; nothing is written.

        Raises:
            OutputError: The model, an earlier tuning or something else is in the way, or there is
                nothing to resume.
        """
        check_folder(self.model, overwrite=overwrite or resume)
        if resume and not self.begun:
            raise OutputError(f"{self.folder} holds no tuning to resume", "leave out --resume")
        if self.folder.exists() and not self.begun:
            raise OutputError(f"{self.folder} is in the way", "move it, or choose another name")
        if self.begun and not (overwrite or resume):
            raise OutputError(
                f"{self.folder} holds an earlier tuning", "pass --resume or --overwrite"
            )

    @contextmanager
    def fresh(self, *, overwrite: bool) -> Iterator["TuningPlace"]:
        """A temporary place with a folder for photos, which replaces this one if all goes well.

        Raises:
            OutputError: As `check`; or the disk is full or fails.
        """
        check = partial(self.check, overwrite=overwrite, resume=False)
        with appearing(self.folder, check) as beside:
            place = replace(self, folder=beside)
            place.photos.mkdir()
            yield place

    def keep(self, profile: CameraProfile, facts: dict[str, Any]) -> None:
        """Write what was found out; the facts say that all is there."""
        self.calibration.write_bytes(profile.as_json().encode())
        (self.folder / _FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What `keep` was given.

        Raises:
            ModelError: It is missing or damaged.
        """
        path = self.folder / _FACTS
        try:
            facts = dict(read_json(path, _LARGEST))
        except (OSError, TypeError, ValueError) as error:
            raise ModelError(f"{path} cannot be read", "start again with --overwrite") from error
        return facts

    def publish(self, about: str, *, overwrite: bool) -> Model:
        """Publish the candidate, with its calibration, as the model that the user asked for.

        Args:
            about: What the model card says beyond what the training wrote.
            overwrite: Replace an existing model folder.

        Raises:
            OutputError: The folder exists or cannot be written.
        """
        with appearing(
            self.model, partial(check_folder, self.model, overwrite=overwrite)
        ) as beside:
            for path in self.candidate.iterdir():
                shutil.copyfile(path, beside / path.name)
            shutil.copyfile(self.calibration, beside / CALIBRATION)
            card = beside / "README.md"
            text = card.read_text(encoding="utf-8")
            text = text.replace("# candidate", f"# {self.model.name}", 1) + about
            card.write_bytes(text.encode(errors="backslashreplace"))
        return find_model(self.model)
