"""The weights from which the papers' networks start (torch)."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

__all__ = ["initialise", "initialise_gaussian"]

_DEVIATION = 0.02


def initialise(module: nn.Module, network: str, generator: torch.Generator) -> None:
    """Draw a network's first weights as its paper or official release does.

    Glorot's for D2HNet and SRN, a normal distribution for DeblurMerger and DeblurRNN. The other
    networks keep the weights that PyTorch gave them.

    Args:
        module: The network, in the form that is trained.
        network: Its name in the registry.
        generator: Where the weights come from, on the module's device.
    """
    draw = _DRAWS.get(network)
    if draw is not None:
        _fill(module, lambda weight: draw(weight, generator))


def initialise_gaussian(module: nn.Module, generator: torch.Generator) -> None:
    """Draw weights from a normal distribution of mean 0 and standard deviation 0.02.

    Source: Zhang et al., Deep Motion Blur Removal Using Noisy/Blurry Image Pairs, 2019
    (Section IV-A). The paper means "all trainable variables"; the scales of normalisations stay
    at 1 and biases at 0 here, lest the signal die out.
    """
    _fill(module, lambda weight: _gaussian(weight, generator))


def _fill(module: nn.Module, draw: Callable[[Tensor], object]) -> None:
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            if parameter.ndim > 1:
                draw(parameter)
            elif name == "bias":
                nn.init.zeros_(parameter)


def _gaussian(weight: Tensor, generator: torch.Generator) -> None:
    nn.init.normal_(weight, 0, _DEVIATION, generator)


def _glorot(weight: Tensor, generator: torch.Generator) -> None:
    nn.init.xavier_uniform_(weight, generator=generator)


_DRAWS: Mapping[str, Callable[[Tensor, torch.Generator], None]] = {
    "d2hnet": _glorot,
    "srn": _glorot,
    "deblurmerger": _gaussian,
    "deblurrnn": _gaussian,
}
