import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pairfix.batch import plan_shoot
from pairfix.batch.records import Inputs, Record, write_record
from pairfix.errors import InputError, ModelError, OutputError, PairError, PairfixError
from pairfix.model import find_model
from pairfix.networks import NETWORKS
from pairfix.recipe import Recipe, Shoot
from tests.batch.conftest import make_pair
from tests.networks.conftest import Build
from tests.pages import restoration

RECIPE = Recipe(device="cpu")


def outputs(shoot: Shoot, recipe: Recipe = RECIPE) -> list[str]:
    """Paths of the results within the output folder."""
    jobs = plan_shoot(shoot, recipe).jobs
    return [job.output.relative_to(shoot.output).as_posix() for job in jobs]


def test_results_keep_the_folders_tree(shoot: Path, tmp_path: Path) -> None:
    assert outputs(Shoot(shoot, tmp_path / "out")) == ["a.png", "night/b.png"]


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{stem}-restored", ["a-restored.jpg", "night/b-restored.jpg"]),
        ("{short}", ["a_short.jpg", "night/short.jpg"]),
        ("{number:03}-{long}", ["001-a_long.jpg", "night/002-long.jpg"]),
    ],
)
def test_names_follow_the_template(
    shoot: Path, tmp_path: Path, template: str, names: list[str]
) -> None:
    assert outputs(Shoot(shoot, tmp_path / "out", name=template, suffix=".jpg")) == names


@pytest.mark.usefixtures("shoot")
def test_a_table_names_pairs_in_its_order(tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text(
        "long,short\nshoot/night/b/long.png,shoot/night/b/short.png\n"
        "shoot/a_long.png,shoot/a_short.png\n"
    )
    assert outputs(Shoot(table, tmp_path / "out")) == ["shoot/night/b.png", "shoot/a.png"]


def test_results_of_photos_outside_a_tables_folder_stay_in_the_output(
    shoot: Path, tmp_path: Path
) -> None:
    table = tmp_path / "tables" / "pairs.csv"
    table.parent.mkdir()
    table.write_text(
        "long,short\n../shoot/night/b/long.png,../shoot/night/b/short.png\n"
        f"{shoot}/a_long.png,{shoot}/a_short.png\n"
    )
    assert outputs(Shoot(table, tmp_path / "out")) == ["b.png", "a.png"]


def test_shards_are_disjoint_and_whole(shoot: Path, tmp_path: Path) -> None:
    for number in range(5):
        make_pair(shoot / f"{number}_long.png", shoot / f"{number}_short.png", seed=number)
    (shoot / "x_long.png").write_bytes(b"no picture")
    whole = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    parts = [
        plan_shoot(Shoot(shoot, tmp_path / "out", shard=(number, 3)), RECIPE)
        for number in (1, 2, 3)
    ]
    assert sorted(job.output for part in parts for job in part.jobs) == sorted(
        job.output for job in whole.jobs
    )
    assert [each.pair for part in parts for each in part.broken] == ["x"]


def test_photos_of_broken_pairs_are_told_apart_from_those_of_none(
    shoot: Path, tmp_path: Path
) -> None:
    (shoot / "c_long.png").write_bytes(b"no picture")
    shutil.copy(shoot / "a_long.png", shoot / "IMG_1.png")
    plan = plan_shoot(Shoot(shoot, tmp_path / "out"), RECIPE)
    assert [(each.path.name, each.pair) for each in plan.broken] == [("c_long.png", "c")]
    assert [each.path.name for each in plan.left_out] == ["IMG_1.png"]


def test_a_model_for_single_photos_takes_every_photo(
    shoot: Path, tmp_path: Path, random_model: Build
) -> None:
    model = random_model(NETWORKS["reblur-unet"], "srgb")
    recipe = Recipe(model=str(model.folder), device="cpu")
    assert outputs(Shoot(shoot, tmp_path / "out"), recipe) == [
        "a_long.png",
        "a_short.png",
        "night/b/long.png",
        "night/b/short.png",
    ]


def test_a_result_that_was_not_replaced_yet_is_not_taken_for_the_new_one(
    shoot: Path, tmp_path: Path
) -> None:
    """A run that is killed between record and result leaves the old file under the new record."""
    out = tmp_path / "out"
    out.mkdir()
    result = out / "a.png"
    result.write_bytes(b"what was there before")
    note(shoot, out, RECIPE)
    assert kept(shoot, out, RECIPE) == {"a": "not made by such a run"}
    result.write_bytes(b"the new one, whole")
    assert kept(shoot, out, RECIPE) == {"a": ""}


def note(shoot: Path, out: Path, recipe: Recipe) -> None:
    """Write the record of the result that is made of the first pair as it is now."""
    photos = shoot / "a_long.png", shoot / "a_short.png"
    facts = replace(restoration(), model=find_model("selfir-srgb"))
    result = out / "a.png"
    write_record(out, result, Record.of(Inputs.of(photos, recipe), facts, recipe, result))


def kept(shoot: Path, out: Path, recipe: Recipe) -> dict[str, str]:
    plan = plan_shoot(Shoot(shoot, out), recipe)
    return {each.job.name: each.difference for each in plan.kept}


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, {"a_short.xmp": b"1"}), ({"a_short.png.xmp": b"1"}, {"a_short.png.xmp": b"12"})],
)
def test_a_result_is_outdated_when_a_sidecar_of_the_short_photo_comes_changes_or_goes(
    before: dict[str, bytes], after: dict[str, bytes], shoot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (shoot / "a_long.xmp").write_bytes(b"of no account")
    for name, content in before.items():
        (shoot / name).write_bytes(content)
    note(shoot, out, RECIPE)
    (out / "a.png").write_bytes(b"the result")
    (shoot / "a_long.xmp").unlink()
    assert kept(shoot, out, RECIPE) == {"a": ""}
    for name, content in after.items():
        (shoot / name).write_bytes(content)
    difference = "made from other sidecars, or from other versions of them"
    assert kept(shoot, out, RECIPE) == {"a": difference}
    note(shoot, out, RECIPE)
    (out / "a.png").write_bytes(b"the next result")
    for name in after:
        (shoot / name).unlink()
    assert kept(shoot, out, RECIPE) == {"a": difference}


@pytest.mark.parametrize(
    ("before", "difference"),
    [
        ({"ensemble": 4}, "made with ensemble 4"),
        ({"dng": "linear"}, "made with dng linear"),
        ({"strength": 0.5, "bits": 8}, "made with strength 0.5, bits 8"),
    ],
)
def test_a_result_is_outdated_when_a_setting_is_the_default_again(
    before: dict[str, Any], difference: str, shoot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    note(shoot, out, replace(RECIPE, **before))
    (out / "a.png").write_bytes(b"the result")
    assert kept(shoot, out, RECIPE) == {"a": difference}


def test_what_was_left_to_the_format_is_told_as_the_default(shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    note(shoot, out, RECIPE)
    (out / "a.png").write_bytes(b"the result")
    assert kept(shoot, out, replace(RECIPE, bits=8)) == {"a": "made with the default bits"}


def test_a_record_does_not_depend_on_how_the_folders_are_named(
    shoot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (shoot / "a_short.xmp").write_bytes(b"1")
    note(Path("shoot"), Path("out"), RECIPE)
    (tmp_path / "out" / "a.png").write_bytes(b"the result")
    assert kept(shoot, tmp_path / "out", RECIPE) == {"a": ""}


def test_results_without_metadata_do_not_depend_on_sidecars(shoot: Path, tmp_path: Path) -> None:
    out, recipe = tmp_path / "out", replace(RECIPE, metadata=False)
    note(shoot, out, recipe)
    (out / "a.png").write_bytes(b"the result")
    (shoot / "a_short.xmp").write_bytes(b"1")
    assert kept(shoot, out, recipe) == {"a": ""}
    assert kept(shoot, out, RECIPE) == {"a": "made with metadata False"}


@pytest.mark.parametrize(
    ("shoot_as", "recipe", "reason"),
    [
        ({"suffix": ".dng"}, RECIPE, "a DNG needs raw photos"),
        ({}, replace(RECIPE, model="selfir-raw"), "model selfir-raw restores raw photos alone"),
    ],
)
def test_pairs_that_cannot_be_restored_as_asked_are_known_before(
    shoot_as: dict[str, Any], recipe: Recipe, reason: str, shoot: Path, tmp_path: Path
) -> None:
    plan = plan_shoot(Shoot(shoot, tmp_path / "out", **shoot_as), recipe)
    assert not plan.jobs
    assert [(each.pair, each.reason) for each in plan.broken] == [
        ("a", reason),
        ("night/b", reason),
    ]


def test_a_model_that_cannot_do_what_is_asked_is_refused_before(
    shoot: Path, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, model="deblurmerger-srgb", strength=2.0)
    with pytest.raises(ModelError, match="--strength above 1 does not apply"):
        plan_shoot(Shoot(shoot, tmp_path / "out"), recipe)


def test_messages_name_the_results_as_the_template_does(shoot: Path, tmp_path: Path) -> None:
    asked = Shoot(shoot, tmp_path / "out", suffix=".jpg")
    with pytest.raises(OutputError, match=r"out/\{stem\}\.jpg: JPEG cannot hold 16 bits"):
        plan_shoot(asked, replace(RECIPE, bits=16))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"output": "shoot/results"}, OutputError, "lies in"),
        ({"output": "shoot"}, OutputError, "lies in"),
        ({"output": "file"}, OutputError, "not a folder"),
        ({"name": "{title}"}, OutputError, "field 'title'"),
        ({"name": "{stem"}, OutputError, "not a valid template"),
        ({"name": "{}"}, OutputError, "field ''"),
        ({"name": "x/{stem}"}, OutputError, "cannot be a file's name"),
        ({"name": "../{stem}"}, OutputError, "cannot be a file's name"),
        ({"name": ""}, OutputError, "cannot be a file's name"),
        ({"name": "same"}, None, ""),
        ({"suffix": ".gif"}, OutputError, "not a format"),
        ({"source": "empty"}, PairError, "no photos"),
        ({"source": "missing"}, InputError, "does not exist"),
        ({"source": "broken.csv"}, InputError, "line 2"),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(
    shoot: Path,
    tmp_path: Path,
    change: dict[str, str],
    kind: type[PairfixError] | None,
    words: str,
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "broken.csv").write_text("long,short\nmissing.png,shoot/a_short.png\n")
    paths: dict[str, Any] = {
        key: tmp_path / change[key] for key in ("source", "output") if key in change
    }
    asked = replace(Shoot(shoot, tmp_path / "out"), **(change | paths))
    if kind is None:
        assert outputs(asked) == ["same.png", "night/same.png"]
        return
    with pytest.raises(kind, match=words):
        plan_shoot(asked, RECIPE)
    assert not (tmp_path / "out").exists()


def test_two_pairs_that_would_write_one_file_are_refused(shoot: Path, tmp_path: Path) -> None:
    make_pair(shoot / "B_long.png", shoot / "B_short.png", seed=3)
    with pytest.raises(OutputError, match="would both write"):
        plan_shoot(Shoot(shoot, tmp_path / "out", name="same"), RECIPE)


def test_an_existing_result_is_refused_if_it_must_not_exist(shoot: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").touch()
    with pytest.raises(OutputError, match="exists already"):
        plan_shoot(Shoot(shoot, tmp_path / "out", existing="fail"), RECIPE)
