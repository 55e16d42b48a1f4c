"""One of several processes that train together: ``python -m tests.train.worker RESULT``."""

import sys
from functools import partial

import torch

from pairfix.train.distributed import joined
from pairfix.train.loop import Loop
from tests.train.fakes import CPU, small_fusion, small_recipe, smooth_pairs, supervised

STEPS = 3


def main() -> None:
    recipe = small_recipe(steps=STEPS)
    with joined(CPU) as workers:
        fusion = small_fusion(seed=workers.rank)
        workers.copy_from_leader([fusion])
        render = partial(smooth_pairs, count=2)
        loop = Loop(fusion, supervised(fusion), render, recipe, CPU, workers)
        loop.run(stop=lambda: False, report=lambda _: None, review=lambda: None)
        state = loop.state_dict()
    torch.save(state, sys.argv[1])


if __name__ == "__main__":
    main()
