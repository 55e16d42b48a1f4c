"""Invalid hyper-parameters."""

from typing import Any

import pytest

from pairfix.networks import NETWORKS


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("selfir", {"channels": 1}),
        ("selfir", {"width": 0}),
        ("selfir", {"inputs": ()}),
        ("selfir", {"inputs": ("long", "short")}),
        ("selfir", {"inputs": ("short", "short")}),
        ("selfir", {"inputs": ("deblur",)}),
        ("d2hnet", {"channels": 5}),
        ("d2hnet", {"width": 12}),
        ("d2hnet", {"cap": 0}),
        ("d2hnet", {"resolution": (1022, 1024)}),
        ("deblurmerger", {"channels": 1}),
        ("deblurmerger", {"width": 0}),
        ("deblurrnn", {"depth": 0}),
        ("deblurrnn", {"dropout": 1.0}),
        ("deblurrnn", {"dropout": -0.1}),
        ("reblur-unet", {"channels": 1}),
        ("reblur-unet", {"width": 0}),
        ("reblur-module", {"channels": 2}),
        ("reblur-module", {"blocks": 0}),
        ("reblur-module", {"blocks": 3}),
        ("srn", {"width": -1}),
        ("dhn", {"channels": 5}),
    ],
)
def test_an_invalid_configuration_is_refused(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        NETWORKS[name].config(**wrong)
