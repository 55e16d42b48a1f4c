"""One sharp, clean photo from a long (blurred) and a short (noisy) exposure."""

from pairfix._version import __version__

__all__ = ["__version__"]
