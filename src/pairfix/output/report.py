"""What a run did, for people and for machines: facts, no pictures."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pairfix.backends import Runtime
from pairfix.image import (
    AlignedPair,
    Alignment,
    Box,
    DevelopSettings,
    ExposureMatch,
    Flicker,
    Frame,
    FrameFacts,
    Role,
    Scene,
)
from pairfix.model import Model
from pairfix.recipe import DngKind

__all__ = ["Adaptation", "Report", "Restoration", "SceneFacts", "unused_photos", "unused_settings"]

_ORDER: tuple[Role, ...] = ("long", "short")


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
class SceneFacts:
    """What is known of a scene besides its planes."""

    frames: Mapping[Role, FrameFacts]
    """The photos by the role that they were found to have, the long one first."""
    match: ExposureMatch | None
    """None for a single photo."""
    alignment: Alignment | None
    """None for a single photo."""
    flicker: Flicker | None
    """None where no bands were found."""
    notes: tuple[str, ...]
    """What the user should know, in the order of the stages."""

    @classmethod
    def of(cls, scene: Scene) -> "SceneFacts":
        """The facts of a scene."""
        frames = [(role, scene.frames[role]) for role in _ORDER if role in scene.frames]
        notes = [f"{frame.path.name}: {note}" for _, frame in frames for note in frame.notes]
        match = alignment = flicker = None
        if isinstance(scene, AlignedPair):
            match, alignment, flicker = scene.match, scene.alignment, scene.flicker
            notes += [*match.notes, *alignment.notes]
            notes += [flicker.note] if flicker else []
        facts = {role: frame.facts for role, frame in frames}
        return cls(facts, match, alignment, flicker, tuple(notes))


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: the result of `pairfix.align_pair`, and part of that of `pairfix.restore`."""

    scene: SceneFacts
    seconds: Mapping[str, float]
    """By stage, in order."""
    output: Path | None = None
    """The file that was written; None where the result stayed in memory."""
    remarks: tuple[str, ...] = ()
    """What the user should know about the options that were given."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know, in the order of the stages."""
        return self.scene.notes + self.remarks

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form that `--json` prints; docs/report.schema.json describes it."""
        scene = self.scene
        report: dict[str, Any] = {
            "output": str(self.output) if self.output else None,
            "inputs": {role: _frame(facts) for role, facts in scene.frames.items()},
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "notes": list(self.notes),
        }
        if scene.match:
            report["exposure"] = _match(scene.match)
        if scene.alignment:
            report["alignment"] = _alignment(scene.alignment)
        if scene.flicker:
            report["flicker"] = _flicker(scene.flicker)
        return report


@dataclass(frozen=True, slots=True)
class Restoration(Report):
    """The result of `pairfix.restore`."""

    model: Model = field(kw_only=True)
    runtime: Runtime = field(kw_only=True)
    tile: int = field(kw_only=True)
    """Longest side of the tiles, in the network's pixels."""
    adaptation: Adaptation | None = field(default=None, kw_only=True)
    crop: Box | None = field(default=None, kw_only=True)
    """The part of the upright result that was restored; None: all of it."""
    strength: float = field(default=1.0, kw_only=True)
    """As in the recipe."""
    ensemble: int = field(default=1, kw_only=True)
    """On how many mirror images the network ran."""
    long_share: float | None = field(default=None, kw_only=True)
    """Share of the photo that is the sharp long frame's own, 0 to 1; None: none was asked for."""

    def as_json(self) -> dict[str, Any]:
        """The report with model, runtime and what an adaptation did."""
        report = super(Restoration, self).as_json() | {
            "model": {
                "name": self.model.name,
                "network": self.model.network.name,
                "domain": self.model.domain,
            },
            "runtime": asdict(self.runtime) | {"tile": self.tile},
            "strength": self.strength,
            "ensemble": self.ensemble,
            "long_share": self.long_share,
        }
        if self.crop:
            report["crop"] = asdict(self.crop)
        if self.adaptation:
            report["adaptation"] = self.adaptation.as_json()
        return report


def unused_photos(scene: Scene, model: Model) -> tuple[str, ...]:
    """A note if the model takes only one photo of a pair."""
    if not isinstance(scene, AlignedPair) or len(model.roles) > 1:
        return ()
    (role,) = model.roles
    geometry = "the short one gives geometry and highlights"
    return (f"model {model.name} restores from the {role} exposure alone; {geometry}",)


def unused_settings(
    settings: DevelopSettings, reference: Frame, dng: DngKind | None
) -> tuple[str, ...]:
    """Notes if settings for white balance, demosaicing, highlights or colours have no effect."""
    notes: tuple[str, ...] = ()
    mosaic = reference.bayer is not None
    if mosaic and dng and settings.colour_space != "srgb":
        notes = ("a DNG is in the camera's colours: the colour space does not apply",)
    plain = DevelopSettings(exposure=settings.exposure, colour_space=settings.colour_space)
    if settings == plain:
        return notes
    if mosaic and dng == "cfa":
        left = "white balance, demosaicing and highlights are left to whoever develops the DNG"
        return (*notes, left)
    if mosaic and dng == "linear":
        if settings == replace(plain, demosaic=settings.demosaic):
            return notes
        return (*notes, "white balance and highlights are left to whoever develops the DNG")
    if reference.bayer is None and not reference.developed:
        name = reference.path.name
        return (f"white balance, demosaicing and highlights do not apply: {name} is not a raw",)
    return ()


def _match(match: ExposureMatch) -> dict[str, Any]:
    return {
        "measured_ratio": match.measured_ratio,
        "recorded_ratio": match.recorded_ratio,
        "long_gain": match.long_gain,
        "short_gain": match.short_gain,
    }


def _alignment(alignment: Alignment) -> dict[str, Any]:
    return {
        "kind": alignment.kind,
        "matrix": alignment.matrix.tolist(),
        "score_before": alignment.score_before,
        "score_after": alignment.score_after,
        "sure": alignment.sure,
    }


def _flicker(flicker: Flicker) -> dict[str, Any]:
    return {"bands": flicker.bands, "depth": flicker.depth, "removed": flicker.removed}


def _frame(facts: FrameFacts) -> dict[str, Any]:
    height, width = facts.size
    return {
        "path": str(facts.path),
        "width": width,
        "height": height,
        "domain": facts.domain,
        "bits": facts.bits,
        "camera": facts.camera,
        "taken": facts.taken.isoformat() if facts.taken else None,
        "orientation": facts.orientation,
        "exposure": asdict(facts.exposure),
    }
