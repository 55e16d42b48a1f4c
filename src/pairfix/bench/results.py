"""What a benchmark found and on which machine, as values and as JSON."""

import math
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pairfix._version import __version__
from pairfix.threads import available_cores

__all__ = ["Failure", "Kind", "Machine", "Quality", "Results", "Verdict", "this_machine"]

Kind = Literal["baseline", "model"]

_UNBOUNDED = ("psnr", "psnr_bt709")
"""Values that may be infinite; null in JSON."""
_PACKAGES = {
    "numpy": ("numpy",),
    "OpenCV": ("opencv-python-headless", "opencv-python"),
    "ONNX Runtime": ("onnxruntime-gpu", "onnxruntime"),
    "PyTorch": ("torch",),
    "bm3d": ("bm3d",),
}
"""Distributions by common name; the first that is installed counts."""
_PATIENCE = 10
"""Seconds to wait for a system tool."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How close a picture is to the truth, both as 16-bit sRGB."""

    psnr: float
    """In dB; infinite if the picture equals the truth."""
    psnr_bt709: float
    """In dB, both in the transfer function of ITU-R BT.709, which gives shadows less weight."""
    ssim: float
    """-1 to 1, averaged over the channels."""
    lpips: float | None = None
    """Lower is better; None if its weights are missing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one method did on one pair."""

    pair: str
    method: str
    kind: Kind
    quality: Quality | None
    """None if the truth is not known."""
    seconds: float
    """For a model, of the whole command; for a baseline, of the method and the development."""
    peak_bytes: int | None = None
    """For a model, the command's peak resident memory."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the command by stage."""
    runtime: str = ""
    """What a model ran on."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be judged, and why."""

    pair: str
    method: str
    """Empty if it is the whole pair."""
    message: str
    exit_code: int

    def __str__(self) -> str:
        where = f"{self.pair}, {self.method}" if self.method else self.pair
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Machine:
    """What time and memory depend on."""

    cpu: str
    cores: int
    """Those that this process may use."""
    gpu: str | None
    system: str
    versions: Mapping[str, str]

    def __str__(self) -> str:
        cores = f"{self.cores} core{'s' if self.cores != 1 else ''}"
        named = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        gpu = self.gpu or "no GPU found"
        return f"{self.cpu}, {cores}, {gpu}, {self.system}; {named}"


@dataclass(frozen=True, slots=True)
class Results:
    """A whole benchmark."""

    machine: Machine
    verdicts: tuple[Verdict, ...]
    failures: tuple[Failure, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form, without infinities, which JSON lacks; `from_json` reads it."""
        value = asdict(self)
        for verdict in value["verdicts"]:
            if quality := verdict["quality"]:
                for name in _UNBOUNDED:
                    quality[name] = quality[name] if math.isfinite(quality[name]) else None
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Results":
        """The inverse of `as_json`."""
        return cls(
            Machine(**value["machine"]),
            tuple(map(_verdict, value["verdicts"])),
            tuple(Failure(**failure) for failure in value["failures"]),
            tuple(value["remarks"]),
        )


def this_machine() -> Machine:
    """The machine that this process runs on; imports none of the libraries that it names."""
    found = {name: _version(candidates) for name, candidates in _PACKAGES.items()}
    installed = {name: number for name, number in found.items() if number}
    versions = {"pairfix": __version__, "Python": platform.python_version(), **installed}
    system = f"{platform.system()} {platform.machine()}"
    return Machine(_cpu(), available_cores(), _gpu(), system, versions)


def _verdict(value: Mapping[str, Any]) -> Verdict:
    quality = None
    if stored := value["quality"]:
        perfect = {name: math.inf for name in _UNBOUNDED if stored[name] is None}
        quality = Quality(**{**stored, **perfect})
    return Verdict(**{**value, "quality": quality})


def _version(candidates: tuple[str, ...]) -> str | None:
    for name in candidates:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _cpu() -> str:
    name = _proc_cpu() or _output_of("sysctl", "-n", "machdep.cpu.brand_string")
    return name or platform.processor() or platform.machine() or "unknown CPU"


def _proc_cpu() -> str | None:
    """The CPU's name on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None)


def _gpu() -> str | None:
    """The NVIDIA GPUs as named by their driver."""
    names = _output_of("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return ", ".join(names.splitlines()) if names else None


def _output_of(*command: str) -> str | None:
    """What a system tool prints; None if it is missing or fails."""
    tool = shutil.which(command[0])
    if tool is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  (fixed commands)
            [tool, *command[1:]], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
