"""One training or tuning at a time into a folder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pairfix.errors import OutputError
from pairfix.formats.atomic import check_target

__all__ = ["alone"]


@contextmanager
def alone(model: Path) -> Iterator[None]:
    """Keep other trainings from making the same model folder, until this one or its process ends.

    A hidden file beside the folder is locked. A kill leaves it, but not the lock.

    Raises:
        OutputError: Another training makes it, or nothing can be written beside it.
    """
    place = model.with_name(f".{model.name}.lock")
    check_target(place, overwrite=True)  # FileLock would create missing folders
    lock = FileLock(place, blocking=False)
    try:
        place.touch()  # FileLock takes a file that cannot be created for one that is locked
        lock.acquire()
    except Timeout as error:
        raise OutputError(
            f"another training is making {model}", "wait until it ends, or choose another name"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{model} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows, which removes it by itself
            place.unlink()
        lock.release()
