"""The command `pairfix`, and `python -m pairfix`."""

import sys
from typing import NoReturn

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and exit; Ctrl-C counts from the start, while modules are imported."""
    try:
        from pairfix import cli  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    cli.main()


if __name__ == "__main__":
    main()
