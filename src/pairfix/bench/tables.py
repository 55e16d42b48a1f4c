"""A benchmark's results as Markdown."""

import math
from collections.abc import Callable, Sequence

from pairfix.bench.baselines import BASELINES
from pairfix.bench.results import Results, Verdict

__all__ = ["HEADER", "as_markdown", "brief", "cells", "summary"]

HEADER = (
    "pair",
    "method",
    "PSNR dB",
    "PSNR dB (BT.709)",
    "SSIM",
    "LPIPS",
    "seconds",
    "peak GB",
)
_MISSING = "-"


def as_markdown(results: Results) -> str:
    """The whole benchmark as a page of Markdown."""
    used = {verdict.method for verdict in results.verdicts}
    sources = [f"- {b.name}: {b.source}" for b in BASELINES.values() if b.name in used]
    runtimes = {v.method: v.runtime for v in results.verdicts if v.runtime}
    notes = [
        *sources,
        *(f"- {method}: {runtime}" for method, runtime in runtimes.items()),
        *(f"- {remark}" for remark in results.remarks),
    ]
    parts = ["# Benchmark", summary(results)]
    parts.append(_table(HEADER, [cells(verdict) for verdict in results.verdicts]))
    parts += _failures(results)
    return "\n\n".join([*parts, "\n".join(notes)]).rstrip() + "\n"


def summary(results: Results) -> str:
    """Tables of quality, where the truth is known, and of the models' cost; then the machine."""
    parts = []
    if any(verdict.quality for verdict in results.verdicts):
        parts += ["PSNR in dB / SSIM, in sRGB:", _by_pair(results, brief)]
        parts += ["PSNR in dB, under LibRaw's default tone curve:", _by_pair(results, _psnr_bt709)]
    if any(verdict.kind == "model" for verdict in results.verdicts):
        parts += ["Seconds / peak memory in GB:", _by_pair(results, _cost)]
    return "\n\n".join([*parts, f"Measured on {results.machine}."])


def cells(verdict: Verdict) -> tuple[str, ...]:
    """A verdict as a row under `HEADER`."""
    quality = verdict.quality
    values: tuple[float | None, ...] = (None,) * 4
    if quality:
        values = quality.psnr, quality.psnr_bt709, quality.ssim, quality.lpips
    return (
        verdict.pair,
        verdict.method,
        *(_number(value, digits) for value, digits in zip(values, (2, 2, 3, 3), strict=True)),
        _number(verdict.seconds, 1),
        _number(_gigabytes(verdict), 2),
    )


def brief(verdict: Verdict) -> str:
    """PSNR and SSIM in sRGB; empty if the truth is not known."""
    if verdict.quality is None:
        return ""
    return f"{_number(verdict.quality.psnr, 2)} / {_number(verdict.quality.ssim, 3)}"


def _by_pair(results: Results, cell: Callable[[Verdict], str]) -> str:
    """One row per method, one column per pair; empty rows and columns are left out."""
    texts = {(each.method, each.pair): cell(each) for each in results.verdicts}
    filled = [place for place, text in texts.items() if text]
    methods, pairs = (list(dict.fromkeys(names)) for names in zip(*filled, strict=True))
    rows = [
        (method, *(texts.get((method, pair)) or _MISSING for pair in pairs)) for method in methods
    ]
    return _table(("", *pairs), rows)


def _psnr_bt709(verdict: Verdict) -> str:
    return _number(verdict.quality.psnr_bt709, 2) if verdict.quality else ""


def _cost(verdict: Verdict) -> str:
    if verdict.kind == "baseline":
        return ""
    return f"{_number(verdict.seconds, 1)} / {_number(_gigabytes(verdict), 2)}"


def _gigabytes(verdict: Verdict) -> float | None:
    return None if verdict.peak_bytes is None else verdict.peak_bytes / 1e9


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose numbers are right-aligned."""
    rule = [
        "---" if index == 0 or name == "method" else "---:" for index, name in enumerate(header)
    ]
    lines = [header, rule, *rows]
    return "\n".join(f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines)


def _failures(results: Results) -> list[str]:
    if not results.failures:
        return []
    return ["Not judged:", "\n".join(f"- {failure}" for failure in results.failures)]


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return _MISSING
    return "∞" if math.isinf(value) else f"{value:.{digits}f}"


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|")
