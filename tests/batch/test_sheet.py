import re
from pathlib import Path

import pytest

from pairfix.batch import Outcome, check_sheet, plan_shoot, restore_shoot, write_sheet
from pairfix.errors import OutputError
from pairfix.recipe import Recipe, Shoot

RECIPE = Recipe(device="cpu")


def made(shoot: Path, out: Path, page: Path, *, pages: bool = False) -> str:
    """The sheet of one more run."""
    plan = plan_shoot(Shoot(shoot, out, pages=pages), RECIPE)
    check_sheet(page, out)
    outcomes: list[Outcome] = [*restore_shoot(plan, RECIPE)]
    write_sheet(page, plan, outcomes, "the numbers")
    return page.read_text(encoding="utf-8")


def links(page: str) -> list[str]:
    return re.findall(r'<a class="views" href="([^"]*)"', page)


def test_it_shows_results_failures_and_what_is_in_no_pair(shoot: Path, tmp_path: Path) -> None:
    (shoot / "c_long.png").write_bytes(b"no picture")
    (shoot / "IMG_7.png").write_bytes((shoot / "a_long.png").read_bytes())
    page = made(shoot, tmp_path / "out", tmp_path / "out" / "index.html")
    assert links(page) == ["a.png", "night/b.png"]
    assert page.count("data:image/jpeg") == 4
    assert "the numbers" in page
    assert re.search(r"<dt>c</dt><dd>c_long.png: ", page)
    assert "<dt>IMG_7.png</dt>" in page
    assert str(tmp_path) not in page


def test_a_later_run_shows_what_stayed(shoot: Path, tmp_path: Path) -> None:
    first = made(shoot, tmp_path / "out", tmp_path / "out" / "index.html")
    assert made(shoot, tmp_path / "out", tmp_path / "out" / "index.html") == first


def test_links_lead_from_the_page_to_the_results(shoot: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    page = made(shoot, tmp_path / "out", tmp_path / "pages" / "sheet.html")
    assert links(page) == ["../out/a.png", "../out/night/b.png"]


def test_pages_of_the_pairs_are_linked_and_made_again_with_their_results(
    shoot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    page = made(shoot, out, out / "index.html", pages=True)
    reports = re.findall(r'<a href="([^"]*)" aria-label="Report of', page)
    assert reports == [".pairfix/a.png.html", ".pairfix/night/b.png.html"]
    (out / "a.png").unlink()
    (out / reports[0]).write_text("of the result that is gone")
    assert made(shoot, out, out / "index.html", pages=True).count("Report of ") == 2
    assert "a_long.png" in (out / reports[0]).read_text(encoding="utf-8")
    assert str(tmp_path) not in (out / reports[0]).read_text(encoding="utf-8")
    (out / "a.png").unlink()
    assert made(shoot, out, out / "index.html").count("Report of ") == 1


def test_another_file_is_not_replaced(tmp_path: Path) -> None:
    other = tmp_path / "index.html"
    other.write_text("<title>mine</title>")
    with pytest.raises(OutputError, match="exists already"):
        check_sheet(other, tmp_path)


def test_a_record_that_somebody_changed_costs_its_facts_alone(shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made(shoot, out, out / "index.html")
    record = out / ".pairfix" / "a.png.json"
    record.write_text(record.read_text().replace('"inputs": {', '"inputs": {"long": 3, '))
    assert links(made(shoot, out, out / "index.html")) == ["a.png", "night/b.png"]
