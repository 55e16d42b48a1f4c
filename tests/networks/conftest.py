import zlib
from collections.abc import Callable

import pytest
from tests.cli.conftest import raw_pair, rgb_pair
from tests.networks.seeded import seeded_modules, small_config, state_of

from pairfix.export.folder import build_model
from pairfix.image import Domain
from pairfix.model import Model
from pairfix.networks import Network

__all__ = ["random_model", "raw_pair", "rgb_pair"]

Build = Callable[[Network, Domain], Model]


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the model folder of a small network with random weights, once a session."""
    pytest.importorskip("torchvision")
    pytest.importorskip("onnxscript")
    root = tmp_path_factory.mktemp("random")
    models: dict[str, Model] = {}

    def build(network: Network, domain: Domain = "raw") -> Model:
        variant = zlib.crc32(repr(sorted(network.small.items())).encode())
        key = f"{network.name}-{variant:08x}-{domain}"
        if key not in models:
            config = small_config(network, domain)
            folder = root / key
            modules = seeded_modules(network, config)
            states = {name: state_of(module) for name, module in modules.items()}
            models[key] = build_model(folder, network, config, domain, states, "# Random\n")
        return models[key]

    return build
