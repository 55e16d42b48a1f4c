"""What a run did, for people and for machines."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pairfix.backends import Runtime
from pairfix.image import (
    AlignedPair,
    Alignment,
    DevelopSettings,
    Frame,
    Role,
    SingleFrame,
)
from pairfix.model.model import Model

__all__ = ["Adaptation", "Report", "Restoration", "unused_photos", "unused_settings"]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How a network was adapted to one photo (`pairfix.adapt`)."""

    module: str
    """Name of the reblurring module."""
    steps: int
    loss_before: float
    """Reblurring loss of the unadapted network on the tiles that it was adapted on, at least 0."""
    loss_after: float
    psnr: float
    """Of the adapted result against the unadapted one in dB, in the network's range."""

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form; where nothing changed there is no PSNR."""
        return asdict(self) | {"psnr": self.psnr if math.isfinite(self.psnr) else None}


@dataclass(frozen=True, slots=True)
class Report:
    """What was done with a pair or a single photo: the result of `pairfix.align_pair`."""

    scene: AlignedPair | SingleFrame
    seconds: dict[str, float]
    """By stage, in order."""
    output: Path
    remarks: tuple[str, ...] = ()
    """What the user should know about the options that were given."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know, in the order of the stages."""
        frames = self.frames.values()
        of_files = tuple(f"{frame.path.name}: {note}" for frame in frames for note in frame.notes)
        if isinstance(self.scene, AlignedPair):
            of_files += (*self.scene.matched.notes, *self.scene.alignment.notes)
        return of_files + self.remarks

    @property
    def alignment(self) -> Alignment | None:
        """How the pair was aligned; None for a single photo."""
        return self.scene.alignment if isinstance(self.scene, AlignedPair) else None

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form that `--json` prints; docs/report.schema.json describes it."""
        report: dict[str, Any] = {
            "output": str(self.output),
            "inputs": {role: _frame(frame) for role, frame in self.frames.items()},
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "notes": list(self.notes),
        }
        if isinstance(self.scene, AlignedPair):
            report |= _pairing(self.scene)
        return report

    @property
    def frames(self) -> dict[Role, Frame]:
        """The decoded photos by the role that they were found to have."""
        if isinstance(self.scene, SingleFrame):
            return {self.scene.role: self.scene.reference}
        return {"long": self.scene.matched.long, "short": self.scene.matched.short}


@dataclass(frozen=True, slots=True)
class Restoration(Report):
    """The result of `pairfix.restore`."""

    model: Model = field(kw_only=True)
    runtime: Runtime = field(kw_only=True)
    tile: int = field(kw_only=True)
    """Longest side of the tiles, in the network's pixels."""
    adaptation: Adaptation | None = field(default=None, kw_only=True)

    def as_json(self) -> dict[str, Any]:
        """The report with model, runtime and what an adaptation did."""
        report = super(Restoration, self).as_json() | {
            "model": {
                "name": self.model.name,
                "network": self.model.network.name,
                "domain": self.model.domain,
            },
            "runtime": asdict(self.runtime) | {"tile": self.tile},
        }
        if self.adaptation:
            report["adaptation"] = self.adaptation.as_json()
        return report


def unused_photos(scene: AlignedPair | SingleFrame, model: Model) -> tuple[str, ...]:
    """A remark where a model takes one photo of a pair."""
    if isinstance(scene, SingleFrame) or len(model.roles) > 1:
        return ()
    (role,) = model.roles
    geometry = "the short one gives geometry and highlights"
    return (f"model {model.name} restores from the {role} exposure alone; {geometry}",)


def unused_settings(
    settings: DevelopSettings, reference: Frame, *, is_mosaic: bool
) -> tuple[str, ...]:
    """A remark where white balance, demosaicing or highlights were asked for in vain."""
    if settings == DevelopSettings(exposure=settings.exposure):
        return ()
    if is_mosaic:
        return ("white balance, demosaicing and highlights are left to whoever develops the DNG",)
    if reference.bayer is None and not reference.developed:
        name = reference.path.name
        return (f"white balance, demosaicing and highlights do not apply: {name} is no raw",)
    return ()


def _pairing(pair: AlignedPair) -> dict[str, Any]:
    matched, alignment = pair.matched, pair.alignment
    return {
        "exposure": {
            "measured_ratio": matched.measured_ratio,
            "recorded_ratio": matched.recorded_ratio,
            "long_gain": matched.long_gain,
            "short_gain": matched.short_gain,
        },
        "alignment": {
            "kind": alignment.kind,
            "matrix": alignment.matrix.tolist(),
            "score_before": alignment.score_before,
            "score_after": alignment.score_after,
            "sure": alignment.sure,
        },
    }


def _frame(frame: Frame) -> dict[str, Any]:
    height, width = frame.size
    return {
        "path": str(frame.path),
        "width": width,
        "height": height,
        "domain": frame.domain,
        "bits": frame.pixels.dtype.itemsize * 8,
        "camera": frame.camera,
        "taken": frame.taken.isoformat() if frame.taken else None,
        "orientation": frame.orientation,
        "exposure": asdict(frame.exposure),
    }
