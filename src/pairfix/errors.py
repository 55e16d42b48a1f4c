"""Every error that pairfix foresees, each with its exit code.

The tree::

    PairfixError
      + InputError             3   a photo cannot be read
      + PairError              4   the photos are not a pair, or there are too few pairs
      + AlignmentError         5   the photos show different scenes
      + ModelError             6   a model is unknown, damaged or does not fit the pair
      + DeviceError            7   a device, backend or precision is not available
      + OutputError            8   a result cannot be written
      + MissingExtraError      9   an optional part of pairfix is not installed
      + MemoryExhaustedError  10   memory ran out
      + MetricError           11   a metric is unknown or cannot score a photo
      + WeightsMissingError   12   a metric's weights are missing
      + NotImprovedError      13   fine-tuning did not improve the model
      + AdaptationError       14   the adaptation to a photo diverged
      + UnfinishedError       15   some pairs of a folder could not be restored
      + ClusterError          16   a Ray cluster cannot be used

Any other exception but KeyboardInterrupt is a defect in pairfix.
"""

import unicodedata
from collections.abc import Callable
from typing import ClassVar, TypeVar

__all__ = [
    "AdaptationError",
    "AlignmentError",
    "ClusterError",
    "DeviceError",
    "InputError",
    "MemoryExhaustedError",
    "MetricError",
    "MissingExtraError",
    "ModelError",
    "NotImprovedError",
    "OutputError",
    "PairError",
    "PairfixError",
    "UnfinishedError",
    "WeightsMissingError",
    "caught",
    "from_system",
    "printable",
]

_T = TypeVar("_T")

_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories: controls, lone surrogates, line and paragraph separators."""


_REORDERING = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x2070)}
"""Controls of direction and shape, which make text look like another (Unicode TR 9, section 2)."""


def printable(text: str) -> str:
    """Escape what would break the line, reorder it or cannot be encoded.

    Names and metadata of files may contain newlines, escape sequences, or bytes that are not UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode()
        if unicodedata.category(each) in _BREAKING or ord(each) in _REORDERING
        else each
        for each in text
    )


class PairfixError(Exception):
    """Base class of every error that a user can cause or fix.

    Args:
        message: What is wrong, naming the file; escaped to fit on one line.
        hint: What to do about it; escaped as well, may be empty.
    """

    exit_code: ClassVar[int] = 1
    summary: ClassVar[str] = "an error that pairfix foresees"

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = printable(message)
        self.hint = printable(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputError(PairfixError):
    """A file cannot be read as a photo."""

    exit_code = 3
    summary = "an input file is missing, damaged or of an unknown type"


class PairError(PairfixError):
    """Two photos do not belong together, or there are too few usable pairs."""

    exit_code = 4
    summary = "the photos are not a pair (size, camera, content), or there are too few usable pairs"


class AlignmentError(PairfixError):
    """The photos show different scenes."""

    exit_code = 5
    summary = "the photos could not be aligned: they do not show the same scene"


class ModelError(PairfixError):
    """A model folder is missing, damaged or does not fit the pair."""

    exit_code = 6
    summary = "the model is unknown, damaged or does not fit the pair"


class DeviceError(PairfixError):
    """This machine does not have the requested device, backend or precision."""

    exit_code = 7
    summary = "the requested device, backend or precision is not available"


class OutputError(PairfixError):
    """A result cannot be written."""

    exit_code = 8
    summary = "the result cannot be written (file exists, no permission, unknown type)"


class MissingExtraError(PairfixError):
    """An optional part of pairfix is not installed."""

    exit_code = 9
    summary = "an optional part is not installed (pip install 'pairfix[...]')"


class MemoryExhaustedError(PairfixError):
    """Memory ran out, even with the smallest tile."""

    exit_code = 10
    summary = "memory ran out, even with the smallest tile"


class MetricError(PairfixError):
    """A quality metric is unknown, or cannot score this photo."""

    exit_code = 11
    summary = "a metric is unknown, needs more than one photo, or cannot score this photo"


class WeightsMissingError(PairfixError):
    """A quality metric's weights are not on this machine and cannot be downloaded."""

    exit_code = 12
    summary = "a metric's weights are missing and could not be downloaded"


class NotImprovedError(PairfixError):
    """Fine-tuning did not improve the model."""

    exit_code = 13
    summary = "fine-tuning did not improve the model; no new model was written"


class AdaptationError(PairfixError):
    """A network's adaptation to a photo diverged."""

    exit_code = 14
    summary = "the adaptation to the photo (--adapt) diverged; nothing was written"


class UnfinishedError(PairfixError):
    """Some pairs of a folder could not be restored."""

    exit_code = 15
    summary = "some pairs of a folder could not be restored; all others were"


class ClusterError(PairfixError):
    """A Ray cluster cannot be used."""

    exit_code = 16
    summary = "the Ray cluster cannot be reached, or has no place for the work"


def caught(work: Callable[[], _T]) -> "_T | PairfixError":
    """The result of a function, or why there is none."""
    try:
        return work()
    except PairfixError as error:
        return error
    except (OSError, MemoryError) as error:
        return from_system(error)


def from_system(error: OSError | MemoryError) -> PairfixError:
    """What the operating system refused where no module foresees it, on one line."""
    if isinstance(error, MemoryError):
        return MemoryExhaustedError(
            "memory ran out", "close other programs, or use a smaller --tile"
        )
    where = f"{error.filename} cannot be used: " if error.filename else ""
    return InputError(f"{where}{error.strerror or error}")
