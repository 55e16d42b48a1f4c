"""The networks that pairfix knows; importing this package loads neither torch nor numpy."""

from pairfix.networks.d2hnet import D2HNET
from pairfix.networks.deblurmerger import DEBLURMERGER
from pairfix.networks.deblurrnn import DEBLURRNN
from pairfix.networks.reblurring import DHN, REBLUR_MODULE, REBLUR_UNET, SRN
from pairfix.networks.selfir import SELFIR
from pairfix.networks.spec import Graph, Network, Reduction

__all__ = ["NETWORKS", "Graph", "Network", "Reduction"]

NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        SELFIR,
        D2HNET,
        DEBLURMERGER,
        DEBLURRNN,
        REBLUR_UNET,
        REBLUR_MODULE,
        SRN,
        DHN,
    )
}
