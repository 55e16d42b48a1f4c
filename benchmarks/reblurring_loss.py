"""Train a small deblurring network with the reblurring loss and without, then adapt it.

    python benchmarks/reblurring_loss.py PHOTOS [--network reblur-unet|srn|dhn|selfir] [--steps N]
                                         [--blocks 0 1 2] [--adapt 1 3 5]
                                         [--preserves nothing real] [--start MODEL] ...

Prints what Nah et al. (2022) compare in Table 2, by the number of ResBlocks of the reblurring
module (0: L1 only), in Table 6, by steps of test-time adaptation of the last network, and in Table
4, by what that network's module learns to leave unchanged, with their figures beside. The module of
the adaptation is trained afterwards, on the results of that network.
All trainings see the same pairs, for equally many steps, from nothing or from a model that L1 alone
has taught already. All is judged on the same larger pairs of held-out photos; NIQE and PIQE see
them side by side as one picture, because NIQE compares the statistics of many blocks of 96 pixels.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from small_trainings import PAIRS, add_training_options, held_out, trained
from torch import Tensor

from pairfix.adapt.adaptation import match_histograms
from pairfix.adapt.optimise import adapt_weights
from pairfix.image import Picture
from pairfix.metrics import psnr, ssim
from pairfix.model import Model, find_model
from pairfix.networks import NETWORKS
from pairfix.score import score
from pairfix.synth.batch import PairBatch
from pairfix.train.objectives import ObjectiveSettings, Preserved
from pairfix.train.task import Task
from pairfix.train.transfer import load_fusion
from pairfix.train.validate import show

PAPER_LOSS = {
    ("reblur-unet", 0): "29.66 | 0.8874 | 5.996",
    ("reblur-unet", 1): "29.58 | 0.8869 | 5.629",
    ("reblur-unet", 2): "29.44 | 0.8824 | 5.124",
    ("srn", 0): "30.62 | 0.9078 | 5.252",
    ("srn", 1): "30.74 | 0.9104 | 5.136",
    ("srn", 2): "30.57 | 0.9074 | 4.887",
    ("dhn", 0): "31.53 | 0.9207 | 5.490",
    ("dhn", 1): "31.53 | 0.9217 | 5.472",
    ("dhn", 2): "31.34 | 0.9177 | 5.076",
}
"""PSNR in dB, SSIM and NIQE by network and ResBlocks (Tables 2 and S4)."""
PAPER_STEPS = {
    ("reblur-unet", 1, 5): "29.52 | 0.8878 | 5.599",
    ("srn", 2, 5): "30.44 | 0.9067 | 4.730",
}
"""The same by steps of adaptation too (Table 6)."""
PAPER_PRESERVED = {
    ("reblur-unet", 2, "nothing"): "29.47 | 0.8839 | 5.132",
    ("reblur-unet", 2, "real"): "29.15 | 0.8694 | 5.307",
    ("reblur-unet", 2, "restored"): "29.44 | 0.8824 | 5.124",
}
"""The same by what the module leaves unchanged too (Table 4)."""
PRESERVED = {
    "nothing": "nothing (L_Blur only)",
    "real": "sharp photos",
    "restored": "sharp photos, restored",
}
METRICS = ("niqe", "piqe")
HEAD = "PSNR dB ↑ | SSIM ↑ | NIQE ↓ | PIQE ↓ | paper: PSNR dB | paper: SSIM | paper: NIQE |"
NO_PAPER = " | | "
SIDE = 288
"""Of the pairs to judge by, in pixels; a multiple of NIQE's 96."""


def main() -> None:
    arguments = _arguments()
    synth = _task(0, arguments).synth
    pairs = held_out(arguments.photos, synth, count=arguments.pairs, side=SIDE)
    name = arguments.network
    print(f"| ResBlocks of the module | {HEAD}\n|---|{'---:|' * 7}")
    print(f"| blurred frames | {_judged(pairs.long, pairs)} | {NO_PAPER} |", flush=True)
    start = find_model(arguments.start) if arguments.start else None
    for blocks in arguments.blocks:
        with trained(_task(blocks, arguments, start), arguments, start) as (_, model):
            with torch.no_grad():
                restored = load_fusion(model)(pairs.sources)
            judged = _judged(restored, pairs)
            paper = PAPER_LOSS.get((name, blocks), NO_PAPER)
            print(f"| {blocks or 'L1 only'} | {judged} | {paper} |", flush=True)
            if arguments.adapt and blocks == arguments.blocks[-1]:
                _adapt(model, restored, pairs, arguments)
    if arguments.preserves and blocks:
        _compare_preserved(blocks, judged, pairs, arguments, start)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_training_options(parser, steps=1000, width=16, crop=64, learning_rate=1e-3)
    networks = ("reblur-unet", "srn", "dhn", "selfir")
    parser.add_argument("--network", choices=networks, default=networks[0])
    parser.add_argument("--blocks", type=int, nargs="+", choices=(0, 1, 2), default=[0, 1, 2])
    parser.add_argument("--adapt", type=int, nargs="*", default=[1, 3, 5], help="steps")
    parser.add_argument(
        "--preserves",
        nargs="*",
        choices=("nothing", "real"),
        default=["nothing", "real"],
        help="what the module leaves unchanged, besides restored sharp photos",
    )
    parser.add_argument("--module-width", type=int, default=16, help="of the reblurring module")
    parser.add_argument("--start", help="a model of that network; its width replaces --width")
    parser.add_argument("--blur", type=float, nargs=2, default=(4, 16), help="the path in px")
    parser.add_argument("--pairs", type=int, default=8, help="to judge by")
    return parser.parse_args()


def _task(
    blocks: int,
    arguments: argparse.Namespace,
    start: Model | None = None,
    preserves: Preserved = "restored",
) -> Task:
    network = NETWORKS[arguments.network]
    return Task(
        network=network,
        config=start.config if start else network.config(channels=3, width=arguments.width),
        photos=arguments.photos,
        objective="supervised",
        settings=ObjectiveSettings(
            reblur=1.0 if blocks else 0.0,
            reblur_module={"width": arguments.module_width, "blocks": blocks} if blocks else {},
            reblur_preserves=preserves,
        ),
        synth=replace(PAIRS, noise=("sensor",), blur=tuple(arguments.blur)),
    )


def _compare_preserved(
    blocks: int,
    judged: str,
    pairs: PairBatch,
    arguments: argparse.Namespace,
    start: Model | None,
) -> None:
    """Print Table 4; ``judged`` are the cells of the network that is trained as in the paper."""
    print(f"\n| the module leaves unchanged | {HEAD}\n|---|{'---:|' * 7}")
    rows = {}
    for preserves in arguments.preserves:
        task = _task(blocks, arguments, start, preserves)
        with trained(task, arguments, start) as (_, model), torch.no_grad():
            rows[preserves] = _judged(load_fusion(model)(pairs.sources), pairs)
    for preserves, cells in {**rows, "restored": judged}.items():
        paper = PAPER_PRESERVED.get((arguments.network, blocks, preserves), NO_PAPER)
        print(f"| {PRESERVED[preserves]} | {cells} | {paper} |", flush=True)


def _adapt(model: Model, restored: Tensor, pairs: PairBatch, arguments: argparse.Namespace) -> None:
    """Train a module on the model's results, and print what steps of adaptation with it change."""
    name, blocks = arguments.network, arguments.blocks[-1]
    module = NETWORKS["reblur-module"]
    task = replace(
        _task(0, arguments),
        network=module,
        config=module.config(channels=3, width=arguments.module_width, blocks=max(blocks, 1)),
        objective="reblur",
        deblurrer=model,
    )
    print(f"\n| steps of adaptation | {HEAD}\n|---|{'---:|' * 7}")
    with trained(task, arguments) as (_, reblur):
        for steps in (0, *arguments.adapt):
            adapted = _adapted(model, reblur, restored, pairs, steps) if steps else restored
            paper = PAPER_STEPS.get((name, blocks, steps), NO_PAPER)
            if not steps:
                paper = PAPER_LOSS.get((name, blocks), NO_PAPER)
            print(f"| {steps} | {_judged(adapted, pairs)} | {paper} |", flush=True)


def _adapted(model: Model, reblur: Model, restored: Tensor, pairs: PairBatch, steps: int) -> Tensor:
    """Each pair restored by a network that was adapted to it (Algorithm 1)."""
    results = []
    for index, unadapted in enumerate(restored):
        sources = {name: planes[index] for name, planes in pairs.sources.items()}
        tile = {name: planes.numpy() for name, planes in sources.items()}
        weights = adapt_weights(model, reblur, [tile], steps, "cpu", lambda *_: None).tensors
        result = _run(model, weights, sources).numpy()
        match_histograms(result, unadapted.numpy())
        results.append(torch.from_numpy(result))
    return torch.stack(results)


def _run(
    model: Model, weights: Mapping[str, NDArray[np.float32]], sources: Mapping[str, Tensor]
) -> Tensor:
    fusion = load_fusion(model)
    for graph in fusion.graphs:
        module = fusion.modules_by_graph[graph.name]
        names = module.state_dict()
        module.load_state_dict(
            {name: torch.from_numpy(weights[graph.prefix + name]) for name in names}
        )
    with torch.no_grad():
        output: Tensor = fusion({name: planes[None] for name, planes in sources.items()})
    return output[0]


def _judged(planes: Tensor, pairs: PairBatch) -> str:
    """PSNR, SSIM and the metrics without a reference as cells."""
    shown = show(planes, "srgb")
    both = list(zip(shown, show(pairs.truth, "srgb"), strict=True))
    sheet = np.concatenate(list(shown), axis=1)
    picture = Picture(np.rint(sheet * 65535).astype(np.uint16), b"")
    values = score(picture, METRICS, offline=True).values
    fidelity = np.mean([(psnr(*each), ssim(*each)) for each in both], axis=0)
    return " | ".join(
        [f"{fidelity[0]:.2f}", f"{fidelity[1]:.4f}", *(f"{values[each]:.3f}" for each in METRICS)]
    )


if __name__ == "__main__":
    main()
