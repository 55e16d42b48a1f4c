"""What a run did, for people and for machines."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pairfix.backends import Runtime
from pairfix.image import AlignedPair, Frame
from pairfix.weights import Model

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `pairfix.restore` or `pairfix.align_pair`."""

    pair: AlignedPair
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
        matched = self.pair.matched
        frames = (matched.long, matched.short)
        of_files = (f"{frame.path.name}: {note}" for frame in frames for note in frame.notes)
        return (*of_files, *matched.notes, *self.pair.alignment.notes)

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form that `--json` prints; its schema is in the documentation."""
        matched, alignment = self.pair.matched, self.pair.alignment
        report: dict[str, Any] = {
            "output": str(self.output),
            "inputs": {"long": _frame(matched.long), "short": _frame(matched.short)},
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
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "notes": list(self.notes),
        }
        if self.model is not None and self.runtime is not None:
            report["model"] = {
                "name": self.model.name,
                "network": self.model.network.name,
                "domain": self.model.domain,
            }
            report["runtime"] = {
                "backend": self.runtime.backend,
                "device": self.runtime.device,
                "precision": self.runtime.precision,
                "description": self.runtime.description,
                "reason": self.runtime.reason,
                "tile": self.tile,
            }
        return report


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
