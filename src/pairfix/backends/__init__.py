"""The libraries that run networks; importing this package loads none of them."""

from pairfix.backends.registry import (
    BACKENDS,
    OpenModel,
    choose_runtime,
    open_session,
    settle_precision,
)
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
    "settle_precision",
]
