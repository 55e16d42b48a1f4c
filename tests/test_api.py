import subprocess
import sys
from pathlib import Path

import pytest

import pairfix
from pairfix.image import DevelopSettings
from pairfix.recipe import Cluster, Shoot


def test_every_public_name_can_be_had() -> None:
    for name in pairfix.__all__:
        assert getattr(pairfix, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pairfix.nothing


@pytest.mark.parametrize("module", ["pairfix", "pairfix.cli", "pairfix.pipeline"])
def test_importing_loads_neither_torch_nor_onnxruntime(module: str) -> None:
    code = f"import sys, {module}; print({{'torch', 'onnxruntime'}} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strength": 3.5}, "strength must be between 0 and 3, not 3.5"),
        ({"strength": float("nan")}, "strength must be between 0 and 3, not nan"),
        ({"ensemble": 0}, "ensemble must be between 1 and 8, not 0"),
        ({"tile": 0}, "tile must be at least 1, not 0"),
        ({"adapt": -1}, "adapt must be at least 0, not -1"),
        ({"quality": 101}, "quality must be between 1 and 100, not 101"),
    ],
)
def test_a_recipe_refuses_numbers_out_of_range(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        pairfix.Recipe(**wrong)  # type: ignore[arg-type]


def test_what_no_run_can_mean_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"^part must be between 1 and 4, not 0$"):
        Shoot(Path("in"), Path("out"), shard=(0, 4))
    with pytest.raises(ValueError, match=r"^cpus must be at least 1, not 0$"):
        Cluster("auto", cpus=0)
    with pytest.raises(ValueError, match=r"^exposure must be a number, not nan$"):
        DevelopSettings(exposure=float("nan"))
    with pytest.raises(ValueError, match=r"^white balance must be positive"):
        DevelopSettings(white_balance=(1.0, 0.0, 1.0))
