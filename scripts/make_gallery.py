"""Judge the sample pairs as `pairfix bench` does; renew docs/gallery and the figures in the docs.

    python scripts/make_gallery.py PAIRS JPEGS [--model NAME|FOLDER ...]

PAIRS and JPEGS hold the folders of raw scenes and of camera JPEGs that docs/gallery/README.md
lists. BM3D needs `pip install 'pairfix[bench]'`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from update_docs import GALLERY, RESULTS, updated_pages

from pairfix.bench import PHOTOS, TRUTH, Judgement, Plan, run, sheets_of, write_sheet
from pairfix.pairs import Found, FoundPair, find_pairs

SCENES = ("wheel", "neon", "street", "night12mp")
JPEGS = ("wheel",)


def main() -> int:
    arguments = _arguments()
    models = tuple(arguments.model or [None])
    jpegs = [replace(pair, name=f"{pair.name}-jpeg") for pair in _scenes(arguments.jpegs, JPEGS)]
    found = Found(arguments.pairs, (*_scenes(arguments.pairs, SCENES), *jpegs), ())
    results = run(found, Plan(models), partial(print, flush=True), _keep_crops)
    if results.failures:
        print(*results.failures, sep="\n", file=sys.stderr)
        return results.failures[0].exit_code
    RESULTS.write_text(json.dumps(results.as_json(), indent=2) + "\n", encoding="utf-8")
    for page, text in updated_pages().items():
        page.write_text(text, encoding="utf-8")
    return 0


def _scenes(folder: Path, names: Sequence[str]) -> list[FoundPair]:
    pairs = {pair.name: pair for pair in find_pairs(folder).pairs}
    if missing := [name for name in names if name not in pairs]:
        sys.exit(f"{folder} lacks {', '.join(missing)}")
    return [pairs[name] for name in names]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("jpegs", type=Path)
    parser.add_argument("--model", action="append", help="otherwise the default")
    return parser.parse_args()


def _keep_crops(judgement: Judgement) -> None:
    """Write short | long | results | truth of one scene, at 100 %."""
    models = [verdict.method for verdict in judgement.verdicts if verdict.kind == "model"]
    for sheet in sheets_of(judgement, (*PHOTOS, *models, TRUTH)):
        write_sheet(sheet, GALLERY / f"{judgement.pair}.jpg", overwrite=True)


if __name__ == "__main__":
    sys.exit(main())
