"""Train SelfIR with its losses weighted differently, as its ablations do (Tables 4 to 6).

    python benchmarks/selfir_ablations.py PHOTOS [--tables 4 5 6] [--steps N] [--width N] ...

Pairs, validation and options are those of papers_order.py. Prints tables beside the paper's figures
(Zhang et al., 2022: PSNR in dB, SSIM); what several tables show is trained once, eleven trainings
in all. Rows are to be compared within a table: that all lie below the paper's says no more than
that trainings are short, the network is small and the photos are others.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from small_trainings import Method, Outcome, cells, parse_arguments, run

from pairfix.train.log import Quality

WITHOUT = 1e-12
"""Weight of L_aux where there is none: 0 would leave out the second stage, and with it a second
cycle of the learning rate, which would be compared instead."""


@dataclass(frozen=True, slots=True)
class Table:
    """An ablation of the paper."""

    title: str
    subject: str
    rows: tuple[tuple[str, Method, Quality], ...]
    """What is varied, how it is trained, and the paper's figures."""


def selfir(regularisation: float = 2.0, auxiliary: float = 2.0) -> Method:
    return Method("self-supervised", regularisation=regularisation, auxiliary=auxiliary)


def neighbor2neighbor(auxiliary: float) -> Method:
    return Method("self-supervised", ("short",), regularisation=2.0, auxiliary=auxiliary)


TABLES = {
    4: Table(
        "the auxiliary loss, and with it the mask of sharp patches",
        "method",
        (
            ("Neighbor2Neighbor", neighbor2neighbor(WITHOUT), Quality(34.29, 0.9271)),
            ("Neighbor2Neighbor with L_aux", neighbor2neighbor(2), Quality(34.45, 0.9307)),
            ("SelfIR without L_aux", selfir(auxiliary=WITHOUT), Quality(35.65, 0.9492)),
            ("SelfIR", selfir(), Quality(35.74, 0.9499)),
        ),
    ),
    5: Table(
        "the weight of the regularisation",
        "lambda_reg",
        (
            ("0", selfir(regularisation=0), Quality(35.20, 0.9473)),
            ("1", selfir(regularisation=1), Quality(35.64, 0.9492)),
            ("2", selfir(), Quality(35.74, 0.9499)),
            ("4", selfir(regularisation=4), Quality(35.72, 0.9496)),
            ("8", selfir(regularisation=8), Quality(35.73, 0.9497)),
        ),
    ),
    6: Table(
        "the weight of the auxiliary loss",
        "lambda_aux",
        (
            ("0", selfir(auxiliary=WITHOUT), Quality(35.65, 0.9492)),
            ("1", selfir(auxiliary=1), Quality(35.73, 0.9498)),
            ("2", selfir(), Quality(35.74, 0.9499)),
            ("4", selfir(auxiliary=4), Quality(35.73, 0.9499)),
            ("8", selfir(auxiliary=8), Quality(35.67, 0.9496)),
        ),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tables", type=int, nargs="+", choices=TABLES, default=list(TABLES))
    arguments = parse_arguments(parser)

    @cache
    def train(method: Method) -> Outcome:
        return run(method, arguments)

    for number in arguments.tables:
        show(number, TABLES[number], train)


def show(number: int, table: Table, train: Callable[[Method], Outcome]) -> None:
    """Print a table, each row as soon as it is known."""
    print(f"Table {number}: {table.title}\n")
    print(f"| {table.subject} | PSNR dB | SSIM | paper: PSNR dB | paper: SSIM |")
    print("|---|---:|---:|---:|---:|")
    for title, method, paper in table.rows:
        print(f"| {title} | {cells(train(method).restored)} | {cells(paper)} |", flush=True)
    print()


if __name__ == "__main__":
    main()
