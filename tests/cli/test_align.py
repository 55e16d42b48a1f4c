import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from pairfix.cli import run
from pairfix.errors import OutputError
from pairfix.formats import decode

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_align_writes_the_long_photo_and_reports_matrix_and_scores(
    raw_pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "aligned.tif"
    assert run(["align", *map(str, raw_pair), "-o", str(output), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    assert report["alignment"]["score_after"] >= report["alignment"]["score_before"] - 0.005
    np.testing.assert_allclose(report["alignment"]["matrix"], np.eye(3), atol=2)
    frame = decode(output)
    assert frame.size == (384, 320)
    assert frame.exposure.shutter == pytest.approx(1 / 4)


def test_align_keeps_the_long_photos_own_brightness(
    rgb_pair: tuple[Path, Path], tmp_path: Path
) -> None:
    output = tmp_path / "aligned.png"
    assert run(["align", *map(str, rgb_pair), "-o", str(output), "--align", "none"]) == 0
    aligned = decode(output).pixels / 65535
    np.testing.assert_allclose(aligned, decode(rgb_pair[0]).pixels / 255, atol=0.01)


def test_align_does_not_write_a_mosaic(raw_pair: tuple[Path, Path], tmp_path: Path) -> None:
    code = run(["align", *map(str, raw_pair), "-o", str(tmp_path / "aligned.dng")])
    assert code == OutputError.exit_code
