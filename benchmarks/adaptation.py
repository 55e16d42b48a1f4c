"""What adapting a network to each photo changes, beside the direction that the paper reports.

    python benchmarks/adaptation.py PAIRS [--model NAME|FOLDER] [--reblur-module NAME|FOLDER]
                                    [--steps 1 3 5] [--device cpu|cuda|auto]

PAIRS holds folders of pairs with the truth (long.*, short.*, gt.*), as for ``pairfix bench``. Each
is restored without and with adaptation by the same back end; all are developed alike and compared
in sRGB. No-reference metrics and LPIPS appear where their weights are on this machine; nothing is
fetched. Prints Markdown.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pairfix import Recipe, Restoration, restore
from pairfix.formats import decode
from pairfix.image import DevelopSettings, Picture
from pairfix.light import planes_from_frame
from pairfix.metrics import psnr, ssim
from pairfix.pairs import FoundPair, find_pairs
from pairfix.score import Metric, find_metric, score, weights_are_here
from pairfix.score.load import full_reference
from pairfix.stages.develop import develop

PAPER = """
The paper, GOPRO (Nah et al. 2022, Tables 6 and S4):

| network | steps | PSNR dB ↑ | SSIM ↑ | LPIPS ↓ | NIQE ↓ |
|---|---:|---:|---:|---:|---:|
| U-Net, trained with L_Reblur, n1 | 0 | 29.58 | 0.8869 | 0.1365 | 5.629 |
| U-Net, trained with L_Reblur, n1 | 5 | 29.52 | 0.8878 | 0.1327 | 5.599 |
| SRN, trained with L_Reblur, n2 | 0 | 30.57 | 0.9074 | 0.1037 | 4.887 |
| SRN, trained with L_Reblur, n2 | 5 | 30.44 | 0.9067 | 0.0983 | 4.730 |
"""
NO_REFERENCE = ("niqe", "brisque", "piqe", "entropy")


@dataclass(frozen=True, slots=True)
class Row:
    """One restoration."""

    losses: str
    against_unadapted: str
    figures: tuple[float, ...]
    """PSNR, SSIM, perhaps LPIPS, the no-reference metrics, seconds."""


def main() -> None:
    arguments = _arguments()
    metrics = [each for each in map(find_metric, NO_REFERENCE) if weights_are_here(each)]
    print(_head(metrics))
    rows: dict[int, list[Row]] = {}
    for pair in find_pairs(arguments.pairs).require().pairs:
        if pair.truth is None:
            continue
        truth = _picture(pair.truth)
        for steps in (0, *arguments.steps):
            row = _judged(pair, truth, steps, metrics, arguments)
            rows.setdefault(steps, []).append(row)
            print(_line(pair.name, steps, row), flush=True)
    for steps, found in rows.items():
        mean = np.mean([row.figures for row in found], axis=0)
        print(_line("mean", steps, Row("", "", tuple(float(value) for value in mean))))
    print(PAPER)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--reblur-module")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 3, 5])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    return parser.parse_args()


def _judged(
    pair: FoundPair,
    truth: Picture,
    steps: int,
    metrics: Sequence[Metric],
    arguments: argparse.Namespace,
) -> Row:
    result, report = _restored(pair, steps, arguments)
    pixels, reference = (
        (each.pixels / np.float32(65535)).astype(np.float32) for each in (result, truth)
    )
    lpips = full_reference("lpips", result, truth)
    scores = score(result, [metric.name for metric in metrics], offline=True) if metrics else None
    figures = [psnr(pixels, reference), ssim(pixels, reference)]
    figures += [] if lpips is None else [lpips]
    figures += [scores.values[metric.name] for metric in metrics] if scores else []
    adaptation = report.adaptation
    return Row(
        f"{adaptation.loss_before:.5f} to {adaptation.loss_after:.5f}" if adaptation else "",
        f"{adaptation.psnr:.1f}" if adaptation else "",
        (*figures, sum(report.seconds.values())),
    )


def _restored(
    pair: FoundPair, steps: int, arguments: argparse.Namespace
) -> tuple[Picture, Restoration]:
    recipe = Recipe(
        model=arguments.model,
        backend="torch",
        precision="fp32",
        device=arguments.device,
        adapt=steps,
        reblur_module=arguments.reblur_module,
    )
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.png"
        report = restore(pair.long, pair.short, output, recipe)
        return _picture(output), report


def _picture(path: Path) -> Picture:
    frame = decode(path)
    return develop(planes_from_frame(frame), frame, DevelopSettings())


def _head(metrics: Sequence[Metric]) -> str:
    grey = Picture(np.full((64, 64, 3), 1 << 15, np.uint16), b"")
    titles = ["scene", "steps", "reblurring loss", "dB from unadapted", "PSNR dB ↑", "SSIM ↑"]
    titles += ["LPIPS ↓"] if full_reference("lpips", grey, grey) is not None else []
    titles += [f"{metric.name} {metric.arrow}" for metric in metrics]
    titles.append("seconds")
    return f"| {' | '.join(titles)} |\n|---|{'---:|' * (len(titles) - 1)}"


def _line(scene: str, steps: int, row: Row) -> str:
    *figures, seconds = row.figures
    cells = [scene, str(steps), row.losses, row.against_unadapted]
    cells += [f"{figures[0]:.3f}", *(f"{value:.4f}" for value in figures[1:]), f"{seconds:.1f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
