"""Measure every shipped model that restores pairs: measured.json in its folder, and the tables.

    python scripts/measure_models.py PAIRS [NAME ...]

PAIRS holds the folders of the raw pairs wheel, neon and street, each with its truth, and of
night12mp, whose seconds and memory count. Srgb models see the pairs as LibRaw develops them. Of
models that are not named, what was measured before is kept; nothing else should run meanwhile.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from update_docs import updated_pages

from pairfix.bench import Plan, run
from pairfix.image import ROLES
from pairfix.model import shipped_models
from pairfix.model.measured import MEASURED, Measured, measured_text
from pairfix.pairs import Found, find_pairs

JUDGED = ("wheel", "neon", "street")
LARGE = "night12mp"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    pairs = {pair.name: pair for pair in find_pairs(arguments.pairs).pairs}
    if missing := [name for name in (*JUDGED, LARGE) if name not in pairs]:
        sys.exit(f"{arguments.pairs} lacks {', '.join(missing)}")
    found = Found(arguments.pairs, tuple(pairs[name] for name in (*JUDGED, LARGE)), ())
    models = [
        model
        for model in shipped_models()
        if model.network.restores and model.roles == frozenset(ROLES)
        if not arguments.names or model.name in arguments.names
    ]
    plan = Plan(tuple(model.name for model in models), baselines=())
    results = run(found, plan, partial(print, flush=True))
    if results.failures:
        print(*results.failures, sep="\n", file=sys.stderr)
        return results.failures[0].exit_code
    for model in models:
        own = {each.pair: each for each in results.verdicts if each.method == model.name}
        psnr = {name: each.quality.psnr for name, each in own.items() if each.quality}
        large = own[LARGE]
        measured = Measured(psnr, large.seconds, (large.peak_bytes or 0) / 1e6)
        (model.folder / MEASURED).write_text(measured_text(measured), encoding="utf-8")
    for page, text in updated_pages().items():
        page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
