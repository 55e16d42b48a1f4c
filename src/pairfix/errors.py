"""What can go wrong, each with its exit code and a hint what to do."""

import unicodedata
from typing import ClassVar

__all__ = [
    "AdaptationError",
    "AlignmentError",
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
    "WeightsMissingError",
    "printable",
]

_BREAKING = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories: controls, lone surrogates, separators of lines and paragraphs."""


def printable(text: str) -> str:
    """One line that any terminal shows: what breaks lines or cannot be encoded is escaped.

    File names may hold anything: newlines, escape sequences, bytes that are no UTF-8.
    """
    return "".join(
        each.encode("unicode_escape").decode() if unicodedata.category(each) in _BREAKING else each
        for each in text
    )


class PairfixError(Exception):
    """Base of every error that a user can cause or mend.

    Args:
        message: What is wrong, naming the file; made printable on one line.
        hint: What to do about it; the same, may be empty.
    """

    exit_code: ClassVar[int] = 1
    summary: ClassVar[str] = "an error that pairfix foresaw"

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
    """Two photos do not belong together, or pairs are too few or tell too little."""

    exit_code = 4
    summary = "photos make no pair (size, camera, content), or pairs are too few or tell too little"


class AlignmentError(PairfixError):
    """The photos show different scenes."""

    exit_code = 5
    summary = "the photos could not be aligned: they do not show the same scene"


class ModelError(PairfixError):
    """A model folder is missing, damaged or does not fit the pair."""

    exit_code = 6
    summary = "the model is unknown, damaged or does not fit the pair"


class DeviceError(PairfixError):
    """A device, backend or precision that this machine does not have."""

    exit_code = 7
    summary = "the device, backend or precision asked for is not available"


class OutputError(PairfixError):
    """A result cannot be written."""

    exit_code = 8
    summary = "the result cannot be written (exists, no permission, unknown type)"


class MissingExtraError(PairfixError):
    """An optional part of pairfix is not installed."""

    exit_code = 9
    summary = "an optional part is not installed (pip install 'pairfix[...]')"


class MemoryExhaustedError(PairfixError):
    """Memory ran out, even at the smallest tile."""

    exit_code = 10
    summary = "memory ran out, even with the smallest tile"


class MetricError(PairfixError):
    """A quality metric that is unknown, or cannot score this photo."""

    exit_code = 11
    summary = "a metric is unknown, needs more than a photo, or cannot score this one"


class NotImprovedError(PairfixError):
    """Fine-tuning did not make the model better."""

    exit_code = 13
    summary = "fine-tuning did not help: the model was left as it is"


class WeightsMissingError(PairfixError):
    """A quality metric's weights are not on this machine, and cannot be fetched."""

    exit_code = 12
    summary = "a metric's weights are not here, and could not be fetched"


class AdaptationError(PairfixError):
    """A network's adaptation to a photo went astray."""

    exit_code = 14
    summary = "the adaptation to the photo (--adapt) went astray; nothing was written"
