"""Write the tables of README.md that come from the code, between their markers.

python scripts/update_readme.py [--check]
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pairfix import errors
from pairfix.backends import BACKENDS
from pairfix.bench import Results, summary
from pairfix.errors import PairfixError
from pairfix.formats import FORMATS
from pairfix.model.model import shipped_models
from pairfix.networks import NETWORKS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GALLERY = ROOT / "docs" / "gallery"
RESULTS = GALLERY / "results.json"


def main() -> int:
    current = README.read_text(encoding="utf-8")
    updated = updated_readme(current)
    if "--check" in sys.argv:
        return int(updated != current)
    README.write_text(updated, encoding="utf-8")
    return 0


def updated_readme(text: str) -> str:
    """The text with every ``<!-- name -->`` ... ``<!-- end -->`` block made anew."""
    for name, table in _tables().items():
        block = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
        text, found = block.subn(f"{table}\n".replace("\\", r"\\"), text)
        if found != 1:
            raise SystemExit(f"README.md has {found} blocks named {name}")
    return text


def _tables() -> dict[str, str]:
    return {
        "measured": summary(_measured()),
        "gallery": _gallery(_measured()),
        "exit codes": _table(("Exit code", "Meaning"), _exit_codes()),
        "formats": _table(("Output", "Format", "Bits per channel"), _formats()),
        "models": _table(("Model", "Network", "For", "Size"), _models()),
        "networks": _table(("Network", "Paper"), [(n.title, n.source) for n in NETWORKS.values()]),
        "backends": _table(
            ("`--backend`", "Library", "`--precision`"),
            [(f"`{b.name}`", b.title, ", ".join(b.precisions)) for b in BACKENDS.values()],
        ),
    }


def _measured() -> Results:
    return Results.from_json(json.loads(RESULTS.read_text(encoding="utf-8")))


def _gallery(results: Results) -> str:
    """The pictures that scripts/make_gallery.py made, in the order of the results."""
    scenes = dict.fromkeys(verdict.pair for verdict in results.verdicts)
    return "\n\n".join(
        f"![{scene}: crops of the photos, the result and the truth](docs/gallery/{scene}.jpg)"
        for scene in scenes
    )


def _exit_codes() -> list[tuple[str, str]]:
    kinds = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    foreseen = {kind.exit_code: kind.summary for kind in kinds if kind is not PairfixError}
    every = {0: "done", 1: "a defect in pairfix", 2: "wrong usage", **foreseen, 130: "interrupted"}
    return [(str(code), summary) for code, summary in sorted(every.items())]


def _formats() -> list[tuple[str, str, str]]:
    return [
        (f"`{suffix}`", kind.name, " or ".join(str(bits) for bits in kind.bits))
        for suffix, kind in FORMATS.items()
    ]


def _models() -> list[tuple[str, str, str, str]]:
    kinds = {"raw": "raw pairs", "srgb": "JPEG, PNG, TIFF pairs"}
    return [
        (
            f"[{model.name}](models/{model.name}/README.md)",
            model.network.title,
            kinds[model.domain] if model.network.restores else f"{model.domain}, for `--adapt`",
            f"{(model.folder / 'weights.safetensors').stat().st_size / 1e6:.1f} MB",
        )
        for model in shipped_models()
    ]


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
