"""Nothing is sent: no socket to the network, and no file in the user's home."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

import pytest

RESTORE = [sys.executable, "-m", "pairfix", "restore", "--backend", "onnx", "--device", "cpu"]
SWITCH = "ORT_DISABLE_TELEMETRY"
REACHING = re.compile(r"\b(?:connect|bind|sendto|sendmsg|sendmmsg)\(.*")
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for subprocesses, which the tests' own setting does not reach."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.delenv(SWITCH, raising=False)
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder))
    return folder


def test_a_restoration_leaves_no_file_in_the_users_home(
    rgb_pair: tuple[Path, Path], home: Path, tmp_path: Path
) -> None:
    _run(*RESTORE, *map(str, rgb_pair), "-o", str(tmp_path / "out.png"))
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_users_of_the_library_and_its_workers_are_covered(home: Path) -> None:
    worker = f"import os, pathlib; print(os.environ['{SWITCH}'], [*pathlib.Path.home().iterdir()])"
    code = (
        "import pairfix, onnxruntime, subprocess, sys;"
        f"subprocess.run([sys.executable, '-c', {worker!r}], check=True)"
    )
    assert _run(sys.executable, "-c", code) == "1 []\n", home


def test_ray_reports_nothing_to_its_makers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    code = "import os, pairfix; print(os.environ['RAY_USAGE_STATS_ENABLED'])"
    assert _run(sys.executable, "-c", code) == "0\n"


def _can_trace() -> bool:
    tracer = shutil.which("strace")
    return (
        tracer is not None
        and subprocess.call([tracer, "-qq", "true"], stderr=subprocess.DEVNULL) == 0
    )


needs_tracer = pytest.mark.skipif(not _can_trace(), reason="needs strace, and leave to use it")


@needs_tracer
@pytest.mark.usefixtures("home")
def test_a_restoration_opens_no_socket(rgb_pair: tuple[Path, Path], tmp_path: Path) -> None:
    control = [sys.executable, "-c", "import socket; socket.socket()"]
    assert "socket(" in _calls(tmp_path, *control)
    restore = [*RESTORE, *map(str, rgb_pair), "-o", str(tmp_path / "out.png")]
    assert "socket(" not in _calls(tmp_path, *restore)


@needs_tracer
@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray (extra cluster)")
def test_a_cluster_on_this_machine_talks_to_itself_alone(
    rgb_pair: tuple[Path, Path], home: Path, tmp_path: Path
) -> None:
    outside = "import socket as s; s.socket(s.AF_INET, s.SOCK_DGRAM).connect_ex(('192.0.2.1', 9))"
    assert _elsewhere(_calls(tmp_path, sys.executable, "-c", outside)) == {"192.0.2.1"}
    table = tmp_path / "pairs.csv"
    table.write_text("long,short\n{},{}\n".format(*rgb_pair))
    output = ["-o", str(tmp_path / "out"), "--ray", "local", "--jobs", "1", "--worker-cpus", "1"]
    calls = _calls(tmp_path, *RESTORE, str(table), *output)
    assert len([*(tmp_path / "out").glob("*.png")]) == 1
    assert "127.0.0.1" in calls
    assert _elsewhere(calls) == set()
    assert [path for path in home.rglob("*") if path.is_file()] == []


def _elsewhere(calls: str) -> set[str]:
    """The addresses that are not this machine's own which sockets were bound to or sent to."""
    found = {
        ip_address(four or six)
        for call in REACHING.findall(calls)
        for four, six in ADDRESS.findall(call)
    }
    own = {each for each in found if (getattr(each, "ipv4_mapped", None) or each).is_loopback}
    return {str(each) for each in found - own}


def _calls(folder: Path, *command: str) -> str:
    """The network's system calls of a command and all its processes and threads."""
    log = folder / "calls"
    _run("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=%network", "-o", str(log), *command)
    return log.read_text()


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout
