"""Side effects of pyiqa: prints go to the log, downloads are named or forbidden."""

import io
import logging
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

__all__ = ["Download", "failed_download", "no_network", "quietly"]

_LOGGER = logging.getLogger(__name__)

_DESTINATIONS = ("dst", "download_target")
"""Variables in which torch.hub and CLIP keep the path of the file that they download."""


@dataclass(frozen=True, slots=True)
class Download:
    """A weights file that is not on this machine."""

    name: str
    how: str
    """How to get it by hand."""


@contextmanager
def quietly() -> Iterator[None]:
    """Turn prints, progress bars and warnings into debug messages."""
    sink = io.StringIO()
    try:
        with redirect_stdout(sink), redirect_stderr(sink), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for line in filter(None, map(str.strip, sink.getvalue().splitlines())):
            _LOGGER.debug("%s", line)


@contextmanager
def no_network() -> Iterator[None]:
    """Keep this process from opening connections: no host can be looked up."""
    from huggingface_hub import constants  # noqa: PLC0415  (part of an extra)

    look_up, offline = socket.getaddrinfo, constants.HF_HUB_OFFLINE
    socket.getaddrinfo = _refuse
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        constants.HF_HUB_OFFLINE = offline


def failed_download(error: BaseException) -> Download | None:
    """The download that failed with an error, if there was one.

    The errors of torch.hub, CLIP and the Hugging Face client do not name both the file and its
    destination, so these are read from the variables of the function that failed.
    """
    seen: BaseException | None = error
    while seen is not None:
        for variables in _frames(seen.__traceback__):
            if found := _by_url(variables) or _from_hub(variables):
                return found
        seen = seen.__cause__ or seen.__context__
    return None


def _refuse(*_arguments: object, **_options: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, "the network is not used (offline)")


def _frames(traceback: TracebackType | None) -> Iterator[dict[str, Any]]:
    while traceback is not None:
        yield traceback.tb_frame.f_locals
        traceback = traceback.tb_next


def _by_url(variables: dict[str, Any]) -> Download | None:
    url = variables.get("url")
    places = [variables[name] for name in _DESTINATIONS if name in variables]
    if not isinstance(url, str) or not places or Path(places[0]).is_file():
        return None
    place = Path(places[0])
    return Download(place.name, f"fetch {url} and save it as {place}")


def _from_hub(variables: dict[str, Any]) -> Download | None:
    repository, name = variables.get("repo_id"), variables.get("filename")
    if not isinstance(repository, str) or not isinstance(name, str):
        return None
    from huggingface_hub import constants  # noqa: PLC0415  (part of an extra)

    fetch = f"hf download {repository} {name}"
    return Download(
        f"{repository}/{name}", f"run '{fetch}', which saves it under {constants.HF_HUB_CACHE}"
    )
