"""Train small versions of SelfIR and its baselines, and compare them as Table 1 and Table 4 do.

    python benchmarks/papers_order.py PHOTOS [--steps N] [--width N] [--device cpu|cuda]

All see the same pairs with Gaussian noise on display values (Zhang et al., Section 4.1), for
equally many steps, and are validated on the same pairs from held-out photos.
Prints a table beside the paper's figures (PSNR in dB, SSIM).
"""

import argparse

from small_trainings import Method, cells, parse_arguments, run

from pairfix.train.log import Quality

METHODS = (
    (
        "Supervised deblurring (Baseline B)",
        Quality(28.24, 0.8561),
        Method("supervised", ("long",)),
    ),
    ("Neighbor2Neighbor", Quality(34.29, 0.9271), Method("self-supervised", ("short",))),
    ("Noise2Noise", Quality(34.88, 0.9354), Method("noisy-supervised", ("short",))),
    (
        "Supervised denoising (Baseline N)",
        Quality(34.91, 0.9360),
        Method("supervised", ("short",)),
    ),
    ("SelfIR without L_aux", Quality(35.65, 0.9492), Method("self-supervised")),
    ("SelfIR", Quality(35.74, 0.9499), Method("self-supervised", auxiliary=2.0)),
    ("Supervised, both exposures (Baseline R)", Quality(36.15, 0.9534), Method("supervised")),
)
"""Rows of the table, with the figures of Tables 1 and 4."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments = parse_arguments(parser)
    print("| method | PSNR dB | SSIM | paper: PSNR dB | paper: SSIM |")
    print("|---|---:|---:|---:|---:|")
    for number, (title, paper, method) in enumerate(METHODS):
        outcome = run(method, arguments)
        if number == 0:
            print(f"| noisy short frame | {cells(outcome.noisy)} | | |")
        print(f"| {title} | {cells(outcome.restored)} | {cells(paper)} |", flush=True)


if __name__ == "__main__":
    main()
