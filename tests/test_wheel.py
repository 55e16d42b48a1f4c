import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pairfix.formats import decode
from pairfix.model import shipped_models

ROOT = Path(__file__).parents[1]
NEON = ROOT / "examples" / "neon"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, *arguments: str) -> str:
    code = "import sys, pairfix.cli; print(pairfix.cli.__file__); pairfix.cli.main(sys.argv[1:])"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=installed,
        env=os.environ | {"PYTHONPATH": str(installed)},
    ).stdout


@pytest.mark.slow
def test_the_wheel_restores_a_real_pair_with_the_models_it_carries(
    installed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.png"
    photos = str(NEON / "long.dng"), str(NEON / "short.dng")
    page = tmp_path / "out.html"
    targets = "-o", str(output), "--report", str(page)
    assert str(installed) in run(installed, "restore", *photos, *targets, "--crop", "0,0,320,256")
    assert page.stat().st_size > 100_000
    assert decode(output).size == (256, 320)


@pytest.mark.slow
def test_the_wheel_carries_its_models_with_their_cards(installed: Path) -> None:
    assert str(installed / "pairfix" / "models" / "selfir-raw") in run(
        installed, "models", "show", "selfir-raw", "--json"
    )
    for model in shipped_models():
        folder = installed / "pairfix" / "models" / model.name
        assert {path.name for path in folder.iterdir()} == {
            path.name for path in model.folder.iterdir()
        }
    assert (installed / "pairfix" / "py.typed").is_file()
