import subprocess
import sys

import pytest

from pairfix import __version__
from pairfix.cli import run

BIG = {"cv2", "imagecodecs", "matplotlib", "onnx", "onnxruntime", "rawpy", "tifffile", "torch"}
"""Libraries that are slow to import."""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["restore", "--help"]])
def test_asking_for_help_or_the_version_loads_nothing_big(arguments: list[str]) -> None:
    code = (
        "import sys; from pairfix.cli import run; code = run(sys.argv[1:]); "
        f"sys.exit(', '.join({BIG} & set(sys.modules)) or code)"
    )
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pairfix {__version__}\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run(["nothing"]) == 2
