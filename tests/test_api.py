import subprocess
import sys

import pytest

import pairfix


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
