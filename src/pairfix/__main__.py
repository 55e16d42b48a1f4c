"""`python -m pairfix` is `pairfix`."""

from pairfix.cli import main

main()
