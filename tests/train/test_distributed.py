"""Two processes train as one with twice the batch."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch")

from pairfix.errors import OutputError  # noqa: E402
from pairfix.train.distributed import Workers  # noqa: E402
from pairfix.train.loop import Loop  # noqa: E402
from tests.train.fakes import (  # noqa: E402
    CPU,
    small_fusion,
    small_recipe,
    smooth_pairs,
    supervised,
)
from tests.train.worker import STEPS  # noqa: E402

if TYPE_CHECKING:
    from pairfix.synth.batch import PairBatch

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_alone_nothing_is_exchanged() -> None:
    workers = Workers()
    assert workers.leads
    assert workers.agree(0.5, stop=True) == (0.5, True)
    assert workers.gather("mine") == ["mine"]
    assert workers.led(lambda: "done") == "done"


def test_what_the_leader_cannot_do_ends_the_training() -> None:
    def refuse() -> None:
        raise OutputError("no room")

    with pytest.raises(OutputError, match="no room"):
        Workers().led(refuse)


@pytest.mark.slow
def test_two_processes_train_as_one_with_both_batches(tmp_path: Path) -> None:
    meeting = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    paths = [tmp_path / f"{rank}.pt" for rank in range(2)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.train.worker", path],
            cwd=ROOT,
            env={**os.environ, **meeting, "RANK": str(rank), "OMP_NUM_THREADS": "1"},
        )
        for rank, path in enumerate(paths)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    first, second = (torch.load(path, weights_only=True) for path in paths)
    torch.testing.assert_close(first["fusion"], second["fusion"], rtol=0, atol=0)
    assert len(first["random"]) == 2

    generators = [torch.Generator().manual_seed(rank) for rank in range(2)]

    def render(_: object) -> "PairBatch":
        halves = [smooth_pairs(generator) for generator in generators]
        fields = zip(*(half.sources.values() for half in halves), strict=True)
        together = dict(zip(halves[0].sources, map(torch.cat, fields), strict=True))
        return type(halves[0])(truth=torch.cat([half.truth for half in halves]), **together)

    fusion = small_fusion()
    alone = Loop(fusion, supervised(fusion), render, small_recipe(steps=STEPS), CPU, Workers())
    alone.run(stop=lambda: False, report=lambda _: None, review=lambda: None)
    torch.testing.assert_close(first["fusion"], fusion.state_dict(), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_torchrun_trains_and_one_process_talks(photos: Path, tmp_path: Path) -> None:
    small = ["--set", "width=4", "--steps", "2", "--batch", "1", "--crop", "32"]
    output = ["-o", str(tmp_path / "mine"), "--val-pairs", "1", "--device", "cpu"]

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [
                *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"),
                *("--master-port", str(free_port()), "-m", "pairfix", "train", "reblur-unet"),
                *(str(photos), *small, *output),
            ],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("use it with: pairfix restore") == 1
    assert "2 of 2 pairs" in (tmp_path / "mine" / "README.md").read_text()
    again = run()
    assert again.returncode != 0
    assert "mine exists already; choose another name or pass --overwrite" in again.stderr
    assert "Connection closed" not in again.stderr
