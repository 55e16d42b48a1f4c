"""The networks that pairfix knows; importing this package loads neither torch nor numpy."""

from pairfix.networks.d2hnet import D2HNET
from pairfix.networks.selfir import SELFIR
from pairfix.networks.spec import Graph, Network

__all__ = ["NETWORKS", "Graph", "Network"]

NETWORKS: dict[str, Network] = {network.name: network for network in (SELFIR, D2HNET)}
