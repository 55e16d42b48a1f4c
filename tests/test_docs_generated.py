"""README.md and the pages under docs/: tables from the code, links, and command lines."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pairfix.cli import app

ROOT = Path(__file__).parents[1]
MANUAL = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [
    *MANUAL,
    *sorted((ROOT / "docs" / "gallery").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
    *sorted((ROOT / "models").rglob("*.md")),
]

CHANGELOG = ROOT / "CHANGELOG.md"
"""It may name options that are gone."""

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PYTHON = re.compile(r"^```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!\w+:)(?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)
_CODE_LINE = re.compile(r"^(?: {4}|\t)(?P<code>.*)$")
_SPAN = re.compile(r"`(?P<code>pairfix [^`]+)`")
_SCRIPT = re.compile(r"\b(?:benchmarks|scripts)/\w+\.(?:py|sh)\b")


def test_every_generated_block_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "update_docs.py"), "--check"]
    check = subprocess.run(command, check=False, capture_output=True, text=True)
    assert check.returncode == 0, f"{check.stdout}{check.stderr}: run scripts/update_docs.py"


@pytest.mark.parametrize(
    "page", [*PAGES, CHANGELOG], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.finditer(_without_code(page)):
        target = (page.parent / link["file"]).resolve() if link["file"] else page
        assert target.exists(), f"{link[0]} is missing"
        if link["anchor"]:
            assert link["anchor"] in _anchors(target), f"{link[0]} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_line_parses(page: Path) -> None:
    for line in _command_lines(page):
        _parse(shlex.split(line, comments=True)[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_text_exist_with_their_options(page: Path) -> None:
    for span in _SPAN.finditer(_without_code(page)):
        command, words = _resolve(shlex.split(span["code"])[1:])
        known = {option for each in command.params for option in (*each.opts, "--help")}
        unknown = [word for word in words if word.startswith("-") and word not in known]
        assert not unknown, f"{span[0]}: {unknown[0]} is not an option"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_script_that_is_named_exists(page: Path) -> None:
    for script in set(_SCRIPT.findall(page.read_text(encoding="utf-8"))):
        assert (ROOT / script).is_file(), f"{script} is missing"


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_what_python_examples_import_from_pairfix_exists(page: Path) -> None:
    for block in _PYTHON.finditer(page.read_text(encoding="utf-8")):
        for node in ast.parse(block["code"]).body:
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "pairfix":
                module = importlib.import_module(str(node.module))
                missing = [name.name for name in node.names if not hasattr(module, name.name)]
                assert not missing, f"{node.module} has no {missing[0]}"


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {link["file"] for link in _LINK.finditer(_without_code(ROOT / "README.md"))}
    for page in MANUAL[1:]:
        assert f"docs/{page.name}" in linked, f"{page.name} cannot be found"


def test_every_option_of_restore_is_explained() -> None:
    page = (ROOT / "docs" / "restore.md").read_text(encoding="utf-8")
    command, _ = _resolve(["restore"])
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--"):
                assert f"`{option}" in page, f"{option} is not explained"


def _without_code(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub names them."""
    titles = (found["title"] for found in _HEADING.finditer(_without_code(page)))
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def _command_lines(page: Path) -> Iterator[str]:
    """The pairfix commands in a page's code blocks; a deeper indented line continues one."""
    command = ""
    for line in [*_without_code(page).splitlines(), ""]:
        code = _CODE_LINE.match(line)
        if code and command and code["code"].startswith(" "):
            command += code["code"]
            continue
        if command:
            yield command
        command = ""
        if code and (found := re.match(r"(?:.* -m )?(?P<command>pairfix .*)", code["code"])):
            command = found["command"]


def _resolve(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words begin with, and the words that follow it."""
    command: Any = typer.main.get_command(app)
    words = list(words)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"pairfix has no command {name}"
        command = command.commands[name]
    return command, words


def _parse(words: list[str]) -> None:
    """Parse a command line without running it; a usage error fails the test."""
    command, arguments = _resolve(words)
    command.make_context(command.name, arguments)
