"""What commands that train have in common: where to train, what to show, how to stop."""

import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from pairfix.backends import DeviceChoice, PrecisionChoice, Runtime, choose_runtime
from pairfix.cli.console import Talk
from pairfix.errors import PairfixError
from pairfix.paths import real

if TYPE_CHECKING:
    import torch

    from pairfix.train.loop import Status

__all__ = [
    "StoppedError",
    "checked",
    "command_line",
    "leads",
    "report_training",
    "steps_between_readings",
    "stopped_by_signals",
    "torch_device",
    "training_runtime",
]

T = TypeVar("T")
Report = Callable[["Status"], None]

_STEPS_BETWEEN_READINGS = {"cpu": 5, "gpu": 25}
_NOT_RECORDED = {"overwrite", "resume", "json", "quiet", "verbose"}
"""Options that do not affect the result."""
_LINES = 20
"""Lines about a whole training where there is no terminal."""


class StoppedError(PairfixError):
    """A training that was stopped and can be resumed."""

    exit_code: ClassVar[int] = 130
    summary: ClassVar[str] = "interrupted"


def steps_between_readings(runtime: Runtime) -> int:
    """Steps between two readings of the losses, for which a GPU has to wait."""
    return _STEPS_BETWEEN_READINGS["cpu" if runtime.device == "cpu" else "gpu"]


def leads() -> bool:
    """Whether this is the process that prints, of those that torchrun starts."""
    return os.environ.get("RANK", "0") == "0"


def checked(kind: Callable[..., T], **fields: Any) -> T:  # noqa: ANN401
    """A value whose fields the user chose; an invalid one is a usage error."""
    try:
        return kind(**fields)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def command_line(context: typer.Context) -> str:
    """What the user typed, options in long form; of paths only the last name, to keep private."""
    words = ["pairfix", context.info_name or ""]
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is None or source.name != "COMMANDLINE" or parameter.name in _NOT_RECORDED:
            continue
        value = context.params[parameter.name]
        if parameter.param_type_name == "argument":
            words.append(_text(value))
        elif value is True:
            words.append(parameter.opts[0])
        else:
            for each in value if isinstance(value, list) else [value]:
                words += [
                    parameter.opts[0],
                    *map(_text, each if isinstance(each, tuple) else [each]),
                ]
    return shlex.join(words)


def training_runtime(device: DeviceChoice, precision: PrecisionChoice) -> Runtime:
    """Where to train; by default in bf16 on a CUDA device, in fp32 elsewhere."""
    runtime = choose_runtime("torch", device, precision)
    if precision == "auto" and runtime.device == "cuda":
        return choose_runtime("torch", "cuda", "bf16")
    return runtime


def torch_device(name: str) -> "torch.device":
    """The device of this process, of those that torchrun starts on one machine."""
    import torch  # noqa: PLC0415  (keeps --help quick)

    return torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if name == "cuda" else name)


@contextmanager
def report_training(talk: Talk) -> Iterator[Report]:
    """A bar with loss, speed and time left on a terminal, occasional lines elsewhere."""
    if talk.quiet:
        yield lambda _: None
    elif talk.console.is_terminal:
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
        with Progress(*columns, console=talk.console) as bar:
            task = bar.add_task("Training", total=1.0)
            yield lambda now: bar.update(task, completed=now.share, description=_describe(now))
    else:
        yield _lines(talk)


@contextmanager
def stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or a request to end has come; a second one ends the process at once."""
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        restore()


def _text(value: Any) -> str:  # noqa: ANN401
    text = str(value)
    return real(Path(text)).name if isinstance(value, Path) or "/" in text else text


def _lines(talk: Talk) -> Report:
    shown = 0

    def report(now: "Status") -> None:
        nonlocal shown
        if talk.verbose or int(now.share * _LINES) > shown:
            shown = int(now.share * _LINES)
            talk.say(f"{now.share:4.0%}  {_describe(now)}")

    return report


def _describe(now: "Status") -> str:
    parts = [f"step {now.step}"]
    if now.latest:
        parts += [_losses(now.latest.losses), f"{now.latest.crops_per_second:.3g} crops/s"]
    minutes, seconds = divmod(round(now.seconds_left), 60)
    return "  ".join([*parts, f"{minutes}:{seconds:02} left"])


def _losses(losses: Mapping[str, float]) -> str:
    """The terms, with the player's name where there are several."""
    players = {name.partition("/")[0] for name in losses}
    shown = {
        name if len(players) > 1 else name.partition("/")[2]: value
        for name, value in losses.items()
    }
    return ", ".join(f"{name} {value:.4g}" for name, value in shown.items())
