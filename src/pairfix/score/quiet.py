"""What pyiqa and the libraries under it print goes to the log."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

__all__ = ["quietly"]

_LOGGER = logging.getLogger(__name__)


@contextmanager
def quietly() -> Iterator[None]:
    """Within, prints, progress bars and warnings become debug messages."""
    sink = io.StringIO()
    try:
        with redirect_stdout(sink), redirect_stderr(sink), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for line in filter(None, map(str.strip, sink.getvalue().splitlines())):
            _LOGGER.debug("%s", line)
