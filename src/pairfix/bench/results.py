"""What a benchmark found, as values and as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pairfix.bench.machine import Machine

__all__ = ["Failure", "Kind", "Quality", "Results", "Verdict"]

Kind = Literal["baseline", "model"]

_UNBOUNDED = ("psnr", "psnr_bt709")
"""What may be infinite; null in JSON."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How close a picture comes to the truth, both as 16-bit sRGB."""

    psnr: float
    """In dB; infinite where the picture is the truth."""
    psnr_bt709: float
    """In dB, both under the transfer function of ITU-R BT.709, which weighs the shadows less."""
    ssim: float
    """-1 to 1, the mean of the channels' own."""
    lpips: float | None = None
    """Less is better; None where its weights are missing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one method did on one pair."""

    pair: str
    method: str
    kind: Kind
    quality: Quality | None
    """None where the truth is not known."""
    seconds: float
    """Of a model, the whole command; of a baseline, the method and the development."""
    peak_bytes: int | None = None
    """Of a model, the command's peak resident memory."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage of the command."""
    runtime: str = ""
    """Where a model ran."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be judged, and why."""

    pair: str
    method: str
    """Empty where it is the whole pair."""
    message: str
    exit_code: int

    def __str__(self) -> str:
        where = f"{self.pair}, {self.method}" if self.method else self.pair
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Results:
    """A whole benchmark."""

    machine: Machine
    verdicts: tuple[Verdict, ...]
    failures: tuple[Failure, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form, without infinity, which JSON lacks; `from_json` reads it."""
        value = asdict(self)
        for verdict in value["verdicts"]:
            if quality := verdict["quality"]:
                for name in _UNBOUNDED:
                    quality[name] = quality[name] if math.isfinite(quality[name]) else None
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Results":
        """Undo `as_json`."""
        return cls(
            Machine(**value["machine"]),
            tuple(map(_verdict, value["verdicts"])),
            tuple(Failure(**failure) for failure in value["failures"]),
            tuple(value["remarks"]),
        )


def _verdict(value: Mapping[str, Any]) -> Verdict:
    quality = None
    if stored := value["quality"]:
        perfect = {name: math.inf for name in _UNBOUNDED if stored[name] is None}
        quality = Quality(**{**stored, **perfect})
    return Verdict(**{**value, "quality": quality})
