"""How many multiplications networks take, which the scripts compare them by."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

_SIDE = 128


def multiplications(module: nn.Module, inputs: int, channels: int) -> float:
    """Of one forward pass, for each pixel.

    Args:
        module: A network that takes photos' planes.
        inputs: Number of photos and noise maps that it takes.
        channels: Planes of each.
    """
    planes = [torch.rand(1, channels, _SIDE, _SIDE) for _ in range(inputs)]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*planes)
    return counter.get_total_flops() / 2 / _SIDE**2
