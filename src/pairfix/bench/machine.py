"""Which machine and which versions a benchmark ran on."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pairfix._version import __version__

__all__ = ["Machine", "this_machine"]

_PACKAGES = {
    "numpy": ("numpy",),
    "OpenCV": ("opencv-python-headless", "opencv-python"),
    "ONNX Runtime": ("onnxruntime-gpu", "onnxruntime"),
    "PyTorch": ("torch",),
    "bm3d": ("bm3d",),
}
"""Distributions by the names that people know, the first that is installed."""
_PATIENCE = 10
"""Seconds to wait for a system's own tool."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures of time and memory depend on."""

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


def this_machine() -> Machine:
    """The machine that this process runs on; loads none of the libraries that it names."""
    found = {name: _version(candidates) for name, candidates in _PACKAGES.items()}
    installed = {name: number for name, number in found.items() if number}
    versions = {"pairfix": __version__, "Python": platform.python_version(), **installed}
    system = f"{platform.system()} {platform.machine()}"
    return Machine(_cpu(), _cores(), _gpu(), system, versions)


def _version(candidates: tuple[str, ...]) -> str | None:
    for name in candidates:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> str:
    named = _proc_cpu() or _said("sysctl", "-n", "machdep.cpu.brand_string")
    return named or platform.processor() or platform.machine() or "unknown CPU"


def _proc_cpu() -> str | None:
    """As Linux names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None)


def _gpu() -> str | None:
    """The NVIDIA GPUs, as their driver names them."""
    said = _said("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return ", ".join(said.splitlines()) if said else None


def _said(*command: str) -> str | None:
    """What a tool of the system prints; None if it is not there, or fails."""
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
