import errno
from pathlib import Path

import pytest

from pairfix.errors import OutputError
from pairfix.formats import FORMATS, check_writable
from pairfix.formats.atomic import check_target, replacing


def _names(folder: Path) -> list[str]:
    """All files, including hidden ones."""
    return sorted(entry.name for entry in folder.iterdir())


def _write_and(failure: BaseException, path: Path, *, overwrite: bool) -> None:
    with replacing(path, overwrite=overwrite) as file:
        file.write(b"half")
        raise failure


def _write_while(path: Path, another_writes: bytes) -> None:
    with replacing(path, overwrite=False) as file:
        file.write(b"mine")
        path.write_bytes(another_writes)


def test_a_finished_file_takes_its_place(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.png", overwrite=False) as file:
        file.write(b"whole")
        assert _names(tmp_path) != ["a.png"]
    assert _names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"whole"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_nothing_is_left_after_a_failure(tmp_path: Path, failure: type[BaseException]) -> None:
    (tmp_path / "a.png").write_bytes(b"before")
    with pytest.raises(failure):
        _write_and(failure(), tmp_path / "a.png", overwrite=True)
    assert _names(tmp_path) == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"before"


def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OutputError, match=r"No space left.*free some space"):
        _write_and(full, tmp_path / "a.png", overwrite=False)
    assert _names(tmp_path) == []


def test_an_existing_file_stays_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"before")
    with pytest.raises(OutputError, match=r"exists already.*--overwrite") as caught:
        check_writable(target, overwrite=False)
    assert caught.value.exit_code == 8
    assert check_writable(target, overwrite=True) is FORMATS[".png"]


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with pytest.raises(OutputError, match="exists"):
        _write_while(target, b"theirs")
    assert _names(tmp_path) == ["a.png"]
    assert target.read_bytes() == b"theirs"


def test_targets_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_writable(tmp_path / "folder.png", overwrite=True)
    with pytest.raises(OutputError, match="does not exist"):
        check_writable(tmp_path / "missing" / "a.png", overwrite=False)
    with pytest.raises(OutputError, match=r"\.png, \.tif, \.tiff, \.jpg"):
        check_writable(tmp_path / "a.bmp", overwrite=False)


def test_a_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OutputError, match="no permission"):
        check_writable(tmp_path / "a.png", overwrite=False)


def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "a.png", tmp_path / "a.png"
    target.write_bytes(b"before")
    link.symlink_to(target)
    with pytest.raises(OutputError, match="exists already"):
        check_writable(link)
    with replacing(link, overwrite=True) as file:
        file.write(b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"
    assert _names(tmp_path / "real") == ["a.png"]


def test_a_link_to_nothing_yet_creates_its_target(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("b.png")
    with replacing(tmp_path / "a.png", overwrite=False) as file:
        file.write(b"whole")
    assert (tmp_path / "a.png").is_symlink()
    assert (tmp_path / "b.png").read_bytes() == b"whole"


def test_links_that_form_a_loop_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("b.png")
    (tmp_path / "b.png").symlink_to("a.png")
    with pytest.raises(OutputError, match="not a regular file"):
        check_writable(tmp_path / "a.png", overwrite=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("overwrite", [False, True])
def test_devices_are_refused(tmp_path: Path, *, overwrite: bool) -> None:
    (tmp_path / "a.png").symlink_to("/dev/full")
    for path in (tmp_path / "a.png", Path("/dev/full")):
        with pytest.raises(OutputError, match=rf"{path} is not a regular file"):
            check_target(path, overwrite=overwrite)
