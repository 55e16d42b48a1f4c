"""Standard streams that never decide about a photo: whoever does not read is not written to."""

import io
import os
import sys
from typing import TextIO

from pairfix.errors import OutputError

__all__ = ["settle_streams"]

_ESCAPING = "backslashreplace"
"""What becomes of characters that the terminal's encoding lacks."""


def settle_streams() -> None:
    """Replace standard error and standard output.

    Messages that cannot be written are lost. Results that nobody reads any more are lost as well;
    results that cannot be written are an OutputError, once.
    """
    sys.stderr = _settled(sys.stderr, _Messages)
    sys.stdout = _settled(sys.stdout, _Results)


class _Messages(io.FileIO):
    """A descriptor that is given up when it cannot be written to."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        try:
            written = super().write(data)
        except OSError as error:
            self._give_up()
            self._lose(error)
            return len(data)
        return len(data) if written is None else written

    def _give_up(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)

    def _lose(self, error: OSError) -> None:
        """Decide what the loss means."""


class _Results(_Messages):
    def _lose(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            raise OutputError(f"standard output cannot be written: {error.strerror}") from error


def _settled(stream: TextIO, kind: type[_Messages]) -> TextIO:
    """The stream through another kind of file; closed ones and Windows' consoles stay."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if not isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(kind(stream.fileno(), "w", closefd=False)),  # type: ignore[type-var]
        encoding=stream.encoding,
        errors=_ESCAPING,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
