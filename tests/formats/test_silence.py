"""Only pairfix itself writes to standard error."""

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pairfix.errors import PairfixError
from pairfix.formats import decode
from pairfix.formats.edge import silenced

from .samples import make_dng, scene


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("extension", [".dng", ".png", ".jpg", ".tif", ".webp"])
def test_damage_is_reported_by_the_error_alone(
    tmp_path: Path,
    extension: str,
    share: float,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    path = tmp_path / f"a{extension}"
    if extension == ".dng":
        make_dng(path, scene())
    else:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        options = {"compression": "tiff_lzw"} if extension == ".tif" else {}
        Image.fromarray(noise).save(path, None, **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(PairfixError):
        decode(path)
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_with_missing_rows_is_refused_silently(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2] + whole[-2:])
    with pytest.raises(PairfixError):
        decode(tmp_path / "a.jpg")
    assert capfd.readouterr() == ("", "")


def test_standard_error_is_back_after_the_last_of_overlapping_blocks(
    capfd: pytest.CaptureFixture[str],
) -> None:
    inside, leave = threading.Event(), threading.Event()

    def long_call() -> None:
        with silenced():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=long_call)
    with silenced():
        thread.start()
        assert inside.wait(10)
        os.write(2, b"lost")
    os.write(2, b"lost as well")
    leave.set()
    thread.join(10)
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_standard_error_is_back_after_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="of the call"), silenced():
        raise ValueError("of the call")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors of POSIX")
def test_a_closed_standard_error_does_no_harm(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "a.dng", scene())
    program = (
        "import os, sys; from pathlib import Path; os.close(2);"
        "from pairfix.formats import decode; print(decode(Path(sys.argv[1])).domain)"
    )
    command = [sys.executable, "-c", program, str(path)]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"raw\n"
