import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import raw_pair, rgb_pair
from tests.conftest import IN_A_WORKER
from tests.networks.seeded import seeded_modules, small_config, state_of

from pairfix.export.folder import build_model
from pairfix.image import Domain
from pairfix.model import Model, find_model
from pairfix.networks import Network

__all__ = ["random_model", "raw_pair", "rgb_pair"]

Build = Callable[[Network, Domain], Model]


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the model folder of a small network with random weights, once for all workers."""
    pytest.importorskip("torchvision")
    pytest.importorskip("onnxscript")
    from filelock import FileLock  # noqa: PLC0415  (comes with the extra torch)

    base = tmp_path_factory.getbasetemp()
    root = (base.parent if IN_A_WORKER else base) / "random-models"
    root.mkdir(exist_ok=True)
    models: dict[str, Model] = {}

    def build(network: Network, domain: Domain = "raw") -> Model:
        variant = zlib.crc32(repr(sorted(network.small.items())).encode())
        key = f"{network.name}-{variant:08x}-{domain}"
        if key not in models:
            with FileLock(root / f"{key}.lock"):
                if not (root / key).exists():
                    make(root / key, network, domain)
            models[key] = find_model(root / key)
        return models[key]

    return build


def make(folder: Path, network: Network, domain: Domain) -> None:
    config = small_config(network, domain)
    modules = seeded_modules(network, config)
    states = {name: state_of(module) for name, module in modules.items()}
    build_model(folder, network, config, domain, states, "# Random\n")
