"""A worker on a cluster: it restores pairs with models that stay open, and sends results back.

It knows nothing of the cluster's engine. Photos are read where they lie if this machine sees the
same files, else from the bytes that are sent. What restores is imported by the worker alone: the
process that hands out pairs starts sooner.
"""

import logging
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from pairfix._version import __version__
from pairfix.batch.jobs import Job
from pairfix.batch.outcome import Sent
from pairfix.batch.records import Inputs
from pairfix.errors import PairfixError, caught, printable
from pairfix.formats.sidecars import read_sidecar
from pairfix.output.report import Restoration
from pairfix.recipe import Recipe
from pairfix.threads import limit_threads

__all__ = ["Answer", "RemoteWorker", "Unseen", "Welcome"]


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a worker says of itself."""

    machine: str
    version: str
    """Of pairfix."""
    refusal: PairfixError | None
    """Why it cannot restore anything."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """The files are not on this machine, or other versions of them."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a pair, for a worker that does not see them."""

    photos: tuple[bytes, ...]
    sidecars: Mapping[str, bytes]
    """By their names; empty is one that cannot be read."""

    @classmethod
    def read(cls, photos: Sequence[Path], inputs: Inputs) -> Self:
        """Read them.

        Raises:
            OSError: A photo cannot be read.
        """
        paths = [Path(state.path) for state in inputs.sidecars]
        return cls(
            tuple(path.read_bytes() for path in photos),
            {path.name: _of_sidecar(path) for path in paths},
        )

    def write(self, folder: Path, photos: Sequence[Path]) -> list[Path]:
        """Write them by their names.

        Args:
            folder: It gets a folder for each photo.
            photos: The photos by any paths.

        Returns:
            Where the photos lie now; the sidecars lie beside the last.
        """
        places = [folder / str(number) / path.name for number, path in enumerate(photos)]
        for place, content in zip(places, self.photos, strict=True):
            place.parent.mkdir()
            place.write_bytes(content)
        for name, content in self.sidecars.items():
            places[-1].with_name(name).write_bytes(content)
        return places


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a pair."""

    result: Sent | PairfixError | Unseen
    logged: tuple[logging.LogRecord, ...]


class RemoteWorker:
    """Restores one pair after the other by one recipe."""

    def __init__(self, recipe: Recipe, threads: int, level: int) -> None:
        """Choose device and model; a refusal is told by `welcome`.

        Args:
            recipe: How; it writes no preview and no report.
            threads: Threads to compute with.
            level: Of the log messages that are sent back.
        """
        from pairfix.pipeline import Restorer  # noqa: PLC0415  (see above)

        limit_threads(threads)
        logger = logging.getLogger("pairfix")
        logger.setLevel(level)
        self._log = _Collecting()
        logger.addHandler(self._log)
        self._recipe = replace(recipe, overwrite=True)  # of files in a folder of its own
        self._machine = socket.gethostname()
        self._restorer = caught(lambda: Restorer(recipe))

    def welcome(self) -> Welcome:
        """Say which machine this is, and whether it can restore."""
        refusal = self._restorer if isinstance(self._restorer, PairfixError) else None
        return Welcome(self._machine, __version__, refusal)

    def restore(
        self,
        job: Job,
        photos: Sequence[Path],
        inputs: Inputs,
        contents: Contents | None,
    ) -> Answer:
        """Restore one pair.

        Args:
            job: The pair, as it is named in reports.
            photos: Its photos by absolute paths.
            inputs: Its files where it was found.
            contents: What is in them, if that is sent.
        """
        if contents is None and Inputs.of(photos, self._recipe).versions != inputs.versions:
            return Answer(Unseen(), self._log.taken())
        with TemporaryDirectory(prefix="pairfix-") as place:
            folder = Path(place)
            result = caught(lambda: self._made(job, photos, contents, folder))
        return Answer(result, self._log.taken())

    def _made(
        self, job: Job, photos: Sequence[Path], contents: Contents | None, folder: Path
    ) -> Sent:
        from pairfix.batch.finish import described  # noqa: PLC0415  (see above)
        from pairfix.output.results import write_results  # noqa: PLC0415  (see above)

        if isinstance(self._restorer, PairfixError):
            raise self._restorer
        if contents is not None:
            photos = contents.write(folder, photos)
        scratch = folder / f"result{job.output.suffix}"
        with _names_as_given([*photos, scratch], [*job.photos, job.output]):
            restored = self._restorer.restore(*photos)
            facts, timeline = described(job, restored, self._recipe)
            facts = write_results(restored.fused, {}, scratch, facts, self._recipe, timeline)
        return Sent(_named(facts, photos, job.photos), scratch.read_bytes(), self._machine)


class _Collecting(logging.Handler):
    """Keeps messages until they are taken."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self._records.append(record)

    def taken(self) -> tuple[logging.LogRecord, ...]:
        records, self._records = tuple(self._records), []
        return records


@contextmanager
def _names_as_given(ours: Sequence[Path], given: Sequence[Path]) -> Iterator[None]:
    """Let errors name files as the user did."""
    try:
        yield
    except PairfixError as error:
        for path, name in zip(ours, given, strict=True):
            told = printable(str(path)), printable(str(name))
            error.message, error.hint = error.message.replace(*told), error.hint.replace(*told)
        raise


def _named(facts: Restoration, ours: Sequence[Path], given: Sequence[Path]) -> Restoration:
    """Facts that name the photos as the user did."""
    names = dict(zip(ours, given, strict=True))
    frames = {
        role: replace(frame, path=names[frame.path]) for role, frame in facts.scene.frames.items()
    }
    return replace(facts, scene=replace(facts.scene, frames=frames))


def _of_sidecar(path: Path) -> bytes:
    try:
        return read_sidecar(path)
    except OSError:
        return b""
