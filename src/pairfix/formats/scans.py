"""Which coefficients of a JPEG its scans hold (ITU-T T.81, B.2.2, B.2.3 and G.1.1.1)."""

__all__ = ["Scans"]

_COEFFICIENTS = 64
_ALL = 16
"""More bits than a scan can leave to later ones."""
_IDENTIFIERS = slice(8, None, 3)
"""Of a frame header, its length included: where the components' identifiers stand."""


class Scans:
    """The scans of one frame; a progressive one codes its coefficients band by band, bit by bit."""

    def __init__(self, frame: bytes, *, progressive: bool) -> None:
        """Begin without scans.

        Args:
            frame: The frame header from its length on.
            progressive: Whether the scans may hold parts of the coefficients.
        """
        self._progressive = progressive
        self._missing = {
            component: dict.fromkeys(range(_COEFFICIENTS), _ALL)
            for component in frame[_IDENTIFIERS]
        }
        """By component and coefficient: how many of its lowest bits."""

    def add(self, scan: bytes) -> None:
        """Take a scan header, from its length on."""
        count = scan[2]
        first, last, bits = scan[3 + 2 * count : 6 + 2 * count]
        if not self._progressive:
            first, last, bits = 0, _COEFFICIENTS - 1, 0
        before, after = bits >> 4 or _ALL, bits & 0xF
        for component in scan[3 : 3 + 2 * count : 2]:
            missing = self._missing.get(component, {})
            for coefficient in range(first, min(last + 1, _COEFFICIENTS)):
                if missing.get(coefficient) == before:
                    missing[coefficient] = after

    @property
    def complete(self) -> bool:
        """Whether every bit of every coefficient is there."""
        return not any(any(missing.values()) for missing in self._missing.values())
