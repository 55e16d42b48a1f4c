"""Train a small network to deblur, towards clear images and towards noisy ones (SelfIR's Table 3).

    python benchmarks/deblurring_targets.py PHOTOS [--noise gaussian poisson sensor] [--steps N] ...

The network is SelfIR's, which sees the long frame alone; its target is the truth, or the short
frame as it is. Options and validation are those of papers_order.py. Prints a table beside the
paper's figures (Zhang et al., 2022: PSNR in dB, SSIM).
"""

import argparse

from small_trainings import Method, cells, parse_arguments, run

from pairfix.train.log import Quality

PAPER = {
    ("gaussian", "clear"): Quality(28.24, 0.8561),
    ("gaussian", "noisy"): Quality(28.29, 0.8578),
    ("poisson", "clear"): Quality(28.24, 0.8561),
    ("poisson", "noisy"): Quality(28.23, 0.8563),
    ("sensor", "clear"): Quality(28.14, 0.8547),
    ("sensor", "noisy"): Quality(28.16, 0.8545),
}
OBJECTIVES = {"clear": "supervised", "noisy": "noisy-supervised"}
NOISES = tuple(dict.fromkeys(noise for noise, _ in PAPER))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--noise", nargs="+", choices=NOISES, default=NOISES)
    arguments = parse_arguments(parser)
    print("| noise | target | PSNR dB | SSIM | paper: PSNR dB | paper: SSIM |")
    print("|---|---|---:|---:|---:|---:|")
    for noise in arguments.noise:
        for target, objective in OBJECTIVES.items():
            outcome = run(Method(objective, ("long",), noise=noise), arguments)
            paper = PAPER[noise, target]
            print(
                f"| {noise} | {target} | {cells(outcome.restored)} | {cells(paper)} |", flush=True
            )


if __name__ == "__main__":
    main()
