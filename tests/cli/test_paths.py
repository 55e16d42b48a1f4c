"""Paths that lead nowhere or to no file: one line, the command's own exit code, no waiting."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pairfix.cli import run
from pairfix.errors import InputError, ModelError, OutputError
from pairfix.model import CONFIG, find_model

PHOTO_COMMANDS = (
    ["restore", "{path}", "{path}", "-o", "{out}"],
    ["align", "{path}", "{path}", "-o", "{out}"],
    ["pairs", "{path}"],
    ["calibrate", "{path}"],
    ["synth", "{path}", "-o", "{folder}"],
    ["train", "selfir", "{path}", "-o", "{folder}"],
    ["bench", "{path}"],
    ["score", "{path}"],
)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes are POSIX's")


def _loop(folder: Path) -> Path:
    (folder / "loop.csv").symlink_to("loop.csv")
    return folder / "loop.csv"


def _below_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "photo.csv"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


STRANGE: dict[str, Callable[[Path], Path]] = {
    "loop": _loop,
    "too long": lambda folder: folder / ("n" * 300 + ".csv"),
    "too deep": lambda _: Path("d/" * 3000 + "p.csv"),
    "below a file": _below_a_file,
    "pipe": _pipe,
    "device": lambda _: Path("/dev/zero"),
}


@pytest.mark.parametrize("command", PHOTO_COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_input_is_refused(
    command: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {
        "path": STRANGE[kind](tmp_path),
        "out": tmp_path / "out.png",
        "folder": tmp_path / "new",
    }
    code = run([each.format(**names) for each in command])
    assert code == InputError.exit_code
    assert "pairfix: " in capsys.readouterr().err
    assert not names["out"].exists()


@pytest.mark.parametrize("kind", ["loop", "too long", "too deep", "below a file"])
def test_a_strange_output_or_model_is_refused(
    kind: str, rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    path = STRANGE[kind](tmp_path).with_suffix(".png")
    if kind == "loop":
        path.symlink_to(path.name)
    pair = [*map(str, rgb_pair)]
    assert run(["restore", *pair, "-o", str(path)]) == OutputError.exit_code
    output = str(tmp_path / "out.png")
    assert run(["restore", *pair, "-o", output, "-m", str(path)]) == ModelError.exit_code
    assert run(["models", "show", str(path)]) == ModelError.exit_code
    assert run(["models", "show", "n" * 300]) == ModelError.exit_code


def test_a_working_directory_that_is_gone(tmp_path: Path, rgb_pair: tuple[Path, Path]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (
        "import os, sys; from pairfix.cli import run; os.rmdir(os.getcwd()); "
        "sys.exit(run(sys.argv[1:]))"
    )
    long, short = map(str, rgb_pair)
    for arguments, expected in (
        (["restore", long, short, "-o", "out.png"], OutputError.exit_code),
        (["restore", "long.png", short, "-o", str(tmp_path / "o.png")], InputError.exit_code),
        (["models", "show", "./model"], ModelError.exit_code),
    ):
        gone.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=gone,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expected, done.stderr
        assert done.stderr.count("\n") == 1


_OF_FOLDERS = ("pairs", "calibrate", "bench", "finetune")


@pytest.mark.skipif(
    sys.platform != "linux" or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="root may search every folder, unless setpriv keeps it out",
)
def test_a_folder_that_may_not_be_searched(tmp_path: Path, rgb_pair: tuple[Path, Path]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    inside = str(closed / "photo.png")
    shutil.copy(rgb_pair[0], inside)
    long, short, output = *map(str, rgb_pair), str(tmp_path / "new.png")
    folders = (
        (["restore", str(closed), "-o", str(tmp_path / "results")], InputError),
        (["synth", str(closed), "-o", str(tmp_path / "pairs")], InputError),
        (["train", "selfir", str(closed), "-o", str(tmp_path / "model")], InputError),
        *(([name, str(closed)], InputError) for name in _OF_FOLDERS),
    )
    commands = (
        *folders,
        (["restore", inside, short, "-o", output], InputError),
        (["restore", inside, "-o", output], InputError),
        (["restore", long, short, "-o", inside], OutputError),
        (["restore", long, short, "-o", output, "-m", inside], ModelError),
        (["models", "show", inside], ModelError),
        (["pairs", inside], InputError),
        (["calibrate", inside], InputError),
        (["bench", inside], InputError),
        (["synth", inside, "-o", str(tmp_path / "pairs")], InputError),
        (["train", "selfir", inside, "-o", str(tmp_path / "model")], InputError),
    )
    code = (
        "import json, pathlib, sys; from pairfix import cli, errors, formats\n"
        "print([cli.run(each) for each in json.loads(sys.argv[1])])\n"
        "try: formats.decode(pathlib.Path(sys.argv[2]))\n"
        "except errors.InputError as error: print(error)"
    )
    keep_out = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    words = [sys.executable, "-c", code, json.dumps([each for each, _ in commands]), inside]
    closed.chmod(0)
    try:
        done = subprocess.run(
            [*(keep_out if os.geteuid() == 0 else ()), *words],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        closed.chmod(0o700)
    codes, decoding = done.stdout.splitlines()
    assert json.loads(codes) == [kind.exit_code for _, kind in commands], done.stderr
    assert decoding.startswith(f"no permission to read {inside}")
    told = [line for line in done.stderr.splitlines() if line.startswith("pairfix: ")]
    assert len(told) == len(commands)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 100_000, "9" * 5000, " " * (1 << 23), "null", '"\\ud800"']
)
def test_any_config_is_a_model_or_a_refusal(text: str, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(ModelError):
        find_model(tmp_path)


@pytest.mark.parametrize("value", [10**400, -1, 1e400, {}, [[]], None, True, "\ud800"])
def test_any_value_in_a_config_is_a_model_or_a_refusal(value: object, tmp_path: Path) -> None:
    shipped = json.loads((find_model("selfir-raw").folder / CONFIG).read_text())
    for field in shipped:
        (tmp_path / CONFIG).write_text(json.dumps(shipped | {field: value}))
        try:
            find_model(tmp_path)
        except ModelError:
            continue
    for field in shipped["config"]:
        changed = shipped | {"config": shipped["config"] | {field: value}}
        (tmp_path / CONFIG).write_text(json.dumps(changed))
        try:
            find_model(tmp_path)
        except ModelError:
            continue


def test_a_pipe_in_a_model_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / CONFIG)
    with pytest.raises(ModelError, match="not a regular file"):
        find_model(tmp_path)
