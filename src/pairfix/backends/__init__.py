"""The libraries that run networks; importing this package loads none of them."""

from pairfix.backends.choose import choose_runtime
from pairfix.backends.openmodel import OpenModel
from pairfix.backends.registry import BACKENDS, open_session
from pairfix.backends.spec import (
    Backend,
    DeviceChoice,
    DeviceName,
    Engine,
    Precision,
    PrecisionChoice,
    Runtime,
    Session,
)

__all__ = [
    "BACKENDS",
    "Backend",
    "DeviceChoice",
    "DeviceName",
    "Engine",
    "OpenModel",
    "Precision",
    "PrecisionChoice",
    "Runtime",
    "Session",
    "choose_runtime",
    "open_session",
]
