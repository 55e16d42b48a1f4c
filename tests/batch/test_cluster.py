"""Restoring on a Ray cluster."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from pairfix.batch import Job, Outcome, Plan, check_cluster, joining, plan_shoot
from pairfix.batch.cluster.places import Places, places_on
from pairfix.batch.memory import Need
from pairfix.batch.outcome import Sent
from pairfix.batch.records import Inputs, State, read_record
from pairfix.batch.remote import Contents, RemoteWorker, Unseen
from pairfix.errors import ClusterError, InputError, MissingExtraError, ModelError
from pairfix.formats import decode
from pairfix.formats.description import read_description
from pairfix.formats.xmp import Properties, parse
from pairfix.pipeline import restore
from pairfix.recipe import Cluster, Recipe, Shoot
from tests.batch.conftest import make_pair
from tests.formats.descriptions import bag, rdf

RECIPE = Recipe(align="none", device="cpu", metadata=False)  # the history holds the time
DESCRIBED = replace(RECIPE, metadata=True)
LOCAL = Cluster("local", cpus=1, workers=2)

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None or sys.platform != "linux",
    reason="needs Ray (extra cluster), and Linux to find its workers",
)


@pytest.fixture
def worker() -> RemoteWorker:
    return RemoteWorker(RECIPE, threads=1, level=logging.WARNING)


@pytest.fixture
def job(shoot: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A pair whose photos are named relative to a folder in which the worker is not."""
    monkeypatch.chdir(shoot)
    names = Path("a_long.png"), Path("a_short.png")
    return Job("a", names, Path("out") / "a.png", "selfir-srgb", Need(0, 0))


def inputs(job: Job) -> Inputs:
    return Inputs.of(job.photos, RECIPE)


def absolute(job: Job) -> list[Path]:
    return [path.absolute() for path in job.photos]


def elsewhere(job: Job) -> list[Path]:
    """Where a machine that does not share the disk looks for the photos."""
    return [Path("/nowhere") / path for path in job.photos]


def test_a_worker_reads_shared_photos_and_sends_the_result_that_a_single_run_writes(
    worker: RemoteWorker, job: Job, tmp_path: Path
) -> None:
    sent = worker.restore(job, absolute(job), inputs(job), None).result
    assert isinstance(sent, Sent)
    alone = restore(job.photos[0], job.photos[1], tmp_path / "alone.png", RECIPE)
    assert sent.content == (tmp_path / "alone.png").read_bytes()
    assert sent.facts.scene.frames.keys() == alone.scene.frames.keys()
    assert [each.path for each in sent.facts.scene.frames.values()] == [*job.photos]
    assert sent.facts.output == job.output


def test_photos_that_a_worker_does_not_see_are_sent(worker: RemoteWorker, job: Job) -> None:
    seen = worker.restore(job, absolute(job), inputs(job), None).result
    assert worker.restore(job, elsewhere(job), inputs(job), None).result == Unseen()
    contents = Contents.read(job.photos, inputs(job))
    sent = worker.restore(job, elsewhere(job), inputs(job), contents).result
    assert isinstance(sent, Sent)
    assert isinstance(seen, Sent)
    assert sent.content == seen.content
    assert [each.path for each in sent.facts.scene.frames.values()] == [*job.photos]


@pytest.fixture
def sidecar(job: Job) -> Path:
    """Keywords beside the short photo."""
    path = job.photos[1].with_suffix(".xmp")
    path.write_text(rdf(bag("dc:subject", "night", "neon")))
    return path


def told(sent: object, folder: Path) -> tuple[Properties, tuple[str, ...]]:
    """What a result says of the scene, besides how it was made, and what is noted."""
    assert isinstance(sent, Sent)
    (folder / "sent.png").write_bytes(sent.content)
    properties = parse(read_description(folder / "sent.png").description.xmp)
    scene = {name: properties[name] for name in properties if "dc/elements" in name}
    return scene, sent.facts.notes


def test_sidecars_are_sent_with_the_photos(sidecar: Path, job: Job, tmp_path: Path) -> None:
    worker = RemoteWorker(DESCRIBED, threads=1, level=logging.WARNING)
    inputs = Inputs.of(job.photos, DESCRIBED)
    seen = worker.restore(job, absolute(job), inputs, None).result
    assert worker.restore(job, elsewhere(job), inputs, None).result == Unseen()
    contents = Contents.read(job.photos, inputs)
    sent = worker.restore(job, elsewhere(job), inputs, contents).result
    properties, notes = told(sent, tmp_path)
    assert "neon" in str(properties)
    assert (properties, notes) == told(seen, tmp_path)
    sidecar.unlink()
    assert worker.restore(job, absolute(job), inputs, None).result == Unseen()


def test_a_sidecar_that_cannot_be_read_is_sent_as_a_damaged_one(
    sidecar: Path, job: Job, tmp_path: Path
) -> None:
    worker = RemoteWorker(DESCRIBED, threads=1, level=logging.WARNING)
    inputs = Inputs.of(job.photos, DESCRIBED)
    sidecar.unlink()
    contents = Contents.read(job.photos, inputs)
    sent = worker.restore(job, elsewhere(job), inputs, contents).result
    properties, notes = told(sent, tmp_path)
    assert not properties
    assert "a_short.xmp is damaged or too large" in str(notes)


def test_another_file_at_the_same_path_is_not_taken_for_the_photo(
    worker: RemoteWorker, job: Job
) -> None:
    before = inputs(job)
    make_pair(*job.photos, seed=9)
    assert worker.restore(job, absolute(job), before, None).result == Unseen()


def test_errors_name_photos_as_the_user_did(worker: RemoteWorker, job: Job) -> None:
    contents = Contents((b"no picture", job.photos[1].read_bytes()), {})
    error = worker.restore(job, elsewhere(job), inputs(job), contents).result
    assert isinstance(error, InputError)
    assert error.message.startswith("a_long.png")


def test_log_messages_come_back_with_the_pair_that_they_are_about(
    worker: RemoteWorker, job: Job
) -> None:
    logging.getLogger("pairfix").warning("%s is odd", Path("a.png"))
    answer = worker.restore(job, absolute(job), inputs(job), None)
    assert "a.png is odd" in [record.getMessage() for record in answer.logged]
    assert not worker.restore(job, absolute(job), inputs(job), None).logged


def test_a_worker_says_why_it_cannot_restore() -> None:
    worker = RemoteWorker(Recipe(model="no-such-model"), threads=1, level=logging.WARNING)
    assert isinstance(worker.welcome().refusal, ModelError)


@pytest.mark.parametrize(
    ("nodes", "use_gpus", "places"),
    [
        ([{"CPU": 8}, {"CPU": 6}], True, Places(3, 4, 0)),
        ([{"CPU": 2}, {"CPU": 64}], True, Places(33, 2, 0)),
        ([{"CPU": 16, "GPU": 4}, {"CPU": 64}], True, Places(4, 4, 1)),
        ([{"CPU": 4, "GPU": 2}, {}], True, Places(2, 2, 1)),
        ([{"CPU": 4, "GPU": 2}], False, Places(1, 4, 0)),
    ],
)
def test_workers_share_the_machines(
    nodes: list[dict[str, float]], use_gpus: object, places: Places
) -> None:
    assert places_on(nodes, 4, use_gpus=bool(use_gpus)) == places


def test_a_cluster_without_cpus_is_refused() -> None:
    with pytest.raises(ClusterError, match="no machine"):
        places_on([{"memory": 1e9}], 4, use_gpus=True)


@pytest.mark.parametrize("address", ["", "somewhere", "ray://host:10001", "host:", ":6379"])
def test_what_is_no_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pairfix.batch.cluster.outside.find_spec", lambda _: object())
    with pytest.raises(ClusterError, match="not an address"):
        check_cluster(Cluster(address))


def test_a_missing_ray_is_said_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pairfix.batch.cluster.outside.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="cluster"):
        check_cluster(LOCAL)


@pytest.fixture
def large_shoot(shoot: Path) -> Path:
    """Eight pairs."""
    for number in range(6):
        make_pair(shoot / f"p{number}_long.png", shoot / f"p{number}_short.png", seed=number)
    return shoot


def restored_on(cluster: Cluster, plan: Plan, recipe: Recipe = RECIPE) -> Generator[Outcome]:
    with joining(cluster) as joined:
        yield from joined.restore(plan, recipe)


@needs_ray
@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(
    large_shoot: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "pairfix")
    shoot = Shoot(large_shoot, tmp_path / "out")
    plan = plan_shoot(shoot, RECIPE)
    outcomes = restored_on(LOCAL, plan)
    made = [next(outcomes)]
    results = {job.name: job.output for job in plan.jobs}
    first = State.of(results[made[0].name])
    (driver,) = multiprocessing.active_children()
    os.kill(busy_worker(driver.pid or 0), signal.SIGKILL)
    made += outcomes
    assert "a worker was lost" in caplog.text
    assert sorted(each.name for each in made) == sorted(job.name for job in plan.jobs)
    assert not [each for each in made if each.error]
    assert first is not None
    assert State.of(results[made[0].name]) == first
    for job in plan.jobs:
        decode(job.output)
        record = read_record(shoot.output, job.output)
        assert record is not None
        assert record.worker
    again = plan_shoot(shoot, RECIPE)
    assert [each.difference for each in again.kept] == [""] * len(plan.jobs)
    assert not again.jobs
    assert not unfinished(tmp_path)
    assert not multiprocessing.active_children()


@needs_ray
@pytest.mark.slow
def test_results_alone_are_printed_and_ctrl_c_leaves_nothing_running(
    large_shoot: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pairfix", "restore", str(large_shoot)]
    command += ["-o", str(tmp_path / "out"), "--ray", "local", "--jobs", "2", "--worker-cpus", "1"]
    with subprocess.Popen(
        [*command, "--json", "--align", "none"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline().startswith(b'{"output"')
        helpers = [*descendants(run.pid)]
        run.send_signal(signal.SIGINT)
        rest, messages = run.stdout.read(), run.stderr.read().decode()
    assert run.returncode == 130
    assert all(line.startswith(b'{"output"') for line in rest.splitlines())
    assert "the same command goes on" in messages
    told = [line for line in messages.splitlines() if "written in" not in line]
    assert all(line.startswith(("stopped: ", "pairfix: ")) for line in told), told
    assert not unfinished(tmp_path)
    assert not alive_after(helpers, 10)


@needs_ray
@pytest.mark.slow
def test_a_cluster_that_has_nothing_to_do_leaves_nothing_running() -> None:
    with joining(LOCAL):
        (driver,) = multiprocessing.active_children()
        helpers = started_by(driver.pid or 0, "ray::DashboardAgent")
    assert not alive_after(helpers, 10)


@needs_ray
@pytest.mark.slow
def test_an_address_without_a_cluster_is_refused_in_time_and_silence(
    shoot: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    start = time.monotonic()
    with pytest.raises(ClusterError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        next(restored_on(Cluster("127.0.0.1:1"), plan))
    assert time.monotonic() - start < 45
    assert not capfd.readouterr().err


@needs_ray
@pytest.mark.slow
def test_what_workers_refuse_ends_the_run(shoot: Path, tmp_path: Path) -> None:
    plan = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    with pytest.raises(ModelError, match="no-such-model"):
        next(restored_on(LOCAL, plan, Recipe(model="no-such-model")))


def busy_worker(driver: int) -> int:
    """The process of a worker that restores something."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for each in descendants(driver):
            if title(each).startswith("ray::RemoteWorker.restore"):
                return each
        time.sleep(0.01)
    raise AssertionError("no worker was busy")


def started_by(driver: int, wanted: str) -> list[int]:
    """All processes that a driver has started, once one of them has a title."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = [*descendants(driver)]
        if any(title(each).startswith(wanted) for each in found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {wanted} was started")


def alive_after(processes: list[int], seconds: float) -> list[int]:
    """Those that do not end in time."""
    deadline = time.monotonic() + seconds
    while alive := [each for each in processes if Path(f"/proc/{each}").exists()]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(0.1)
    return []


def descendants(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from descendants(child)


def title(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part" in path.name]
