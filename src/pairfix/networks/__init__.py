"""The networks that pairfix knows; importing this package loads neither torch nor numpy."""

from importlib import import_module

from pairfix.networks.spec import Graph, Network, Reduction

__all__ = ["NETWORKS", "Graph", "Network", "Reduction"]

_SPECS = (
    "pairnet.PAIRNET",
    "selfir.SELFIR",
    "d2hnet.D2HNET",
    "strided_unet.DEBLURMERGER",
    "strided_unet.DEBLURRNN",
    "reblurring.REBLUR_UNET",
    "reblurring.REBLUR_MODULE",
    "reblurring.SRN",
    "reblurring.DHN",
)
"""Where each network is declared: a module of this package, and a name in it."""


def _load(spec: str) -> Network:
    module, _, name = spec.partition(".")
    network: Network = getattr(import_module(f"{__name__}.{module}"), name)
    return network


NETWORKS: dict[str, Network] = {network.name: network for network in map(_load, _SPECS)}
