import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_readmes_tables_are_those_of_the_code() -> None:
    check = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "update_readme.py"), "--check"], check=False
    )
    assert check.returncode == 0, "run scripts/update_readme.py"
