"""Write the tables of README.md and docs/ that come from the code, between their markers.

    python scripts/update_docs.py [--check]

With --check nothing is written; the pages that are out of date are printed, and the exit code is 1.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pairfix import errors
from pairfix.backends import BACKENDS
from pairfix.bench import Results, summary
from pairfix.errors import PairfixError
from pairfix.formats import FORMATS
from pairfix.model import Model, is_default, shipped_models
from pairfix.model.measured import read_measured
from pairfix.networks import NETWORKS

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery"
RESULTS = GALLERY / "results.json"

_BLOCK = re.compile(r"<!-- (?P<name>[\w ]+) -->\n(?P<content>.*?)<!-- end -->", re.DOTALL)


def main() -> int:
    stale = {
        page: text
        for page, text in updated_pages().items()
        if page.read_text(encoding="utf-8") != text
    }
    if "--check" in sys.argv:
        for page in stale:
            print(f"{page.relative_to(ROOT)} is out of date")
        return int(bool(stale))
    for page, text in stale.items():
        page.write_text(text, encoding="utf-8")
    return 0


def updated_pages() -> dict[Path, str]:
    """README.md and the pages of docs/ with every block renewed.

    Raises:
        SystemExit: A page has a block of an unknown name, or no page has one of the blocks.
    """
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    used: set[str] = set()
    updated = {page: _updated(page, used) for page in pages}
    if missing := BLOCKS.keys() - used:
        raise SystemExit(f"no page has the block {min(missing)}")
    return updated


def _updated(page: Path, used: set[str]) -> str:
    def renewed(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in BLOCKS:
            raise SystemExit(f"{page.name}: unknown block {name}")
        used.add(name)
        return f"<!-- {name} -->\n{BLOCKS[name](page)}\n<!-- end -->"

    return _BLOCK.sub(renewed, page.read_text(encoding="utf-8"))


def _quality(_page: Path) -> str:
    """PSNR and SSIM by method and pair, where the truth is known."""
    judged = [verdict for verdict in _results().verdicts if verdict.quality]
    cells = {
        (verdict.method, verdict.pair): f"{verdict.quality.psnr:.2f} / {verdict.quality.ssim:.3f}"
        for verdict in judged
        if verdict.quality
    }
    pairs = tuple(dict.fromkeys(verdict.pair for verdict in judged))
    methods = dict.fromkeys(verdict.method for verdict in judged)
    rows = [(method, *(cells.get((method, pair), "") for pair in pairs)) for method in methods]
    return _table(("PSNR in dB / SSIM", *pairs), rows, numbers=True)


def _measured(_page: Path) -> str:
    return summary(_results())


def _gallery(page: Path) -> str:
    """The pictures that scripts/make_gallery.py made, in the order of the results."""
    scenes = dict.fromkeys(verdict.pair for verdict in _results().verdicts)
    return "\n\n".join(
        f"![{scene}: crops of the photos, the result and the truth]"
        f"({_link(page, GALLERY / f'{scene}.jpg')})"
        for scene in scenes
    )


def _results() -> Results:
    return Results.from_json(json.loads(RESULTS.read_text(encoding="utf-8")))


def _exit_codes(_page: Path) -> str:
    kinds = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    foreseen = {kind.exit_code: kind.summary for kind in kinds if kind is not PairfixError}
    every = {0: "done", 1: "a defect in pairfix", 2: "wrong usage", **foreseen, 130: "interrupted"}
    rows = [(str(code), summary) for code, summary in sorted(every.items())]
    return _table(("Exit code", "Meaning"), rows)


def _formats(_page: Path) -> str:
    rows = [(f"`{suffix}`", kind.name, kind.depths) for suffix, kind in FORMATS.items()]
    return _table(("Output", "Format", "Bits per channel"), rows)


def _purpose(model: Model) -> str:
    if not model.network.restores:
        return f"{model.domain}, for `--adapt`"
    what = "pairs" if len(model.roles) > 1 else "photos without a partner"
    kind = {"raw": f"raw {what}", "srgb": f"JPEG, PNG, TIFF {what}"}[model.domain]
    return f"{kind} (default)" if is_default(model) else kind


def _models(page: Path) -> str:
    rows = [
        (
            f"[{model.name}]({_link(page, ROOT / 'models' / model.name / 'README.md')})",
            model.network.title,
            _purpose(model),
            f"{sum(path.stat().st_size for path in model.folder.iterdir()) / 1e6:.1f} MB",
            *_measured_of(model),
        )
        for model in shipped_models()
    ]
    return _table(("Model", "Network", "For", "Size", "PSNR", "12 MP"), rows)


def _measured_of(model: Model) -> tuple[str, str]:
    measured = read_measured(model.folder)
    return measured.summary() if measured else ("", "")


def _networks(_page: Path) -> str:
    rows = [(f"`{name}`", each.title, each.source) for name, each in NETWORKS.items()]
    return _table(("Name", "Network", "Paper"), rows)


def _backends(_page: Path) -> str:
    rows = [
        (f"`{each.name}`", each.title, ", ".join(each.precisions)) for each in BACKENDS.values()
    ]
    return _table(("`--backend`", "Library", "`--precision`"), rows)


def _link(page: Path, target: Path) -> str:
    return Path(os.path.relpath(target, page.parent)).as_posix()


def _table(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, numbers: bool = False
) -> str:
    """A Markdown table; with `numbers`, all columns but the first are set to the right."""
    rule = ("---", *("---:" if numbers else "---" for _ in header[1:]))
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *rows))


BLOCKS: Mapping[str, Callable[[Path], str]] = {
    "quality": _quality,
    "measured": _measured,
    "gallery": _gallery,
    "exit codes": _exit_codes,
    "formats": _formats,
    "models": _models,
    "networks": _networks,
    "backends": _backends,
}
"""By the name in the markers: what makes the block's content, given the page that it stands in."""


if __name__ == "__main__":
    sys.exit(main())
