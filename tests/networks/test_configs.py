"""Hyper-parameters that make no sense."""

from typing import Any

import pytest

from pairfix.networks import NETWORKS


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("selfir", {"channels": 1}),
        ("selfir", {"width": 0}),
        ("d2hnet", {"channels": 5}),
        ("d2hnet", {"width": 12}),
        ("d2hnet", {"cap": 0}),
        ("d2hnet", {"resolution": (1022, 1024)}),
    ],
)
def test_a_configuration_refuses_nonsense(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NETWORKS[name].config(**wrong)
