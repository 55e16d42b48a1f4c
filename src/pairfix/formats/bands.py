"""Large pictures are converted in bands of rows, so that copies stay small."""

from collections.abc import Iterator

__all__ = ["BAND", "bands"]

BAND = 256
"""Rows that are converted at a time."""


def bands(rows: int) -> Iterator[slice]:
    """The bands of a picture with so many rows, top to bottom."""
    for top in range(0, rows, BAND):
        yield slice(top, min(top + BAND, rows))
