"""What a run did, for people and for machines."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pairfix.backends import Runtime
from pairfix.image import AlignedPair, Alignment, Frame, Role, SingleFrame
from pairfix.weights import Model

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `pairfix.restore` or `pairfix.align_pair`."""

    scene: AlignedPair | SingleFrame
    model: Model | None
    """None if nothing was fused."""
    runtime: Runtime | None
    tile: int | None
    """Longest side of a tile that was used, in the network's pixels."""
    seconds: dict[str, float]
    """By stage, in order."""
    output: Path

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know, in the order of the stages."""
        frames = self._frames.values()
        of_files = tuple(f"{frame.path.name}: {note}" for frame in frames for note in frame.notes)
        if isinstance(self.scene, SingleFrame):
            return of_files
        return (*of_files, *self.scene.matched.notes, *self.scene.alignment.notes)

    @property
    def alignment(self) -> Alignment | None:
        """How the pair was aligned; None for a single photo."""
        return None if isinstance(self.scene, SingleFrame) else self.scene.alignment

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form that `--json` prints; docs/report.schema.json describes it."""
        report: dict[str, Any] = {
            "output": str(self.output),
            "inputs": {role: _frame(frame) for role, frame in self._frames.items()},
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "notes": list(self.notes),
        }
        if isinstance(self.scene, AlignedPair):
            report |= _pairing(self.scene)
        if self.model is not None:
            report["model"] = {
                "name": self.model.name,
                "network": self.model.network.name,
                "domain": self.model.domain,
            }
        if self.runtime is not None:
            report["runtime"] = asdict(self.runtime) | {"tile": self.tile}
        return report

    @property
    def _frames(self) -> dict[Role, Frame]:
        if isinstance(self.scene, SingleFrame):
            return {self.scene.role: self.scene.reference}
        return {"long": self.scene.matched.long, "short": self.scene.matched.short}


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
