import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from pairfix.bench.benchmark import write_results
from pairfix.bench.results import Failure, Machine, Quality, Results, Verdict, this_machine
from pairfix.bench.tables import as_markdown

MACHINE = Machine("A CPU", 2, None, "Linux x86_64", {"pairfix": "1"})
RESULTS = Results(
    MACHINE,
    (
        Verdict("wheel", "BM3D", "baseline", Quality(26.153, 27.4, 0.7488), 30.0),
        Verdict("wheel", "a|b", "model", Quality(28, 29, 0.8, 0.25), 1.72, 780_000_000),
        Verdict("wheel", "copy", "model", Quality(math.inf, math.inf, 1.0), 2.0),
        Verdict("night", "a|b", "model", None, 11.3),
    ),
    (Failure("bad", "", "bad holds no short exposure", 3),),
    ("a remark",),
)


def test_results_survive_json() -> None:
    stored = json.dumps(RESULTS.as_json(), allow_nan=False)
    assert Results.from_json(json.loads(stored)) == RESULTS


@pytest.mark.parametrize(
    "line",
    [
        "| BM3D | 26.15 / 0.749 |",
        r"| a\|b | 28.00 / 0.800 |",
        r"| a\|b | 1.7 / 0.78 | 11.3 / - |",
        "| wheel | BM3D | 26.15 | 27.40 | 0.749 | - | 30.0 | - |",
        r"| wheel | a\|b | 28.00 | 29.00 | 0.800 | 0.250 | 1.7 | 0.78 |",
        "| copy | ∞ / 1.000 |",
        r"| night | a\|b | - | - | - | - | 11.3 | - |",
        "- bad: bad holds no short exposure",
        "- a remark",
        "Measured on A CPU, 2 cores, no GPU found, Linux x86_64; pairfix 1.",
    ],
)
def test_the_page_says_everything(line: str) -> None:
    assert line in as_markdown(RESULTS).splitlines()


def test_the_page_names_the_source_of_a_baseline() -> None:
    assert "Mäkinen, Azzari and Foi" in as_markdown(RESULTS)


def test_a_benchmark_in_which_everything_failed_has_a_page_too() -> None:
    assert "bad holds no short" in as_markdown(Results(MACHINE, (), RESULTS.failures))


def test_this_machine_has_a_name_cores_and_versions() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.cores >= 1
    assert {"pairfix", "Python", "numpy", "OpenCV", "ONNX Runtime"} <= machine.versions.keys()


def test_results_of_pairs_whose_names_are_no_unicode_are_written(tmp_path: Path) -> None:
    named = replace(RESULTS, failures=(Failure("a\udcff", "", "it is damaged", 3),))
    write_results(named, [], tmp_path, overwrite=False)
    assert "a\\udcff" in (tmp_path / "results.md").read_text(encoding="utf-8")
