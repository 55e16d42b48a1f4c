import re
from pathlib import Path

import pytest

from pairfix.networks import Network

PAGE = Path(__file__).parents[1] / "docs" / "add-a-network.md"


def test_the_network_of_the_page_on_adding_one_works() -> None:
    torch = pytest.importorskip("torch")
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    written: dict[str, object] = {"__name__": "one_conv"}
    exec(code[1], written)  # noqa: S102  (our own page)
    network = written["ONE_CONV"]
    assert isinstance(network, Network)
    config = network.config(channels=3)
    (graph,) = network.graphs(config)
    module = network.modules(config)[graph.name]
    photos = [torch.rand(1, 3, 8, 9) for _ in graph.inputs]
    assert module(*photos).shape == (1, 3, 8, 9)
