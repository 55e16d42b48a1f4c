"""What is done with a mutated file: all that a command would, in one process."""

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from pairfix.backends import OpenModel, choose_runtime
from pairfix.calibration import CameraProfile
from pairfix.errors import InputError, MemoryExhaustedError, ModelError, PairfixError
from pairfix.formats import (
    decode,
    encode_dng,
    encode_picture,
    metadata,
    read_domain,
    read_facts,
    xmp,
)
from pairfix.formats.agreement import agreeing
from pairfix.formats.description import read_description
from pairfix.image import Description, Picture
from pairfix.model import CONFIG, find_model
from pairfix.model.measured import read_measured
from pairfix.synth.film import film_frames
from tests.fuzz.seeds import Seed

__all__ = ["check", "resealed"]

_BLACK = Picture(np.zeros((8, 8, 3), np.uint16), b"")
_SIDE = 64
"""Of the pictures that a model is run on."""
_MOST_WRITTEN = 1 << 20
"""Pixels of frames that are written again."""


def check(kind: str, folder: Path) -> bool:
    """Use a file or folder as a command would.

    Args:
        kind: One of `KINDS`.
        folder: Holds what is to be used, and nothing else.

    Returns:
        Whether it was of use; otherwise it was refused in one line.

    Raises:
        Exception: Anything that the command line would not foresee.
    """
    try:
        _CHECKS.get(kind, _photo)(folder)
    except (InputError, ModelError, MemoryExhaustedError) as error:
        _check_message(error, folder)
        return False
    return True


def resealed(files: Seed) -> Seed:
    """A model whose checksums fit its files, as a stranger's would."""
    try:
        about = json.loads(files[CONFIG])
        for name in files.keys() & about["sha256"].keys():
            about["sha256"][name] = hashlib.sha256(files[name]).hexdigest()
        return {**files, CONFIG: json.dumps(about).encode()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return files


def _check_message(error: PairfixError, folder: Path) -> None:
    text = str(error)
    if (
        not text.isprintable()
        or "\n" in text
        or not any(path.name in text for path in (folder, *folder.iterdir()))
    ):
        raise AssertionError(f"the message names no file, or is not one line: {text!r}")
    text.encode()


def _photo(folder: Path) -> None:
    (path,) = folder.iterdir()
    _check_facts(path)
    frame = replace(decode(path), description=read_description(path).description)
    assert frame.pixels.dtype in (np.uint8, np.uint16)
    assert min(frame.size) > 0
    json.dumps([asdict(frame.exposure), frame.camera, frame.notes], allow_nan=False).encode()
    if frame.pixels.size > _MOST_WRITTEN:
        return
    if frame.bayer is None:
        pixels = frame.pixels.astype(np.uint16)
        picture = Picture(pixels, frame.exif, description=frame.description)
        encode_picture(picture, folder / "out.tif", overwrite=True)
        return
    assert all(map(math.isfinite, (*frame.bayer.black, frame.bayer.white, *frame.bayer.gains)))
    encode_dng(frame, np.full(frame.size, 0.5, np.float32), 0.5, folder / "out.dng")
    assert decode(folder / "out.dng").size == frame.size


def _sidecar(folder: Path) -> None:
    """A sidecar's description, which every result holds as it is read."""
    (path,) = folder.iterdir()
    photo = path.with_name("photo.png")
    encode_picture(_BLACK, photo)
    found = read_description(photo)
    if found.notes:
        raise InputError(f"{path}: {'; '.join(found.notes)}")
    description = found.description
    exif = agreeing(({}, {}, {}), found.sidecars, _values(description))
    picture = replace(_BLACK, exif=metadata.assemble(exif), description=description)
    for name in ("out.png", "out.jpg", "out.tif"):
        encode_picture(picture, folder / name)
        again = read_description(folder / name)
        assert not again.notes
        assert _values(again.description) == _values(description)


def _values(description: Description) -> xmp.Properties:
    return xmp.parse(description.xmp) if description.xmp else {}


def _check_facts(path: Path) -> None:
    """Headers, which other commands read without the pixels."""
    try:
        facts = read_facts(path)
        json.dumps([asdict(facts.exposure), facts.camera, facts.size], allow_nan=False).encode()
        read_domain(path)
    except (InputError, MemoryExhaustedError) as error:
        _check_message(error, path.parent)


def _model(folder: Path) -> None:
    read_measured(folder)
    model = find_model(folder)
    opened = OpenModel(model, choose_runtime("onnx", "cpu"))
    planes = np.full((model.config.channels, _SIDE, _SIDE), 0.5, np.float32)
    for graph in model.graphs:
        result = opened.session(graph).run([planes] * len(graph.inputs))
        assert result.shape == planes.shape


def _calibration(folder: Path) -> None:
    (path,) = folder.iterdir()
    profile = CameraProfile.read(path)
    profile.as_json().encode()
    assert [each.short.strongest_correlation for each in profile.settings]


def _video(folder: Path) -> None:
    (path,) = folder.iterdir()
    for frame in film_frames(path):
        assert frame.pixels.dtype in (np.uint8, np.uint16)
        assert frame.pixels.ndim == 3
        assert min(frame.size) > 0


_CHECKS: Mapping[str, Callable[[Path], None]] = {
    "model": _model,
    "calibration": _calibration,
    "sidecar": _sidecar,
    "video": _video,
}


def clear(folder: Path) -> None:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
