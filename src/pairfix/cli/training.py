"""What commands that train have in common."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import typer

from pairfix.backends import DeviceChoice, PrecisionChoice, Runtime, choose_runtime
from pairfix.errors import PairfixError

if TYPE_CHECKING:
    import torch

__all__ = [
    "StoppedError",
    "checked",
    "leads",
    "steps_between_looks",
    "torch_device",
    "training_runtime",
]

T = TypeVar("T")

_LOOKS = {"cpu": 5, "gpu": 25}


class StoppedError(PairfixError):
    """A training that was stopped, and can go on."""

    exit_code: ClassVar[int] = 130
    summary: ClassVar[str] = "interrupted"


def steps_between_looks(runtime: Runtime) -> int:
    """Steps between two looks at the losses, which a GPU would have to wait for."""
    return _LOOKS["cpu" if runtime.device == "cpu" else "gpu"]


def leads() -> bool:
    """Whether this is the process that talks, of those that torchrun starts."""
    return os.environ.get("RANK", "0") == "0"


def checked(kind: Callable[..., T], **fields: Any) -> T:  # noqa: ANN401
    """A value whose fields the user chose."""
    try:
        return kind(**fields)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def training_runtime(device: DeviceChoice, precision: PrecisionChoice) -> Runtime:
    """Where to train: bf16 on a CUDA device, fp32 elsewhere, unless asked for more or less."""
    runtime = choose_runtime("torch", device, precision)
    if precision == "auto" and runtime.device == "cuda":
        return choose_runtime("torch", "cuda", "bf16")
    return runtime


def torch_device(name: str) -> "torch.device":
    """The device of this process, of those that torchrun starts on one machine."""
    import torch  # noqa: PLC0415  (keeps --help quick)

    return torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if name == "cuda" else name)
